//! `glare check`.

use std::{
    fmt::Write,
    ops::ControlFlow,
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use glare_model::{
    explore::{CheckReport, Completion, Options, Verdict, check as explore, lanes},
    world::Variant,
};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::{OwoColorize, Style};

use super::{CheckArgs, Exit, Failure, colours, print};

pub(super) fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let variants = if args.variants.is_empty() {
        Variant::all()
    } else {
        let named = args.variants.iter().map(|name| Variant::named(name));
        named.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::Usage(error.to_string()))?
    };
    let only = args.property.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let options = Options { states_max: args.max_states, only, ..Options::default() };
    let interrupted = interrupts()?;
    let mut exit = Exit::Pass;
    for variant in &variants {
        let report = check_variant(variant, &options, &interrupted)?;
        print(&render(variant, &report))?;
        exit = match (exit, report.violated().is_empty(), report.is_proved()) {
            (_, false, _) | (Exit::Fail, ..) => Exit::Fail,
            (exit, true, true) => exit,
            (_, true, false) => Exit::Incomplete,
        };
    }
    Ok(exit)
}

/// Set on Ctrl-C: the search then stops, and says that it proves nothing.
fn interrupts() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Output)?;
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
            "{} / {}: {} states, {} waiting, depth {}, {rate} k transitions/s",
            variant.name, configuration.name, progress.states, progress.waiting, progress.depth
        ));
        if interrupted.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish_and_clear();
    report.map_err(|error| Failure::Usage(error.to_string()))
}

fn render(variant: &Variant, report: &CheckReport) -> String {
    let paint = |text: &str, style: Style| if colours() { text.style(style).to_string() } else { text.to_owned() };
    let mut page = format!("{}: {}\n\n", paint(variant.name, Style::new().bold()), variant.description);
    for one in &report.configurations {
        let completion = match one.completion {
            Completion::Complete => "complete".to_owned(),
            Completion::Incomplete(why) => format!("INCOMPLETE: {why}"),
        };
        let _infallible = writeln!(
            page,
            "  {:<24} {:>9} states {:>10} transitions  depth {:>3}  {completion}",
            one.configuration.name, one.states, one.transitions, one.depth
        );
    }
    page.push('\n');
    for clause in report.clauses() {
        let Some(verdict) = report.verdict(clause) else { continue };
        let (word, style) = match verdict {
            Verdict::Holds => ("holds", Style::new().green()),
            Verdict::Vacuous => ("no occasion", Style::new().yellow()),
            Verdict::Violated(_) => ("VIOLATED", Style::new().red().bold()),
            Verdict::Unknown => ("unknown", Style::new().yellow()),
        };
        let statement = statement(report, clause);
        let _infallible = writeln!(page, "  {clause:<9} {} {statement}", paint(&format!("{word:<12}"), style));
    }
    for clause in report.violated() {
        let Some(Verdict::Violated(trace)) = report.verdict(clause) else { continue };
        if let Some(property) = glare_model::world::property(clause) {
            let _infallible = writeln!(page, "\n{}", lanes::counterexample(property, trace));
        }
    }
    let sum = match (report.violated().len(), report.is_proved()) {
        (0, true) => paint(
            "no violation: every property holds in every configuration, explored completely",
            Style::new().green(),
        ),
        (0, false) => paint(
            "no violation found, and nothing proved: see what is incomplete or had no occasion above",
            Style::new().yellow(),
        ),
        (count, _) => paint(&format!("{count} properties violated"), Style::new().red().bold()),
    };
    let _infallible = writeln!(page, "\n{}: {sum}\n", variant.name);
    page
}

fn statement(report: &CheckReport, clause: glare_model::requirement::RequirementId) -> &'static str {
    let first = report.configurations.first();
    let found = first.and_then(|one| one.properties.iter().find(|it| it.property.clause == clause));
    found.map_or("", |it| it.property.statement)
}
