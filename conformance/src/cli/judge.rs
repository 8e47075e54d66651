//! `glare judge`.

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, atomic::AtomicUsize, atomic::Ordering},
    time::Instant,
};

use clap::Args;

use super::{
    Exit, Failure,
    conclude::{Findings, ReportArgs},
    file_failure, print,
    reach::quoted,
};
use crate::{
    capability::Profile,
    limits::{NAMES_SHOWN_MAX, THREADS_MAX, TRACE_FILE_BYTES_MAX},
    run::CaseResult,
    saved::SavedTrace,
    trace::Trace,
    verdict::Verdict,
};

const EXAMPLES: &str = "\
Examples:
  glare test http://127.0.0.1:3000 --trace-dir traces; glare judge traces
  my-driver | glare judge - --report json=report.json

docs/conformance.md describes a trace, and docs/trace.schema.json is the schema of its lines.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct JudgeArgs {
    /// Traces: files, folders with files that end with .ndjson, or - for standard input.
    #[arg(required = true, value_name = "TRACE")]
    traces: Vec<PathBuf>,
    #[command(flatten)]
    report: ReportArgs,
}

/// A source of traces, by the name under which errors and replays show it.
struct Source {
    name: PathBuf,
    text: Option<String>,
}

/// What became of one trace.
struct Judged {
    result: CaseResult,
    source: usize,
    /// Everything that was sent or seen on a connection.
    events: usize,
    target: String,
    profile: Profile,
}

pub(super) fn judge(args: &JudgeArgs) -> Result<Exit, Failure> {
    let terms = args.report.terms()?;
    let sources = sources(&args.traces)?;
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let mut judged = judge_all(&sources, threads)?;
    let seconds = began.elapsed().as_secs_f64();
    judged.sort_by(|one, other| (&one.result.case.id, one.source).cmp(&(&other.result.case.id, other.source)));
    let events: usize = judged.iter().map(|one| one.events).sum();
    print(&format!(
        "glare judge: {} traces, {events} events in {seconds:.2} s on {threads} threads: {:.0} events/s\n\n",
        judged.len(),
        per_second(events, seconds)
    ))?;
    let mut homes: HashMap<String, usize> = HashMap::new();
    for one in &judged {
        let failed = one.result.judgement.verdict == Verdict::Fail;
        let home = homes.entry(one.result.case.id.clone()).or_insert(one.source);
        if failed {
            *home = one.source;
        }
    }
    let place = |case: &str| homes.get(case).map(|source| sources[*source].name.display().to_string());
    let findings = Findings {
        target: one_target(&judged),
        profile: one_profile(&judged),
        seed: None,
        interrupted: false,
        shard: None,
        suites: &[],
        races: None,
        across: None,
        shrunk: BTreeMap::new(),
        results: judged.into_iter().map(|one| one.result).collect(),
        replay: &|case| format!("glare judge {}", quoted(&place(case).unwrap_or_default())),
    };
    terms.conclude(findings)
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn per_second(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds.max(f64::EPSILON)
}

/// How the targets spoke, if all did so alike.
fn one_target(judged: &[Judged]) -> String {
    match judged.first() {
        Some(first) if !first.target.is_empty() && judged.iter().all(|one| one.target == first.target) => {
            format!("{}:saved", first.target)
        }
        _ => "saved".to_owned(),
    }
}

/// What the targets declare, if all declare the same; else the core profile.
fn one_profile(judged: &[Judged]) -> Profile {
    let first = judged.first().map_or(Profile::CORE, |one| one.profile);
    if judged.iter().all(|one| one.profile == first) { first } else { Profile::CORE }
}

/// Every file, in order.
fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut text = String::new();
            let limit = u64::try_from(TRACE_FILE_BYTES_MAX + 1).unwrap_or(u64::MAX);
            let read = std::io::stdin().lock().take(limit).read_to_string(&mut text);
            read.map_err(|source| file_failure("read", path, source))?;
            bounded(path, text.len())?;
            sources.push(Source { name: path.clone(), text: Some(text) });
            continue;
        }
        let before = sources.len();
        collect(path, true, &mut sources)?;
        if sources.len() == before {
            return Err(Failure::Usage(format!("no file below {} ends with .ndjson", path.display())));
        }
    }
    Ok(sources)
}

fn collect(path: &Path, named: bool, sources: &mut Vec<Source>) -> Result<(), Failure> {
    let failure = |source| file_failure("read", path, source);
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(failure)?.collect::<Result<Vec<_>, _>>().map_err(failure)?;
        let mut inner: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        inner.sort();
        return inner.iter().try_for_each(|path| collect(path, false, sources));
    }
    if named || path.extension().is_some_and(|end| end == "ndjson") {
        sources.push(Source { name: path.to_owned(), text: None });
    }
    Ok(())
}

fn bounded(path: &Path, bytes: usize) -> Result<(), Failure> {
    if bytes <= TRACE_FILE_BYTES_MAX {
        return Ok(());
    }
    let problem = format!("{} is larger than {TRACE_FILE_BYTES_MAX} bytes; cut it between traces", path.display());
    Err(Failure::Usage(problem))
}

impl Source {
    fn traces(&self) -> Result<Vec<SavedTrace>, Failure> {
        let failure = |source| file_failure("read", &self.name, source);
        let read = |text: &str| {
            let wrong = |error: crate::saved::TraceError| Failure::Usage(format!("{}, {error}", self.name.display()));
            SavedTrace::read_all(text).map_err(wrong)
        };
        match &self.text {
            Some(text) => read(text),
            None => {
                let bytes = std::fs::metadata(&self.name).map_err(failure)?.len();
                bounded(&self.name, usize::try_from(bytes).unwrap_or(usize::MAX))?;
                read(&std::fs::read_to_string(&self.name).map_err(failure)?)
            }
        }
    }
}

/// Reads and judges all sources, several at a time. All that cannot be read are named together.
fn judge_all(sources: &[Source], threads: usize) -> Result<Vec<Judged>, Failure> {
    // Standard input is one source with many traces: it is cut up before the work is shared out.
    let mut cut = Vec::new();
    let mut work: Vec<Work<'_>> = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        match source.text {
            Some(_) => cut.extend(source.traces()?.into_iter().map(|trace| (number, trace))),
            None => work.push(Work::File(number, source)),
        }
    }
    work.extend(cut.iter().map(|(number, trace)| Work::Trace(*number, trace)));
    let (next, done) = (AtomicUsize::new(0), Mutex::new((Vec::new(), Vec::new())));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = item.judge();
                    let mut done = done.lock().expect("no thread panics while it holds the lock");
                    match outcome {
                        Ok(judged) => done.0.extend(judged),
                        Err(failure) => done.1.push((item.number(), failure.to_string())),
                    }
                }
            });
        }
    });
    let (judged, mut wrong) = done.into_inner().expect("no thread panics while it holds the lock");
    if wrong.is_empty() {
        return Ok(judged);
    }
    wrong.sort();
    let more = wrong.len().saturating_sub(NAMES_SHOWN_MAX);
    let mut lines: Vec<_> = wrong.into_iter().take(NAMES_SHOWN_MAX).map(|(_, problem)| problem).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    Err(Failure::Usage(lines.join("\n")))
}

/// What one thread does at a time.
enum Work<'a> {
    File(usize, &'a Source),
    Trace(usize, &'a SavedTrace),
}

impl Work<'_> {
    fn number(&self) -> usize {
        match self {
            Self::File(number, _) | Self::Trace(number, _) => *number,
        }
    }

    fn judge(&self) -> Result<Vec<Judged>, Failure> {
        match self {
            Self::File(number, source) => {
                Ok(source.traces()?.into_iter().map(|trace| judge_one(*number, trace)).collect())
            }
            Self::Trace(number, trace) => Ok(vec![judge_one(*number, (*trace).clone())]),
        }
    }
}

fn judge_one(source: usize, saved: SavedTrace) -> Judged {
    let judgement = saved.judge();
    let profile = saved.trace.profile;
    let events = saved.trace.records.iter().filter(|record| record.entry.connection().is_some()).count();
    // Only what is shown is kept.
    let trace = if judgement.verdict == Verdict::Pass { Trace::default() } else { saved.trace };
    Judged {
        profile,
        result: CaseResult { case: Arc::new(saved.case), judgement, trace },
        source,
        events,
        target: saved.binding,
    }
}
