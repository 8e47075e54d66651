//! Checks a variant: all its configurations, all properties, all goals.

use std::ops::ControlFlow;

use super::{
    explored::{Cost, Explored, explore as explore_space},
    liveness::{Lasso, judge},
    report::{
        CheckError, CheckReport, Completion, ConfigurationReport, GoalReport, Options, Progress, PropertyReport,
        Verdict,
    },
    search::Limits,
};
use crate::world::{
    Action, Configuration, Fact, Facts, GOALS, Goal, Overflow, PROPERTIES, Property, ROOMS_MAX, System, Variant,
};

/// Explores every configuration of a variant. `progress` is called with the configuration every now and then, and
/// breaks the run off by its answer: that configuration and the ones after it are then incomplete.
///
/// # Errors
/// A configuration is larger than a state has places for. Nothing is concluded from such a run.
pub fn check(
    variant: &Variant,
    options: &Options,
    progress: &mut dyn FnMut(&Configuration, &Progress) -> ControlFlow<()>,
) -> Result<CheckReport, CheckError> {
    let explore = |configuration: &Configuration| {
        explore(variant, configuration, options, &mut |it| progress(configuration, it))
            .map_err(|overflow| CheckError { configuration: configuration.name, overflow })
    };
    let configurations = variant.configurations.iter().map(explore).collect::<Result<_, _>>()?;
    Ok(CheckReport { variant: variant.name, configurations })
}

/// What [`measure`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Unique states.
    pub states: usize,
    /// Transitions.
    pub transitions: u64,
    /// The longest of the shortest paths.
    pub depth: usize,
    /// Whether that is all.
    pub is_complete: bool,
    /// What it cost.
    pub cost: Cost,
    /// All that its states and transitions show.
    pub facts: Facts,
}

/// Calls `$then` with the system of a configuration, whose shape becomes a type.
macro_rules! with_system {
    ($variant:expr, $configuration:expr, |$system:ident| $then:expr) => {{
        let (variant, configuration): (&$crate::world::Variant, &$crate::world::Configuration) =
            ($variant, $configuration);
        let (setting, budgets) = (variant.setting(configuration), configuration.budgets);
        macro_rules! call {
            ($peers:literal, $sessions:literal) => {{
                let $system = $crate::world::System::<$peers, $sessions> { setting, budgets };
                $then
            }};
        }
        match (configuration.peers, configuration.epochs) {
            (2, 1) => call!(2, 2),
            (2, 2) => call!(2, 4),
            (3, 1) => call!(3, 3),
            (3, 2) => call!(3, 6),
            (4, 1) => call!(4, 4),
            (4, 2) => call!(4, 8),
            (5, 1) => call!(5, 5),
            _ => Err(shape_overflow(configuration)),
        }
    }};
}
#[cfg(feature = "check")]
pub(super) use with_system;

pub(super) fn shape_overflow(configuration: &Configuration) -> Overflow {
    let Configuration { peers, epochs, rooms, .. } = *configuration;
    Overflow::Shape { peers, epochs, rooms }
}

fn explore(
    variant: &Variant,
    configuration: &Configuration,
    options: &Options,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<ConfigurationReport, Overflow> {
    if usize::from(configuration.rooms) > ROOMS_MAX {
        return Err(shape_overflow(configuration));
    }
    with_system!(variant, configuration, |system| {
        let Options { states_max, memory_bytes_max, threads, .. } = *options;
        let explored = explore_space(system, &Limits { states_max, memory_bytes_max, threads }, progress)?;
        report(&explored, configuration, options)
    })
}

/// Explores one configuration, and says what that cost.
///
/// # Errors
/// The configuration, or a state of it, is larger than there are places for.
pub fn measure(variant: &Variant, configuration: &Configuration, limits: &Limits) -> Result<Measured, Overflow> {
    with_system!(variant, configuration, |system| {
        let explored = explore_space(system, limits, &mut |_| ControlFlow::Continue(()))?;
        Ok(Measured {
            states: explored.states(),
            transitions: explored.transitions(),
            depth: explored.depth(),
            is_complete: explored.stopped().is_none(),
            cost: explored.cost(),
            facts: explored.facts(),
        })
    })
}

fn report<const P: usize, const S: usize>(
    explored: &Explored<System<P, S>>,
    configuration: &Configuration,
    options: &Options,
) -> Result<ConfigurationReport, Overflow> {
    let owes = |property: &Property| explored.space().setting.owes(property);
    let is_wanted =
        |property: &&Property| owes(property) && (options.only.is_empty() || options.only.contains(&property.clause));
    let (seen, stopped) = (explored.witnesses(), explored.stopped());
    let witness = |wanted: Fact| seen.iter().find(|(fact, _)| *fact == wanted).map(|(_, path): &(_, Vec<Action>)| path);
    let mut properties = Vec::new();
    for property in PROPERTIES.iter().filter(is_wanted) {
        let occasion_arose = witness(property.occasion).is_some();
        let witnesses = property.never.iter().filter_map(|fact| witness(*fact));
        let verdict = match witnesses.min_by_key(|path| path.len()) {
            Some(path) => Verdict::Violated(explored.space().replay(path, property.never)?),
            None if stopped.is_some() => Verdict::Unknown,
            None if occasion_arose => Verdict::Holds,
            None => Verdict::Vacuous,
        };
        properties.push(PropertyReport { property, verdict, occasion_arose });
    }
    let goals = goals(explored, options)?;
    Ok(ConfigurationReport {
        configuration: *configuration,
        states: explored.states(),
        transitions: explored.transitions(),
        depth: explored.depth(),
        completion: stopped.map_or(Completion::Complete, Completion::Incomplete),
        properties,
        goals,
    })
}

/// Judges what happens in the end, and sums it up over all peers: a shortest run of any that is let down.
fn goals<const P: usize, const S: usize>(
    explored: &Explored<System<P, S>>,
    options: &Options,
) -> Result<Vec<GoalReport>, Overflow> {
    let owes = |goal: &Goal| explored.space().setting.owes_clause(goal.clause);
    let wanted = |goal: &&Goal| owes(goal) && (options.only.is_empty() || options.only.contains(&goal.clause));
    let mut reports: Vec<GoalReport> =
        GOALS.iter().filter(wanted).map(|goal| GoalReport { goal, verdict: Verdict::Unknown }).collect();
    if reports.is_empty() {
        return Ok(reports);
    }
    let Ok(fulfilments) = judge(explored, options.threads) else { return Ok(reports) };
    for report in &mut reports {
        let own = || fulfilments.iter().filter(|it| it.wish.clause() == report.goal.clause);
        let lassos = own().filter_map(|it| Some((it.wish, it.never.as_ref()?)));
        report.verdict = match lassos.min_by_key(|(_, lasso)| lasso.stem.len() + lasso.cycle.len()) {
            Some((wish, Lasso { stem, cycle })) => {
                let (stem, cycle) = (explored.actions(stem), explored.actions(cycle));
                Verdict::Violated(explored.space().replay_for_ever(&stem, &cycle, wish)?)
            }
            None if own().any(|it| it.arose) => Verdict::Holds,
            None => Verdict::Vacuous,
        };
    }
    Ok(reports)
}
