//! `glare check`.

mod formats;
mod text;

use std::{
    fs,
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use glare_model::{
    explore::{CheckReport, Options, Outcome, Verdict, check as explore},
    findings::mermaid,
    negotiation::Strategy,
    requirement::RequirementId,
    world::{Budget, Budgets, Configuration, Trace, Variant},
};
use indicatif::{ProgressBar, ProgressStyle};

use super::{CheckArgs, CheckFormat, Exit, Failure, file_failure, print};
use crate::report::picture::svg;

pub(super) fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let variants = variants(args)?;
    let only: Vec<RequirementId> = args.property.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let options = Options { states_max: args.max_states, only, threads: args.threads, ..Options::default() };
    let interrupted = interrupts()?;
    let mut exit = Exit::Pass;
    let mut reports = Vec::new();
    for variant in variants {
        let report = check_variant(&variant, &options, &interrupted)?;
        if args.format == CheckFormat::Text {
            print(&text::render(&variant, &report))?;
        }
        let is_violated = report.outcomes().iter().any(Outcome::is_violated);
        exit = match (exit, is_violated, report.is_proved()) {
            (_, true, _) | (Exit::Fail, ..) => Exit::Fail,
            (exit, false, true) => exit,
            (_, false, false) => Exit::Incomplete,
        };
        reports.push((variant, report));
    }
    match args.format {
        CheckFormat::Text => {}
        CheckFormat::Json => print(&formats::json(&reports))?,
        CheckFormat::Junit => print(&formats::junit(&reports))?,
        CheckFormat::Markdown => print(&formats::markdown(&reports))?,
    }
    if let Some(path) = &args.diagram {
        draw(path, &reports)?;
    }
    Ok(exit)
}

/// The variants asked for, with what the command line changes about them.
fn variants(args: &CheckArgs) -> Result<Vec<Variant>, Failure> {
    let named = args.variants.iter().map(|name| Variant::named(name));
    let named = named.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::Usage(error.to_string()))?;
    let mut variants = if named.is_empty() { Variant::all() } else { named };
    let strategy = args.strategy.as_deref().map(strategy).transpose()?;
    let configuration = configuration(args)?;
    for variant in &mut variants {
        variant.strategy = strategy.unwrap_or(variant.strategy);
        if let Some(configuration) = configuration {
            variant.configurations = vec![configuration];
        }
    }
    Ok(variants)
}

fn strategy(name: &str) -> Result<Strategy, Failure> {
    let known: Vec<_> = Strategy::NAMED.iter().map(|(name, _)| *name).collect();
    Strategy::named(name).ok_or_else(|| Failure::Usage(format!("no strategy is called {name:?}; there are {known:?}")))
}

/// One world of the command line's own, in place of the variant's, if it says anything about worlds.
fn configuration(args: &CheckArgs) -> Result<Option<Configuration>, Failure> {
    if args.peers.is_none() && args.rooms.is_none() && args.faults.is_empty() {
        return Ok(None);
    }
    let peers = args.peers.unwrap_or(2);
    let mut budgets = Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, peers.saturating_sub(1));
    for fault in &args.faults {
        let (budget, times) = parse_fault(fault)?;
        budgets = budgets.with(budget, times);
    }
    let epochs = if budgets.left(Budget::Reconnect) > 0 { 2 } else { 1 };
    let (name, description) = ("command-line", "what the command line asks for");
    Ok(Some(Configuration { name, description, peers, epochs, rooms: args.rooms.unwrap_or(1), budgets }))
}

fn parse_fault(text: &str) -> Result<(Budget, u8), Failure> {
    let kinds: Vec<_> = Budget::NAMED.iter().map(|(name, _)| *name).collect();
    let wrong = || {
        Failure::Usage(format!("--faults takes KIND=N with N up to {FAULTS_MAX}, not {text:?}; kinds are {kinds:?}"))
    };
    let (kind, times) = text.split_once('=').ok_or_else(wrong)?;
    let budget = Budget::NAMED.iter().find(|(name, _)| *name == kind).map(|(_, budget)| *budget).ok_or_else(wrong)?;
    let times = times.parse().ok().filter(|times| *times <= FAULTS_MAX).ok_or_else(wrong)?;
    Ok((budget, times))
}

/// A budget of the command line; a world with more of one kind has more states than anybody explores.
const FAULTS_MAX: u8 = 15;

/// Writes the counterexample of the first violated claim, as the file's ending asks.
fn draw(path: &Path, reports: &[(Variant, CheckReport)]) -> Result<(), Failure> {
    let violated = reports.iter().find_map(|(variant, report)| {
        report.outcomes().into_iter().find_map(|outcome| match outcome.verdict {
            Verdict::Violated(trace) => Some((variant, outcome.claim.clause(), trace)),
            Verdict::Holds | Verdict::Vacuous | Verdict::Unknown => None,
        })
    });
    let Some((variant, clause, trace)) = violated else {
        return Err(Failure::Usage(format!(
            "nothing is violated, so there is nothing to draw into {}",
            path.display()
        )));
    };
    let title = format!("{clause} in {}", variant.name);
    let picture = picture(path, &title, trace)?;
    fs::write(path, picture).map_err(|source| file_failure("write", path, source))
}

fn picture(path: &Path, title: &str, trace: &Trace) -> Result<String, Failure> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => Ok(svg(title, trace)),
        Some("mmd") => Ok(format!("%% {title}\n{}", mermaid(trace))),
        _ => Err(Failure::Usage(format!("--diagram takes a file that ends with .svg or .mmd, not {}", path.display()))),
    }
}

/// Set on Ctrl-C: the search then stops, and says that it proves nothing.
fn interrupts() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            flag.store(true, Ordering::Relaxed);
        }
    });
    Ok(interrupted)
}

fn check_variant(variant: &Variant, options: &Options, interrupted: &AtomicBool) -> Result<CheckReport, Failure> {
    // Hidden by itself where standard error is no terminal.
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is constant"));
    bar.enable_steady_tick(Duration::from_millis(100));
    let began = Instant::now();
    let report = explore(variant, options, &mut |configuration, progress| {
        let rate = progress.transitions / u64::try_from(began.elapsed().as_millis()).unwrap_or(1).max(1);
        bar.set_message(format!(
            "{} / {}: {} states, {} waiting, depth {}, {rate} k transitions/s, {} MiB",
            variant.name,
            configuration.name,
            progress.states,
            progress.waiting,
            progress.depth,
            progress.bytes >> 20
        ));
        if interrupted.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish_and_clear();
    report.map_err(|error| Failure::Usage(error.to_string()))
}
