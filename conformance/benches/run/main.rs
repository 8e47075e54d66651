//! How fast the suite runs, and what of it is the runner's own.
//!
//! `cargo bench -p glare-conformance --bench run` runs tours, races and a thousand random scenarios against the reference
//! server, and against the corrected Node server where `npm ci` has been run in `fixtures/node`. Each server is a process of
//! its own. Printed are scenarios and frames a second, and the runner's share of the processor time of both.
//!
//! The same frames are then sent and read once more by a client that has no scenario, no trace and no oracle, but does only
//! what it is told (`replay.rs`). The ratio is what all of that costs. Scenarios with races are left out of both sides of it:
//! what comes of a race is different each time. The machine should be idle.
//!
//! The suite is also run through the hard-coded clients, side by side with the bindings: what a binding costs. With the
//! argument `bindings` that is all that runs.
#![allow(clippy::print_stdout)]

mod child;
mod replay;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use glare_conformance::{
    binding::Binding,
    run::{CaseResult, Plan, RunEvent, run},
    scenario::Scenario,
    suite::{Scope, by_names, make},
    target::Target,
    transport::Transport,
    verdict::Verdict,
};

use crate::child::{Server, cpu_of};

/// As many as `glare test` has side by side.
const JOBS: usize = 8;
/// Each figure is the median of so many.
const ROUNDS: usize = 3;
/// The same for bindings, whose figures are close to each other.
const BINDING_ROUNDS: usize = 7;

fn main() {
    if std::env::args().any(|argument| argument == child::SERVE) {
        return child::serve();
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if std::env::args().any(|argument| argument == "bindings") {
        return runtime.block_on(compare_bindings(&Server::reference()));
    }
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/node");
    runtime.block_on(async {
        bench("the reference server", &Server::reference()).await;
        compare_bindings(&Server::reference()).await;
        match Server::node(&node) {
            Some(server) => bench("the corrected Node server", &server).await,
            None => println!("the Node server is left out: run `npm ci` in {}", node.display()),
        }
    });
}

fn scenarios(names: &[&str]) -> Vec<Arc<Scenario>> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let suites = by_names(&names).expect("the suites have these names");
    let made = make(&suites, &Scope { seed: 1, ..Scope::default() });
    made.into_iter().flat_map(|made| made.all).collect()
}

/// The same suite through a binding and through a client that was written for its wire, in turn.
async fn compare_bindings(server: &Server) {
    let all = scenarios(&["tours", "races", "random"]);
    let wires = [
        ("tutorial", Binding::tutorial(), Transport::SocketIo(server.url())),
        ("glare", Binding::glare(), Transport::WebSocket(server.url())),
    ];
    for (place, (name, binding, hard_coded)) in wires.into_iter().enumerate() {
        let bound = Target::at(binding, server.url()).transport().expect("a URL has a transport");
        let (mut walls, mut own_cpus, mut last) = (Vec::new(), Vec::new(), None);
        for round in 0..BINDING_ROUNDS {
            let first = 1_000 * (place + 1) + 2 * round;
            let (hard, _) = measure_by(server, &hard_coded, &all, first).await;
            let (soft, _) = measure_by(server, &bound, &all, first + 1).await;
            walls.push(soft.wall.as_secs_f64() / hard.wall.as_secs_f64());
            own_cpus.push(soft.own_cpu.as_secs_f64() / hard.own_cpu.as_secs_f64());
            last = Some((hard, soft));
        }
        walls.sort_by(f64::total_cmp);
        own_cpus.sort_by(f64::total_cmp);
        println!("the binding {name} beside a hard-coded client");
        if let Some((hard, soft)) = last {
            report("hard-coded", &all, hard);
            report("bound", &all, soft);
        }
        let middle = BINDING_ROUNDS / 2;
        let (wall, own_cpu) = (walls[middle], own_cpus[middle]);
        println!(
            "  bound to hard-coded: {wall:.3} of the time ({walls:.3?}), {own_cpu:.3} of the runner's processor time\n"
        );
    }
}

async fn bench(name: &str, server: &Server) {
    println!("{name}");
    let all = scenarios(&["tours", "races", "random"]);
    let figures: Vec<Figures> = rounds(async |round| measure(server, &all, round).await.0).await;
    report("tours, races, random", &all, median(figures));

    let stepped = scenarios(&["tours", "random"]);
    let stepped: Vec<_> =
        stepped.into_iter().filter(|case| case.phases.iter().all(|one| one.steps.len() < 2)).collect();
    let mut ratios = Vec::new();
    let mut last = None;
    for round in 0..ROUNDS {
        let (figures, results) = measure(server, &stepped, 100 + round).await;
        let blind = replay::replay(server.addr(), &results, JOBS, server).await;
        ratios.push(figures.wall.as_secs_f64() / blind.wall.as_secs_f64());
        last = Some((figures, blind));
    }
    ratios.sort_by(f64::total_cmp);
    if let Some((figures, blind)) = last {
        report("without races", &stepped, figures);
        report("a blind replay of it", &stepped, blind);
    }
    println!("  ratio to the blind replay: {:.2} (of {ROUNDS} side by side: {ratios:.2?})\n", ratios[ROUNDS / 2]);
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) wall: Duration,
    /// Processor time of this process.
    pub(crate) own_cpu: Duration,
    pub(crate) server_cpu: Duration,
    pub(crate) frames: usize,
}

async fn rounds(mut one: impl AsyncFnMut(usize) -> Figures) -> Vec<Figures> {
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        all.push(one(round).await);
    }
    all
}

fn median(mut figures: Vec<Figures>) -> Figures {
    figures.sort_by_key(|figures| figures.wall);
    figures[figures.len() / 2]
}

fn report(what: &str, scenarios: &[Arc<Scenario>], figures: Figures) {
    let seconds = figures.wall.as_secs_f64();
    let per_second = |count: usize| f64::from(u32::try_from(count).expect("less than four billion")) / seconds;
    let share = figures.own_cpu.as_secs_f64() / (figures.own_cpu + figures.server_cpu).as_secs_f64();
    println!(
        "  {what}: {} scenarios in {seconds:.2} s, {:.0} scenarios/s, {:.0} frames/s; processor {:.2} s here, {:.2} s there, \
         {:.0} % here",
        scenarios.len(),
        per_second(scenarios.len()),
        per_second(figures.frames),
        figures.own_cpu.as_secs_f64(),
        figures.server_cpu.as_secs_f64(),
        100.0 * share
    );
}

/// Runs scenarios, all of which have to pass.
async fn measure(server: &Server, scenarios: &[Arc<Scenario>], round: usize) -> (Figures, Vec<CaseResult>) {
    let transport = Target::at(Binding::tutorial(), server.url()).transport().expect("a URL has a transport");
    measure_by(server, &transport, scenarios, round).await
}

async fn measure_by(
    server: &Server,
    transport: &Transport,
    scenarios: &[Arc<Scenario>],
    round: usize,
) -> (Figures, Vec<CaseResult>) {
    let plan = Plan {
        transport: transport.clone(),
        exact: false,
        cases: scenarios.to_vec(),
        jobs: JOBS,
        timeout: Duration::from_secs(10),
        budget: None,
        seed: 1,
        nonce: u64::try_from(round).expect("few rounds") + 1,
        process: None,
    };
    let mut results = Vec::new();
    let before = (cpu_of(std::process::id()), cpu_of(server.pid()), Instant::now());
    let watch = |event| {
        if let RunEvent::Finished(result) = event {
            assert_eq!(result.judgement.verdict, Verdict::Pass, "{}: {:?}", result.case.id, result.judgement);
            results.push(*result);
        }
    };
    run(plan, watch).await.expect("the server answers");
    let figures = Figures {
        wall: before.2.elapsed(),
        own_cpu: cpu_of(std::process::id()) - before.0,
        server_cpu: cpu_of(server.pid()) - before.1,
        frames: results.iter().map(replay::frames).sum(),
    };
    (figures, results)
}
