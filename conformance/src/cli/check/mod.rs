//! `glare check`.

mod arguments;
mod explore;
mod formats;
mod live;
mod story;
mod text;

use std::{
    fs,
    io::Write,
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use glare_model::{
    explore::{
        CheckReport, Options, Outcome, Verdict, check as explore_all,
        picture::{Idle, svg},
    },
    findings::mermaid,
    negotiation::Strategy,
    requirement::RequirementId,
    world::{Budget, Budgets, Configuration, Property, Variant, goal, property},
};

pub(super) use self::arguments::CheckArgs;
use self::{
    arguments::CheckFormat,
    live::{Live, interrupts},
};
use super::{Exit, Failure, file_failure, print};

pub(super) fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let only: Vec<RequirementId> = args.property.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let variants = with_properties(variants(args)?, &only)?;
    let options = Options { states_max: args.max_states, only, threads: args.threads, ..Options::default() };
    if let Some(path) = &args.diagram {
        picture_kind(path)?;
    }
    if let Some(address) = &args.explore {
        let (variant, configuration) = the_one(&variants)?;
        return explore::explore(variant, configuration, &options, address);
    }
    let interrupted = interrupts()?;
    let is_interrupted = || interrupted.load(Ordering::Relaxed);
    let mut exit = Exit::Pass;
    let mut reports = Vec::new();
    for variant in variants {
        // People need its name and no tables of zeros; programs get every variant that they asked for.
        if is_interrupted() && args.format == CheckFormat::Text && !reports.is_empty() {
            print(&format!("{}: INCOMPLETE: not begun\n", variant.name))?;
            continue;
        }
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
    if is_interrupted() {
        if args.format == CheckFormat::Text {
            print("interrupted: this is not the whole check\n")?;
        }
        return Ok(Exit::Incomplete);
    }
    Ok(exit)
}

/// The variants asked for, with what the command line changes about them.
fn variants(args: &CheckArgs) -> Result<Vec<Variant>, Failure> {
    let named = args.variants.iter().map(|name| Variant::named(name));
    let named = named.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::Usage(error.to_string()))?;
    let mut variants = if named.is_empty() { Variant::all() } else { named };
    let strategy = args.strategy.as_deref().map(strategy).transpose()?;
    let worlds = match configuration(args)? {
        Some(configuration) => vec![configuration],
        None => args.world.iter().map(|name| world(name)).collect::<Result<_, _>>()?,
    };
    for variant in &mut variants {
        variant.strategy = strategy.unwrap_or(variant.strategy);
        if !worlds.is_empty() {
            variant.configurations.clone_from(&worlds);
        }
    }
    Ok(variants)
}

fn world(name: &str) -> Result<Configuration, Failure> {
    let known = || Configuration::all().iter().map(|world| world.name).collect::<Vec<_>>().join(", ");
    Configuration::named(name)
        .ok_or_else(|| Failure::Usage(format!("no world is called {name:?}; there are {}", known())))
}

/// What the Explorer opens: one variant in one world.
fn the_one(variants: &[Variant]) -> Result<(&Variant, &Configuration), Failure> {
    let [variant] = variants else {
        let names: Vec<_> = variants.iter().map(|variant| variant.name).collect();
        return Err(Failure::Usage(format!("--explore opens one variant: name one of {}", names.join(", "))));
    };
    let [configuration] = &*variant.configurations else {
        let names: Vec<_> = variant.configurations.iter().map(|world| world.name).collect();
        return Err(Failure::Usage(format!(
            "--explore opens one world: choose with --world one of {}, or make one with --peers, --rooms, --faults",
            names.join(", ")
        )));
    };
    Ok((variant, configuration))
}

/// The variants that have to keep one of the properties asked for: with none to look at, nothing broken proves nothing.
fn with_properties(mut variants: Vec<Variant>, only: &[RequirementId]) -> Result<Vec<Variant>, Failure> {
    let owes = |variant: &Variant, property: &Property| {
        variant.configurations.iter().any(|configuration| variant.setting(configuration).owes(property))
    };
    for clause in only {
        // What has to come in the end concerns every variant.
        if goal(*clause).is_some() {
            continue;
        }
        let Some(property) = property(*clause) else {
            return Err(Failure::Usage(format!("the model has no property for {clause}: docs/model.md tells why")));
        };
        if !variants.iter().any(|variant| owes(variant, property)) {
            let hint = "`glare list variants` shows which has the capability";
            return Err(Failure::Usage(format!("no variant that is asked for has to keep {clause}; {hint}")));
        }
    }
    let wanted = |variant: &Variant| {
        let asks_goal = only.iter().any(|clause| goal(*clause).is_some());
        asks_goal || only.iter().filter_map(|clause| property(*clause)).any(|it| owes(variant, it))
    };
    variants.retain(|variant| only.is_empty() || wanted(variant));
    Ok(variants)
}

fn strategy(name: &str) -> Result<Strategy, Failure> {
    let known = || Strategy::NAMED.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    Strategy::named(name)
        .ok_or_else(|| Failure::Usage(format!("no strategy is called {name:?}; there are {}", known())))
}

/// One world of the command line's own, in place of the variant's, if it says anything about worlds.
fn configuration(args: &CheckArgs) -> Result<Option<Configuration>, Failure> {
    if args.peers.is_none() && args.rooms.is_none() && args.faults.is_empty() {
        return Ok(None);
    }
    let peers = args.peers.unwrap_or(2);
    let mut budgets = Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, peers.saturating_sub(1));
    let faults = args.faults.iter().map(|fault| parse_fault(fault)).collect::<Result<Vec<_>, _>>()?;
    for (place, (budget, times)) in faults.iter().enumerate() {
        if faults[..place].iter().any(|(earlier, _)| earlier == budget) {
            return Err(Failure::Usage(format!("--faults says twice how often: {}", args.faults[place])));
        }
        budgets = budgets.with(*budget, *times);
    }
    let epochs = if budgets.left(Budget::Reconnect) > 0 { 2 } else { 1 };
    let (name, description) = ("command-line", "what the command line asks for");
    Ok(Some(Configuration { name, description, peers, epochs, rooms: args.rooms.unwrap_or(1), budgets }))
}

fn parse_fault(text: &str) -> Result<(Budget, u8), Failure> {
    let wrong = || {
        let kinds = Budget::NAMED.map(|(name, _)| name).join(", ");
        Failure::Usage(format!("--faults takes KIND=N with N up to {FAULTS_MAX}, not {text:?}; kinds are {kinds}"))
    };
    let (kind, times) = text.split_once('=').ok_or_else(wrong)?;
    let budget = Budget::NAMED.iter().find(|(name, _)| *name == kind).map(|(_, budget)| *budget).ok_or_else(wrong)?;
    let times = times.parse().ok().filter(|times| *times <= FAULTS_MAX).ok_or_else(wrong)?;
    Ok((budget, times))
}

/// A budget of the command line; a world with more of one kind has more states than anybody explores.
const FAULTS_MAX: u8 = 15;

/// What a picture's file is asked to be by its ending.
#[derive(Clone, Copy)]
enum PictureKind {
    Svg,
    Mermaid,
}

fn picture_kind(path: &Path) -> Result<PictureKind, Failure> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => Ok(PictureKind::Svg),
        Some("mmd") => Ok(PictureKind::Mermaid),
        _ => Err(Failure::Usage(format!("--diagram takes a file that ends with .svg or .mmd, not {}", path.display()))),
    }
}

/// Draws the counterexample of the first violated claim, if there is one, and says on standard error what it did.
fn draw(path: &Path, reports: &[(Variant, CheckReport)]) -> Result<(), Failure> {
    let violated = reports.iter().find_map(|(variant, report)| {
        report.outcomes().into_iter().find_map(|outcome| match outcome.verdict {
            Verdict::Violated(trace) => Some((variant, outcome.claim.clause(), trace)),
            Verdict::Holds | Verdict::Vacuous | Verdict::Unknown => None,
        })
    });
    let Some((variant, clause, trace)) = violated else {
        return note(&format!("nothing is violated: {} is not written", path.display()));
    };
    let title = format!("{clause} in {}", variant.name);
    let picture = match picture_kind(path)? {
        PictureKind::Svg => svg(&title, trace, Idle::Hidden),
        PictureKind::Mermaid => format!("%% {title}\n{}", mermaid(trace)),
    };
    fs::write(path, picture).map_err(|source| file_failure("write", path, source))?;
    note(&format!("{title} is drawn in {}", path.display()))
}

/// Tells a person, and not the program that reads standard output.
fn note(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stderr(), "{text}").map_err(Failure::Output)
}

fn check_variant(variant: &Variant, options: &Options, interrupted: &AtomicBool) -> Result<CheckReport, Failure> {
    let live = Live::new();
    let report = explore_all(variant, options, &mut |configuration, progress| {
        live.show(variant.name, configuration, progress);
        if interrupted.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    report.map_err(|error| Failure::Usage(error.to_string()))
}
