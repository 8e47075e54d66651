//! How fast traces are judged, and how large the frontier gets.
//!
//! `cargo bench -p glare-conformance --bench judge` judges, on one core, the traces of the suite's own cases against the
//! model in memory, and those of random plans in which up to eight acts race, served in any order. Each figure is the median
//! of three runs; the machine should be idle.
#![allow(clippy::print_stdout)]

#[path = "../tests/frontier/simulator/mod.rs"]
mod simulator;

use std::time::{Duration, Instant};

use glare_conformance::{
    driver::{Settings, drive},
    oracle::{Statistics, judge},
    saved::SavedTrace,
    scenario::{library, parse},
    trace::Trace,
    transport::{Memory, Transport, virtual_time},
    verdict::Verdict,
};
use glare_model::message::SignalKind;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use simulator::{Act, Fault, Mishap, Plan, simulate};

/// So many saved traces are to be judged in ten seconds.
const TRACES: u64 = 3_000;

fn any_act(random: &mut ChaCha8Rng, clients: u8) -> Act {
    let room = random.random_range(0..2);
    match random.random_range(0..40) {
        0..4 => Act::Create(room),
        4..13 => Act::Join(room),
        13..17 => Act::Leave,
        17..31 => Act::Signal(SignalKind::ALL[random.random_range(0..3)], random.random_range(0..clients)),
        31 => Act::Stray,
        32 => Act::Malformed,
        33 => Act::JoinWithoutAck(room),
        34 => Act::Unknown,
        35 => Act::Broken,
        36 | 37 => Act::Close,
        38 => Act::Drop,
        _ => Act::Freeze,
    }
}

/// Two rooms with members, then twelve phases of up to `racing` acts by six clients.
fn any_plan(seed: u64, racing: usize) -> Plan {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut plan =
        vec![vec![(0, Act::Create(0))], vec![(1, Act::Join(0))], vec![(2, Act::Join(0))], vec![(3, Act::Create(1))]];
    for _ in 0..12 {
        let acts = random.random_range(1..=racing);
        plan.push((0..acts).map(|_| (random.random_range(0..6), any_act(&mut random, 6))).collect());
    }
    plan
}

fn library_traces() -> Vec<Trace> {
    let runtime = virtual_time().expect("a runtime");
    let settings = Settings { timeout: Duration::from_secs(2), nonce: 1 };
    let run = |case| runtime.block_on(drive(&Transport::Memory(Memory::reference()), case, settings));
    library().iter().map(run).collect()
}

fn saved(trace: &Trace) -> SavedTrace {
    let case = parse("case: a\ntitle: a\ncovers: ROOM-01\nA create r\n").expect("a scenario").remove(0);
    SavedTrace { case, binding: "memory".to_owned(), exact: true, trace: trace.clone() }
}

/// The median of three, in seconds.
fn median(run: impl Fn()) -> f64 {
    let mut times = [(); 3].map(|()| {
        let began = Instant::now();
        run();
        began.elapsed().as_secs_f64()
    });
    times.sort_by(f64::total_cmp);
    times[1]
}

fn report(name: &str, traces: &[Trace]) {
    let mut statistics = Statistics::default();
    let mut verdicts = [0; 3];
    for trace in traces {
        let judgement = judge(trace, true);
        statistics.add(&judgement.frontier);
        let place = match judgement.verdict {
            Verdict::Pass => 0,
            Verdict::Inconclusive => 1,
            Verdict::Fail | Verdict::ExpectedFail | Verdict::Flaky | Verdict::NotApplicable | Verdict::NotExercised => {
                2
            }
        };
        verdicts[place] += 1;
    }
    let records: usize = traces.iter().map(|trace| trace.records.len()).sum();
    let seconds = median(|| traces.iter().for_each(|trace| drop(judge(trace, true))));
    let texts: Vec<String> = traces.iter().map(|trace| saved(trace).to_ndjson()).collect();
    let seconds_saved = median(|| {
        for text in &texts {
            let traces = SavedTrace::read_all(text).expect("it was just written");
            traces.iter().for_each(|trace| drop(trace.judge()));
        }
    });
    let [pass, inconclusive, other] = verdicts;
    println!(
        "{name:10} {:6} {records:8} {:9.0} {seconds_saved:8.2} {:9.1} {:5} {:5} {:7} {pass:6} {inconclusive:6} {other:6}",
        traces.len(),
        records as f64 / seconds,
        texts.iter().map(String::len).sum::<usize>() as f64 / 1e6,
        statistics.percentile(99),
        statistics.max(),
        statistics.steps_max,
    );
}

fn main() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("JUDGE  one core; load {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "));
    println!(
        "(events: records of traces, judged by both oracles; saved: seconds to parse and judge all; frontier: states)"
    );
    println!("                                               saved            frontier   steps");
    println!("traces      count   events  events/s  seconds  megabytes   p99   max     max   pass  incon   fail");
    report("library", &library_traces());
    for (name, racing) in [("stepped", 1), ("racing-4", 4), ("racing-8", 8)] {
        let traces: Vec<Trace> = (0..TRACES).map(|seed| simulate(&any_plan(seed, racing), seed, None).0).collect();
        report(name, &traces);
    }
    // One message of each trace goes wrong, so that the cheapest illegal explanation has to be found.
    let faults = [Fault::Lost, Fault::Doubled, Fault::Overtaken, Fault::Misrouted];
    let faulty = (0..TRACES).map(|seed| {
        let fault = faults[usize::try_from(seed).expect("few traces") % faults.len()];
        let mishap = Mishap { fault, after: 20, only_certain: false };
        simulate(&any_plan(seed, 4), seed, Some(mishap)).0
    });
    report("faulty-4", &faulty.collect::<Vec<_>>());
}
