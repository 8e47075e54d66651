//! `glare test`.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, poll_fn},
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Exit, Failure, RunArgs, ShrinkArg, TestArgs,
    cluster::{across, run_alone},
    conclude::Findings,
    file_failure,
    interrupt::asked_to_end,
    print,
    reach::{Reached, Subject, reach, server_arguments},
    suite::selected,
};
use crate::{
    limits::EMBEDDED_HEARTBEAT,
    report::{RaceShare, RaceTally},
    run::{Budget, CaseResult, Plan, RunError, RunEvent, run_and_shrink},
    saved::SavedTrace,
    scenario::{Scenario, library},
    shard::Shard,
    shrink::Shrunk,
    suite::Made,
    target::Target,
    trace::Trace,
    transport::virtual_time,
    verdict::Verdict,
};

pub(super) fn test(args: &TestArgs) -> Result<Exit, Failure> {
    let seed = args.run.seed.unwrap_or_else(rand::random);
    let subject = Subject::read(args.target.as_deref(), args.run.process.as_deref(), &args.run.capability)?
        .with_nodes(&args.nodes)?;
    let spinner = ProgressBar::new_spinner().with_message("making scenarios");
    spinner.enable_steady_tick(PROGRESS_INTERVAL);
    let made = args.suites.choose(seed, &subject.profile);
    spinner.finish_and_clear();
    let made = made?;
    let server = server_arguments(args.target.as_deref(), &args.nodes, &args.run);
    let again = args.suites.again(&made, seed, &subject.profile);
    let job = Job {
        cases: selected(&made),
        suites: &made,
        seed,
        shard: args.suites.shard,
        budget: args.suites.budget,
        shrink: args.shrink,
        replay: &|case| format!("glare test{server}{}", again(case)),
    };
    judge_target(&subject, &args.run, &job)
}

/// What is to run on a target.
pub(super) struct Job<'a> {
    pub(super) cases: Vec<Arc<Scenario>>,
    /// The suites that the cases are of, if they are of any.
    pub(super) suites: &'a [Made],
    pub(super) seed: u64,
    pub(super) shard: Option<Shard>,
    pub(super) budget: Option<Duration>,
    pub(super) shrink: ShrinkArg,
    /// The command that runs a case again.
    pub(super) replay: &'a dyn Fn(&str) -> String,
}

/// Everything between the command line and the exit code.
fn judge_target(subject: &Subject, args: &RunArgs, job: &Job<'_>) -> Result<Exit, Failure> {
    let terms = args.report.terms()?;
    if let Some(folder) = &args.trace_dir {
        std::fs::create_dir_all(folder).map_err(|source| file_failure("create", folder, source))?;
    }
    let target = &subject.target;
    let runtime = if target.is_exact() { virtual_time() } else { tokio::runtime::Runtime::new() };
    let runtime = runtime.map_err(Failure::Runtime)?;
    let outcome = runtime.block_on(run_to_end(subject, args, job));
    // A thread that hangs must not keep the command from ending.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let Outcome { results, shrunk, races, alone, interrupted } = outcome?;
    let across = subject.is_cluster().then(|| across(subject, &results, &alone));
    terms.conclude(Findings {
        target: target.to_string(),
        profile: subject.profile,
        seed: Some(job.seed),
        interrupted,
        shard: job.shard,
        suites: job.suites,
        races,
        across,
        results,
        shrunk,
        replay: job.replay,
    })
}

struct Outcome {
    results: Vec<CaseResult>,
    shrunk: BTreeMap<String, String>,
    races: Option<RaceShare>,
    /// Of the first node alone, where there are several.
    alone: Vec<CaseResult>,
    interrupted: bool,
}

async fn run_to_end(subject: &Subject, args: &RunArgs, job: &Job<'_>) -> Result<Outcome, Failure> {
    let target = &subject.target;
    let reached = reach(subject, EMBEDDED_HEARTBEAT).await?;
    let mut process = subject.start(args.process.as_deref())?;
    let transport = reached.transport.clone();
    let (mut cases, mut of_no_concern) = (Vec::new(), Vec::new());
    for case in &job.cases {
        match transport.adapt(case) {
            Ok(case) => cases.push(case),
            Err(reason) => of_no_concern.push(CaseResult::not_applicable(Arc::clone(case), &reason)),
        }
    }
    // Listens before anything is printed: who reads the first line may interrupt.
    let mut interrupt = pin!(asked_to_end());
    let mut interrupted = poll_fn(|context| Poll::Ready(interrupt.as_mut().poll(context).is_ready())).await;
    let part = job.shard.map_or(String::new(), |shard| format!(", part {shard}"));
    print(&format!("glare test {target}: {} cases{part}, seed {}, jobs {}\n\n", job.cases.len(), job.seed, args.jobs))?;
    let mut results = Results::new(args.trace_dir.as_deref(), target, job);
    results.results.extend(of_no_concern);
    let mut alone = Vec::new();
    let run = async {
        if subject.is_cluster() {
            if let Some((process, addr)) = &mut process {
                process.wait_until_ready(*addr).await.map_err(RunError::from)?;
            }
            alone = run_alone(plan(&reached, args, job, cases.clone())).await?;
        }
        let plan = Plan { transport, process, ..plan(&reached, args, job, cases) };
        run_and_shrink(plan, |event| results.take(event), |result| job.shrink.chooses(&result.case)).await
    };
    tokio::select! {
        ended = run, if !interrupted => ended?,
        _ = interrupt, if !interrupted => interrupted = true,
        else => {}
    }
    reached.stop().await;
    let races = results.races.as_ref().map(RaceTally::share);
    let (results, shrunk) = results.finish(&job.cases)?;
    Ok(Outcome { results, shrunk, races, alone, interrupted })
}

/// How cases are run on the first node.
fn plan(reached: &Reached, args: &RunArgs, job: &Job<'_>, cases: Vec<Arc<Scenario>>) -> Plan {
    Plan {
        transport: reached.alone.clone(),
        exact: reached.exact,
        cases,
        jobs: args.jobs,
        timeout: Duration::from_millis(args.timeout_ms),
        budget: job.budget.map(|time| Budget { time, deadline: Instant::now() + time }),
        seed: job.seed,
        nonce: rand::random(),
        process: None,
    }
}

/// Gathers what a run finds, and shows how far it is.
struct Results<'a> {
    folder: Option<&'a Path>,
    target: &'a Target,
    seed: u64,
    bar: ProgressBar,
    results: Vec<CaseResult>,
    races: Option<RaceTally>,
    /// The small forms of failures, by case.
    shrunk: BTreeMap<String, String>,
    unsaved: Option<Failure>,
}

impl<'a> Results<'a> {
    fn new(folder: Option<&'a Path>, target: &'a Target, job: &Job<'_>) -> Self {
        let bar = progress_bar(job.cases.len());
        let races = RaceTally::new(job.suites);
        Self { folder, target, seed: job.seed, bar, results: Vec::new(), races, shrunk: BTreeMap::new(), unsaved: None }
    }

    fn take(&mut self, event: RunEvent) {
        let mut result = match event {
            RunEvent::Finished(result) => *result,
            RunEvent::Restarted { before } => {
                return self.bar.println(format!("the target had stopped; started again before {before}"));
            }
            RunEvent::Shrunk { case, shrunk } => return self.take_shrunk(&case, &shrunk),
        };
        if !matches!(result.judgement.verdict, Verdict::Pass | Verdict::NotExercised) {
            self.bar.println(format!("{} {}", result.judgement.verdict.word(), result.case.id));
        }
        self.bar.set_message(result.case.id.clone());
        self.bar.inc(1);
        if let Some(races) = &mut self.races {
            races.take(&result);
        }
        let saved = save(self.folder, self.target, &mut result);
        self.unsaved = self.unsaved.take().or(saved.err());
        // Nobody looks at it any more, and many together are large.
        if result.judgement.verdict == Verdict::Pass {
            result.trace = Trace::default();
        }
        self.results.push(result);
    }

    /// Keeps the small form of a failure, for people and as a file to replay.
    fn take_shrunk(&mut self, case: &str, shrunk: &Shrunk) {
        let origin = format!("a {} target, seed {}", self.target.binding, self.seed);
        let text = shrunk.replay_file(&origin);
        let saved = self.folder.filter(|_| shrunk.reproduced.0 > 0).map(|folder| {
            let path = folder.join(format!("{case}.scenario"));
            std::fs::write(&path, &text).map_err(|source| file_failure("write", &path, source))
        });
        self.unsaved = self.unsaved.take().or(saved.and_then(Result::err));
        self.shrunk.insert(case.to_owned(), text);
    }

    /// What became of every case, ordered by name, and the small forms of failures.
    fn finish(mut self, cases: &[Arc<Scenario>]) -> Result<(Vec<CaseResult>, BTreeMap<String, String>), Failure> {
        self.bar.finish_and_clear();
        for (case, text) in &self.shrunk {
            let lines: String = text.lines().map(|line| format!("  {line}\n")).collect();
            print(&format!("SHRUNK {case}\n{lines}\n"))?;
        }
        if let Some(failure) = self.unsaved {
            return Err(failure);
        }
        let done: BTreeSet<String> = self.results.iter().map(|result| result.case.id.clone()).collect();
        let missing = cases.iter().filter(|case| !done.contains(&case.id));
        self.results.extend(missing.map(|case| CaseResult::not_exercised(Arc::clone(case), "the run was interrupted")));
        self.results.sort_by(|one, other| one.case.id.cmp(&other.case.id));
        Ok((self.results, self.shrunk))
    }
}

/// How often what shows progress is drawn anew.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Hidden by itself where standard error is no terminal.
fn progress_bar(cases: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(cases).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").expect("the template is constant");
    bar.set_style(style);
    bar.enable_steady_tick(PROGRESS_INTERVAL);
    bar
}

/// Saves what was seen, and for a failure the scenario that shows it.
pub(super) fn save(folder: Option<&Path>, target: &Target, result: &mut CaseResult) -> Result<(), Failure> {
    let Some(folder) = folder else { return Ok(()) };
    if result.trace.records.is_empty() {
        return Ok(());
    }
    let write =
        |path: PathBuf, text: &str| std::fs::write(&path, text).map_err(|source| file_failure("write", &path, source));
    let case = &result.case;
    let saved = SavedTrace {
        case: (**case).clone(),
        binding: target.binding.to_string(),
        exact: target.is_exact(),
        trace: std::mem::take(&mut result.trace),
    };
    let written = write(folder.join(format!("{}.ndjson", case.id)), &saved.to_ndjson());
    result.trace = saved.trace;
    written?;
    if result.judgement.verdict == Verdict::Fail {
        write(folder.join(format!("{}.scenario", case.id)), &case.render())?;
    }
    Ok(())
}

impl ShrinkArg {
    /// Whether a failure of this case is shrunk.
    fn chooses(self, case: &Scenario) -> bool {
        match self {
            Self::Generated => library().iter().all(|written| written.id != case.id),
            Self::All => true,
            Self::None => false,
        }
    }
}
