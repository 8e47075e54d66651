//! `glare test` and `glare replay`.

use std::{
    collections::BTreeSet,
    future::{Future, poll_fn},
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use glare_server::{Config, RunningServer, Server};
use globset::{Glob, GlobSet, GlobSetBuilder};
use indicatif::{ProgressBar, ProgressStyle};
use url::Url;

use super::{Exit, Failure, ReplayArgs, RunArgs, TestArgs, colours, file_failure, print};
use crate::{
    limits::EMBEDDED_HEARTBEAT,
    process::{ServerProcess, free_port},
    report::{Summary, console::Console, json, summarise},
    run::{CaseResult, Plan, RunEvent, run},
    scenario::{Scenario, library, parse},
    target::{Place, Target},
    transport::virtual_time,
    verdict::Verdict,
};

pub(super) fn test(args: &TestArgs) -> Result<Exit, Failure> {
    let cases = select(library(), &args.only, &args.skip)?;
    let server = server_arguments(args.target.as_deref(), &args.run);
    judge_target(args.target.as_deref(), &args.run, cases, &|case| format!("glare test{server} --only {case}"))
}

pub(super) fn replay(args: &ReplayArgs) -> Result<Exit, Failure> {
    let file = |action| move |source| Failure::File { action, path: args.file.clone(), source };
    let text = std::fs::read_to_string(&args.file).map_err(file("read"))?;
    let cases = parse(&text).map_err(|error| Failure::Usage(format!("{}, {error}", args.file.display())))?;
    let cases = cases.into_iter().map(Arc::new).collect();
    let file = quoted(&args.file.display().to_string());
    let server = server_arguments(args.target.as_deref(), &args.run);
    judge_target(args.target.as_deref(), &args.run, cases, &|_| format!("glare replay {file}{server}"))
}

/// The cases that match.
fn select(all: &[Scenario], only: &[String], skip: &[String]) -> Result<Vec<Arc<Scenario>>, Failure> {
    let matches = |globs: &GlobSet, case: &Scenario| {
        globs.is_match(&case.id) || case.covers.iter().any(|id| globs.is_match(id.as_str()))
    };
    let (only_globs, skip_globs) = (globs(only)?, globs(skip)?);
    let wanted = |case: &&Scenario| (only.is_empty() || matches(&only_globs, case)) && !matches(&skip_globs, case);
    let cases: Vec<_> = all.iter().filter(wanted).cloned().map(Arc::new).collect();
    if cases.is_empty() {
        let hint = "`glare list cases` shows the ids and clauses that they match";
        return Err(Failure::Usage(format!("no case is left by --only {only:?} --skip {skip:?}; {hint}")));
    }
    Ok(cases)
}

fn globs(patterns: &[String]) -> Result<GlobSet, Failure> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(Glob::new(pattern).map_err(|error| Failure::Usage(error.to_string()))?);
    }
    builder.build().map_err(|error| Failure::Usage(error.to_string()))
}

/// The arguments that reach the same server again, started the same way.
fn server_arguments(target: Option<&str>, args: &RunArgs) -> String {
    let target = target.map(|target| format!(" {}", quoted(target)));
    let process = args.process.as_ref().map(|command| format!(" --process {}", quoted(command)));
    target.unwrap_or_default() + &process.unwrap_or_default()
}

fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), |quoted| quoted.into_owned())
}

/// Everything between the command line and the exit code.
fn judge_target(
    target: Option<&str>,
    args: &RunArgs,
    cases: Vec<Arc<Scenario>>,
    replay: &dyn Fn(&str) -> String,
) -> Result<Exit, Failure> {
    let reports = report_files(&args.report)?;
    if let Some(folder) = &args.trace_dir {
        std::fs::create_dir_all(folder).map_err(|source| file_failure("create", folder, source))?;
    }
    let (text, port) = with_port(target, args)?;
    let target: Target = text.parse()?;
    let seed = args.seed.unwrap_or_else(rand::random);
    let runtime = if target.is_exact() { virtual_time() } else { tokio::runtime::Runtime::new() };
    let runtime = runtime.map_err(Failure::Runtime)?;
    let outcome = runtime.block_on(run_to_end(&target, args, &cases, seed, port));
    // A thread that hangs must not keep the command from ending.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let Outcome { results, interrupted } = outcome?;
    for result in &results {
        save_trace(args.trace_dir.as_deref(), result)?;
    }
    let summary = summarise(&results);
    let name = target.to_string();
    print(&Console { colours: colours() }.render(&results, &summary, args.level.into(), replay))?;
    let report = json::report(&name, seed, interrupted, &results, &summary, replay);
    for path in reports {
        let text = serde_json::to_string_pretty(&report).expect("a report is strings and numbers") + "\n";
        std::fs::write(&path, text).map_err(|source| file_failure("write", &path, source))?;
    }
    if interrupted {
        print("interrupted: this is not the whole run\n")?;
    }
    Ok(exit(&summary, args, interrupted))
}

fn exit(summary: &Summary, args: &RunArgs, interrupted: bool) -> Exit {
    if interrupted {
        Exit::Incomplete
    } else if summary.fails(args.level.into()) {
        Exit::Fail
    } else if summary.is_incomplete() {
        Exit::Incomplete
    } else {
        Exit::Pass
    }
}

/// The target with its port filled in, and the port for `--process`.
fn with_port(target: Option<&str>, args: &RunArgs) -> Result<(String, Option<u16>), Failure> {
    let text = target.unwrap_or("embedded");
    if args.process.is_none() {
        return Ok((text.to_owned(), None));
    }
    let hint = "--process needs a TARGET with a port, such as 'tutorial:http://127.0.0.1:{port}'";
    if target.is_none() {
        return Err(Failure::Usage(hint.to_owned()));
    }
    if text.contains("{port}") {
        let port = free_port().map_err(|error| Failure::Usage(format!("no free port: {error}")))?;
        return Ok((text.replace("{port}", &port.to_string()), Some(port)));
    }
    match text.parse::<Target>()?.place {
        Place::Url(url) if url.port().is_some() => Ok((text.to_owned(), url.port())),
        _ => Err(Failure::Usage(hint.to_owned())),
    }
}

fn report_files(reports: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let file = |text: &String| match text.split_once('=') {
        Some(("json", path)) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err(Failure::Usage(format!("--report takes json=FILE, not {text:?}"))),
    };
    reports.iter().map(file).collect()
}

struct Outcome {
    results: Vec<CaseResult>,
    interrupted: bool,
}

async fn run_to_end(
    target: &Target,
    args: &RunArgs,
    cases: &[Arc<Scenario>],
    seed: u64,
    port: Option<u16>,
) -> Result<Outcome, Failure> {
    let (reached, embedded) = start_embedded(target).await?;
    let process = match (&args.process, port) {
        (Some(command), Some(port)) => Some((ServerProcess::start(command, port)?, address(&reached, port)?)),
        _ => None,
    };
    // Listens before anything is printed: who reads the first line may interrupt.
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let mut interrupted = poll_fn(|context| Poll::Ready(interrupt.as_mut().poll(context).is_ready())).await;
    print(&format!("glare test {target}: {} cases, seed {seed}, jobs {}\n\n", cases.len(), args.jobs))?;
    let plan = Plan {
        transport: reached.transport().expect("an embedded server has become a URL"),
        exact: reached.is_exact(),
        cases: cases.to_vec(),
        jobs: args.jobs,
        timeout: Duration::from_millis(args.timeout_ms),
        seed,
        nonce: rand::random(),
        process,
    };
    let bar = progress_bar(cases.len());
    let mut results: Vec<CaseResult> = Vec::new();
    let watch = |event| match event {
        RunEvent::Finished(result) => {
            if result.judgement.verdict != Verdict::Pass {
                bar.println(format!("{} {}", result.judgement.verdict.word(), result.case.id));
            }
            bar.set_message(result.case.id.clone());
            bar.inc(1);
            results.push(*result);
        }
        RunEvent::Restarted { before } => bar.println(format!("the target had stopped; started again before {before}")),
    };
    tokio::select! {
        ended = run(plan, watch), if !interrupted => ended?,
        _ = interrupt, if !interrupted => interrupted = true,
        else => {}
    }
    bar.finish_and_clear();
    if let Some(server) = embedded {
        server.shutdown().await;
    }
    let done: BTreeSet<String> = results.iter().map(|result| result.case.id.clone()).collect();
    let missing = cases.iter().filter(|case| !done.contains(&case.id));
    results.extend(missing.map(|case| CaseResult::not_exercised(Arc::clone(case), "the run was interrupted")));
    results.sort_by(|one, other| one.case.id.cmp(&other.case.id));
    Ok(Outcome { results, interrupted })
}

/// Starts the reference server where the target asks for it, and says where it is.
async fn start_embedded(target: &Target) -> Result<(Target, Option<RunningServer>), Failure> {
    if target.place != Place::Embedded {
        return Ok((target.clone(), None));
    }
    let (ping_interval, ping_timeout) = EMBEDDED_HEARTBEAT;
    let config = Config { ping_interval, ping_timeout, ..Config::default() };
    let server = Server::start(config).await.map_err(|error| Failure::Usage(error.to_string()))?;
    let url = Url::parse(&format!("http://{}", server.addr())).expect("an address makes a URL");
    Ok((Target::at(target.binding, url), Some(server)))
}

/// The address at which a started process has to accept connections.
fn address(target: &Target, port: u16) -> Result<SocketAddr, Failure> {
    let Place::Url(url) = &target.place else {
        return Err(Failure::Usage(format!("--process does not go with the target {target}")));
    };
    let addresses = url.socket_addrs(|| Some(port));
    let found = addresses.ok().and_then(|found| found.into_iter().next());
    found.ok_or_else(|| Failure::Usage(format!("{url} has no address")))
}

/// Hidden by itself where standard error is no terminal.
fn progress_bar(cases: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(cases).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").expect("the template is constant");
    bar.set_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Saves what was seen, and for a failure the scenario that shows it.
fn save_trace(folder: Option<&Path>, result: &CaseResult) -> Result<(), Failure> {
    let Some(folder) = folder else { return Ok(()) };
    let write =
        |path: PathBuf, text: &str| std::fs::write(&path, text).map_err(|source| file_failure("write", &path, source));
    let case = &result.case;
    write(folder.join(format!("{}.ndjson", case.id)), &result.trace.to_ndjson())?;
    if result.judgement.verdict == Verdict::Fail {
        write(folder.join(format!("{}.scenario", case.id)), &case.source)?;
    }
    Ok(())
}
