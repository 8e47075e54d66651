//! A world for stateright's Explorer, a web page to walk through it by hand: actions and states in words, the way so far as
//! a sequence diagram, and every property.
//!
//! What a transition shows belongs to a state here, or a property, which sees states only, would not see it. So a world
//! that is reached by transitions that show different things counts once for each: there are more states than `glare check`
//! counts, and the same verdicts.

use std::{
    fmt::{self, Debug, Formatter},
    hash::Hash,
    ops::ControlFlow,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use stateright::{Model, Path, Property};

use crate::{
    explore::{
        Completion, Limits, Options, Progress,
        check::{shape_overflow, with_system},
        explore as explore_space,
        picture::{Idle, svg},
    },
    requirement::RequirementId,
    world::{Action, Configuration, Fact, Facts, Line, Overflow, PROPERTIES, System, Variant, World},
};

/// What is done with a model whose type depends on the configuration's shape: served, or searched.
pub trait Open {
    /// What comes of it.
    type Outcome;

    /// Does it.
    fn open<M>(self, model: M) -> Self::Outcome
    where
        M: Model + Send + Sync + 'static,
        M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
        M::Action: Clone + Debug + PartialEq + Send + Sync;
}

/// Makes the model of a configuration for stateright's Explorer.
///
/// Of the options it keeps to `only`, and to `states_max`: a search that reaches more states stops, and says so by
/// violating the property [`COMPLETE`], without which none of the others proves anything.
///
/// # Errors
/// The configuration's shape is unknown.
pub fn explorer<O: Open>(
    variant: &Variant,
    configuration: &Configuration,
    options: &Options,
    open: O,
) -> Result<O::Outcome, Overflow> {
    let title = format!("{} in the world {}", variant.name, configuration.name);
    let (properties, states_max) = (wanted(variant, configuration, options), options.states_max);
    with_system!(variant, configuration, |system| {
        Ok(open.open(Explorer { system, title, properties, states_max, expanded: AtomicUsize::new(0) }))
    })
}

/// Which of [`PROPERTIES`] are asked about.
fn wanted(variant: &Variant, configuration: &Configuration, options: &Options) -> Vec<usize> {
    let setting = variant.setting(configuration);
    let is_wanted = |at: &usize| {
        let property = &PROPERTIES[*at];
        setting.owes(property) && (options.only.is_empty() || options.only.contains(&property.clause))
    };
    (0..PROPERTIES.len()).filter(is_wanted).collect()
}

/// A shortest run that breaks a property, as the Explorer's addresses have it: `/#/steps/0/3/1` takes the initial state,
/// the fourth of the actions there, and then the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The property's clause.
    pub clause: RequirementId,
    /// The place of each action among those that can happen then.
    pub choices: Vec<usize>,
}

/// Finds shortest runs to look at in the Explorer, with our own search. stateright's finds some run.
///
/// # Errors
/// The configuration, or a state of it, is larger than there are places for.
pub fn shortest_runs(
    variant: &Variant,
    configuration: &Configuration,
    options: &Options,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<(Vec<Run>, Completion), Overflow> {
    let Options { states_max, memory_bytes_max, threads, .. } = *options;
    with_system!(variant, configuration, |system| {
        let explored = explore_space(system, &Limits { states_max, memory_bytes_max, threads }, progress)?;
        let seen = explored.witnesses();
        let mut runs = Vec::new();
        for property in wanted(variant, configuration, options).into_iter().map(|at| &PROPERTIES[at]) {
            let breaking = seen.iter().filter(|(fact, _)| property.never.contains(fact));
            if let Some((_, path)) = breaking.min_by_key(|(_, path)| path.len()) {
                runs.push(Run { clause: property.clause, choices: choices(&system, path)? });
            }
        }
        Ok((runs, explored.stopped().map_or(Completion::Complete, Completion::Incomplete)))
    })
}

fn choices<const P: usize, const S: usize>(system: &System<P, S>, path: &[Action]) -> Result<Vec<usize>, Overflow> {
    let (mut state, mut choices) = (system.initial(), Vec::new());
    for action in path {
        let mut enabled = Vec::new();
        system.actions(&state, &mut enabled);
        choices.push(enabled.iter().position(|it| it == action).expect("a witness takes what can happen"));
        state = system.step(&state, *action)?.0;
    }
    Ok(choices)
}

/// The name of the property that a search is violated by if it cannot see everything.
pub const COMPLETE: &str = "complete: the search sees every state";

/// The page lists all properties above the actions to choose from, which would be out of sight, and a wide picture would
/// push itself below them. A picture is put into the page as it is, so it can bring what the page lacks.
const PAGE_STYLE: &str = "<style>.main-flex-left h3 + ul { max-height: 12em; overflow-y: auto; }\
.main-flex-left { flex-grow: 0; } .main-flex-right { min-width: 0; }</style>";

/// The names of a property and of its occasion.
static NAMES: LazyLock<Vec<[String; 2]>> = LazyLock::new(|| {
    PROPERTIES.iter().map(|it| [it.clause.as_str().to_owned(), format!("occasion of {}", it.clause)]).collect()
});

/// The model behind the page.
struct Explorer<const P: usize, const S: usize> {
    system: System<P, S>,
    title: String,
    /// Which of [`PROPERTIES`] are asked about.
    properties: Vec<usize>,
    states_max: usize,
    /// How many states a search has looked at so far.
    expanded: AtomicUsize,
}

/// A world, and what it and the transition to it show.
#[derive(Clone, PartialEq, Hash)]
struct Shown<const P: usize, const S: usize> {
    world: World<P, S>,
    /// Only of what is asked about.
    facts: Facts,
    /// Why what follows is not known, in place of what follows.
    overflow: Option<String>,
}

/// An action with its words: those of the message that it handles are in the state, which the page does not pass on.
#[derive(Clone, PartialEq)]
struct Told {
    action: Action,
    text: String,
}

impl Debug for Told {
    fn fmt(&self, page: &mut Formatter<'_>) -> fmt::Result {
        page.write_str(&self.text)
    }
}

impl<const P: usize, const S: usize> Debug for Shown<P, S> {
    fn fmt(&self, page: &mut Formatter<'_>) -> fmt::Result {
        if let Some(overflow) = &self.overflow {
            return writeln!(page, "Not explored further: {overflow}");
        }
        let clauses = |has: &dyn Fn(usize) -> bool| {
            let clauses = (0..PROPERTIES.len()).filter(|at| has(*at)).map(|at| PROPERTIES[at].clause.as_str());
            clauses.collect::<Vec<_>>().join(", ")
        };
        for at in (0..PROPERTIES.len()).filter(|at| is_broken(*at, self.facts)) {
            writeln!(page, "Breaks {}: {}", PROPERTIES[at].clause, PROPERTIES[at].statement)?;
        }
        let occasions = clauses(&|at| self.facts.contains(PROPERTIES[at].occasion));
        if !occasions.is_empty() {
            writeln!(page, "Occasion of {occasions}")?;
        }
        if !self.facts.is_empty() {
            writeln!(page)?;
        }
        write!(page, "{}", self.world)
    }
}

fn is_broken(at: usize, facts: Facts) -> bool {
    PROPERTIES[at].never.iter().any(|fact| facts.contains(*fact))
}

impl<const P: usize, const S: usize> Explorer<P, S> {
    fn shown(&self, world: World<P, S>, facts: Facts) -> Shown<P, S> {
        let facts = facts.with(self.system.judge(&world)).iter().filter(|fact| self.is_wanted(*fact)).collect();
        Shown { world, facts, overflow: None }
    }

    fn is_wanted(&self, fact: Fact) -> bool {
        let mut wanted = self.properties.iter().map(|at| &PROPERTIES[*at]);
        wanted.any(|property| property.occasion == fact || property.never.contains(&fact))
    }

    fn keeps<const AT: usize>(&self, state: &Shown<P, S>) -> bool {
        !is_broken(AT, state.facts)
    }

    fn meets<const AT: usize>(&self, state: &Shown<P, S>) -> bool {
        state.facts.contains(PROPERTIES[AT].occasion)
    }

    /// Counts the states that a search looks at: it asks this of each, once.
    fn is_complete(&self, state: &Shown<P, S>) -> bool {
        state.overflow.is_none() && self.expanded.fetch_add(1, Ordering::Relaxed) < self.states_max
    }
}

type Condition<const P: usize, const S: usize> = fn(&Explorer<P, S>, &Shown<P, S>) -> bool;

/// Properties are plain functions, so there is one for each place in [`PROPERTIES`].
macro_rules! conditions {
    ($($at:literal)+) => {
        impl<const P: usize, const S: usize> Explorer<P, S> {
            const CONDITIONS: [[Condition<P, S>; 2]; PROPERTIES.len()] =
                [$([Self::keeps::<$at>, Self::meets::<$at>]),+];
        }
    };
}

conditions! {
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39
}

impl<const P: usize, const S: usize> Model for Explorer<P, S> {
    type State = Shown<P, S>;
    type Action = Told;

    fn init_states(&self) -> Vec<Shown<P, S>> {
        vec![self.shown(self.system.initial(), Facts::default())]
    }

    fn actions(&self, state: &Shown<P, S>, actions: &mut Vec<Told>) {
        if state.overflow.is_some() {
            return;
        }
        let mut enabled = Vec::new();
        self.system.actions(&state.world, &mut enabled);
        let told = enabled.into_iter().map(|action| Told { action, text: state.world.action_text(action) });
        actions.extend(told);
    }

    fn next_state(&self, state: &Shown<P, S>, Told { action, .. }: Told) -> Option<Shown<P, S>> {
        Some(match self.system.step(&state.world, action) {
            Ok((world, facts)) => self.shown(world, facts),
            Err(overflow) => Shown { overflow: Some(overflow.to_string()), ..state.clone() },
        })
    }

    fn within_boundary(&self, _: &Shown<P, S>) -> bool {
        self.expanded.load(Ordering::Relaxed) <= self.states_max
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let kinds = [Property::<Self>::always, Property::<Self>::sometimes];
        let both = self
            .properties
            .iter()
            .flat_map(|at| [0, 1].map(|kind| kinds[kind](&NAMES[*at][kind], Self::CONDITIONS[*at][kind])));
        // Violated only where the search ends: without such a one, stateright stops where all others are decided (trap 5).
        [Property::always(COMPLETE, Self::is_complete)].into_iter().chain(both).collect()
    }

    fn format_step(&self, state: &Shown<P, S>, told: Told) -> Option<String> {
        let mut page = String::new();
        for line in self.system.tell(&state.world, told.action).unwrap_or_default() {
            page += &match line {
                Line::Send { by, text } => format!("{by} sends {text}\n"),
                Line::Arrow { to, text, .. } => format!("{to} handles {text}\n"),
                Line::Note { at, text } => format!("{at}: {text}\n"),
            };
        }
        let next = self.next_state(state, told)?;
        Some(format!("{page}\n{next:?}"))
    }

    fn as_svg(&self, path: Path<Shown<P, S>, Told>) -> Option<String> {
        let actions: Vec<_> = path.into_actions().into_iter().map(|told| told.action).collect();
        let never: Vec<_> = self.properties.iter().flat_map(|at| PROPERTIES[*at].never).copied().collect();
        // Beyond an overflow there is nothing to draw.
        let trace = self.system.replay(&actions, &never).ok()?;
        let picture = svg(&format!("{}, step {}", self.title, actions.len()), &trace, Idle::Shown);
        Some(format!("{picture}{PAGE_STYLE}"))
    }
}
