//! `glare replay`: cases of a file, several times each, on any target.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use glare_model::requirement::Level;

use super::{
    Exit, Failure, ReplayArgs, RunArgs,
    conclude::Findings,
    file_failure,
    interrupt::asked_to_end,
    print,
    reach::{Subject, quoted, reach, server_arguments},
};
use crate::{
    again::Again,
    limits::EMBEDDED_HEARTBEAT,
    run::{CaseResult, Plan, on_target},
    scenario::{Scenario, parse},
    transport::virtual_time,
    verdict::Verdict,
};

pub(super) fn replay(args: &ReplayArgs) -> Result<Exit, Failure> {
    let terms = args.run.report.terms()?;
    let text = std::fs::read_to_string(&args.file).map_err(|source| file_failure("read", &args.file, source))?;
    let cases = parse(&text).map_err(|error| Failure::Usage(format!("{}, {error}", args.file.display())))?;
    if let Some(folder) = &args.run.trace_dir {
        std::fs::create_dir_all(folder).map_err(|source| file_failure("create", folder, source))?;
    }
    let subject = Subject::read(args.target.as_deref(), args.run.process.as_deref(), &args.run.capability)?;
    let target = &subject.target;
    let runtime = if target.is_exact() { virtual_time() } else { tokio::runtime::Runtime::new() };
    let runtime = runtime.map_err(Failure::Runtime)?;
    let cases: Vec<_> = cases.into_iter().map(Arc::new).collect();
    let replayed = runtime.block_on(async {
        tokio::select! {
            replayed = play(&subject, args, &cases) => replayed.map(Some),
            _ = asked_to_end() => Ok(None),
        }
    });
    // A thread that hangs must not keep the command from ending.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let Some(replayed) = replayed? else {
        print("interrupted\n")?;
        return Ok(Exit::Incomplete);
    };
    let server = server_arguments(args.target.as_deref(), &[], &args.run);
    let command = format!("glare replay {}{server}", quoted(&args.file.display().to_string()));
    let mut results: Vec<_> = replayed.iter().map(|one| one.shown.clone()).collect();
    for result in &mut results {
        super::test::save(args.run.trace_dir.as_deref(), target, result)?;
    }
    terms.conclude(Findings {
        target: target.to_string(),
        profile: subject.profile,
        seed: None,
        interrupted: false,
        shard: None,
        suites: &[],
        races: None,
        across: None,
        shrunk: BTreeMap::new(),
        results,
        replay: &|_| command.clone(),
    })?;
    let lines: String = replayed.iter().map(|one| format!("{one}\n")).collect();
    print(&format!("\n{lines}"))?;
    Ok(exit(&replayed))
}

/// What became of one case in all of its runs.
struct Replayed {
    failed: usize,
    runs: usize,
    unjudged: usize,
    /// The run that tells most: one that failed, or one that has no verdict, or any.
    shown: CaseResult,
}

impl Replayed {
    fn word(&self) -> &'static str {
        match (self.failed, self.unjudged) {
            (1.., _) => "FAILED",
            (0, 1..) => "ERROR",
            (0, 0) => "FIXED",
        }
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.shown.case.id;
        match self.word() {
            "ERROR" => write!(f, "ERROR {id}: {} of {} runs have no verdict", self.unjudged, self.runs),
            word => write!(f, "{word} {}/{} {id}", self.failed, self.runs),
        }
    }
}

fn exit(replayed: &[Replayed]) -> Exit {
    let some = |word: &str| replayed.iter().any(|one| one.word() == word);
    if some("FAILED") {
        Exit::Fail
    } else if some("ERROR") {
        Exit::Incomplete
    } else {
        Exit::Pass
    }
}

async fn play(subject: &Subject, args: &ReplayArgs, cases: &[Arc<Scenario>]) -> Result<Vec<Replayed>, Failure> {
    let RunArgs { timeout_ms, report, jobs, .. } = &args.run;
    let target = &subject.target;
    let reached = reach(subject, EMBEDDED_HEARTBEAT).await?;
    let process = subject.start(args.run.process.as_deref())?;
    let (count, times) = (cases.len(), args.times);
    print(&format!("glare replay {target}: {count} cases, {times} times each\n\n"))?;
    let mut plan = Plan {
        transport: reached.transport.clone(),
        exact: reached.exact,
        cases: Vec::new(),
        jobs: *jobs,
        timeout: Duration::from_millis(*timeout_ms),
        budget: None,
        seed: 0,
        nonce: rand::random(),
        process,
    };
    let level = report.level();
    let replayed = on_target(&mut plan, async |plan| {
        let mut again = Again::on(plan);
        let mut replayed = Vec::with_capacity(count);
        for case in cases {
            replayed.push(replay_case(&mut again, case, times, level).await);
        }
        replayed
    })
    .await;
    reached.stop().await;
    Ok(replayed?)
}

async fn replay_case(again: &mut Again<'_>, case: &Arc<Scenario>, times: usize, level: Level) -> Replayed {
    let counts = |result: &CaseResult| {
        let broken = &result.judgement.violations;
        broken.iter().any(|one| one.requirement.level() <= level || case.covers.contains(&one.requirement))
    };
    let rank = |result: &CaseResult| match result.judgement.verdict {
        Verdict::Fail if counts(result) => 3,
        Verdict::Inconclusive | Verdict::NotExercised => 2,
        Verdict::Fail => 1,
        // A replay looks before the baseline is applied, so the two that it makes do not arise.
        Verdict::Pass | Verdict::NotApplicable | Verdict::ExpectedFail | Verdict::Flaky => 0,
    };
    let (mut failed, mut unjudged) = (0, 0);
    let mut shown: Option<CaseResult> = None;
    let adapted = match again.adapt(case) {
        Ok(adapted) => adapted,
        Err(reason) => {
            let shown = CaseResult::not_applicable(Arc::clone(case), &reason);
            return Replayed { failed: 0, runs: times, unjudged: times, shown };
        }
    };
    for _ in 0..times {
        let result = again.run(Arc::clone(&adapted)).await;
        let result = result.unwrap_or_else(|| CaseResult::not_exercised(Arc::clone(case), "the target is gone"));
        match rank(&result) {
            3 => failed += 1,
            2 => unjudged += 1,
            _ => {}
        }
        if shown.as_ref().is_none_or(|best| rank(best) < rank(&result)) {
            shown = Some(result);
        }
    }
    let shown = shown.unwrap_or_else(|| CaseResult::not_exercised(Arc::clone(case), "it was to run no times"));
    Replayed { failed, runs: times, unjudged, shown }
}
