//! The transition table, written by walking the code: nothing here knows a rule.
//!
//! From a peer that knows nothing, every kind of signal and every event of the shell is tried in every situation that
//! this leads to. Situations are told apart by all that is finite in the state; numbers count as zero or not. So the walk
//! ends, and sees each kind of situation by its shortest path.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use super::{Command, Description, Event, Negotiation, Role, Side, Signaling, Strategy, step};
use crate::message::SignalKind;

mod class;

pub use class::class;

/// What a kind of event does in a signaling state: all outcomes seen, in words, in either role.
pub type Matrix = BTreeMap<(&'static str, Signaling), BTreeSet<String>>;

/// The events' names, in the order of the matrix.
pub const EVENTS: [&str; 21] = [
    "met as resident",
    "met as joiner",
    "met outside",
    "gone",
    "offer",
    "offer of another connection",
    "offer that restarts ICE",
    "offer of an earlier meeting",
    "answer to the pending offer",
    "answer to another offer",
    "answer of an earlier meeting",
    "candidate of the description applied",
    "candidate of a description to come",
    "candidate of an earlier description",
    "answer ready",
    "candidate gathered",
    "tracks changed",
    "track replaced",
    "ICE connected",
    "ICE disconnected",
    "ICE failed",
];

/// The events that are tried in a state, by name. A signal is built to be what its name says.
fn events(state: &Negotiation) -> Vec<(&'static str, Event)> {
    let connection = state.remote_connection.max(1);
    let next = state.last_remote() + 1;
    let ice = if state.remote_ice == 0 { next } else { state.remote_ice };
    let offer = Description { meeting: state.met, connection, number: next, answers: 0, ice };
    let answer = Description { answers: state.pending, ..offer };
    let stale = |it: Description| Description { meeting: state.met + 1, ..it };
    let candidate = Description { number: 0, ..offer };
    let tried = [
        Some(Event::Met(Side::Resident)),
        Some(Event::Met(Side::Joiner)),
        Some(Event::Met(Side::Outside)),
        Some(Event::Gone),
        Some(Event::Offer(offer)),
        (state.remote_connection != 0).then_some(Event::Offer(Description { connection: next, ice: next, ..offer })),
        (state.remote_ice != 0).then_some(Event::Offer(Description { ice: next, ..offer })),
        Some(Event::Offer(stale(offer))),
        (state.pending != 0).then_some(Event::Answer(answer)),
        Some(Event::Answer(Description { answers: state.made + 1, ..answer })),
        Some(Event::Answer(stale(answer))),
        (state.remote_ice != 0).then_some(Event::Candidate(candidate)),
        Some(Event::Candidate(Description { ice: next, ..candidate })),
        (state.remote_ice > 1)
            .then_some(Event::Candidate(Description { ice: state.remote_ice.saturating_sub(1), ..candidate })),
        Some(Event::Ready),
        Some(Event::Gathered),
        Some(Event::ChangeTracks),
        Some(Event::ReplaceTrack),
        Some(Event::IceConnected),
        Some(Event::IceDisconnected),
        Some(Event::IceFailed),
    ];
    EVENTS.into_iter().zip(tried).filter_map(|(name, event)| Some((name, event?))).collect()
}

/// What is finite in a state, and of each number whether there is one.
fn situation(state: &Negotiation) -> Negotiation {
    let sign = |number: u32| number.min(1);
    Negotiation {
        met: sign(state.met),
        made: sign(state.made),
        connection: sign(state.connection),
        remote_connection: sign(state.remote_connection),
        pending: sign(state.pending),
        pending_remote: sign(state.pending_remote),
        local: sign(state.local),
        remote: sign(state.remote),
        local_ice: sign(state.local_ice),
        remote_ice: state.remote_ice.min(2),
        kept_ice: sign(state.kept_ice),
        kept: sign(state.kept),
        ..*state
    }
}

/// Walks the rules of a strategy.
#[must_use]
pub fn matrix(strategy: &Strategy) -> Matrix {
    let mut matrix = Matrix::new();
    walk(strategy, |name, before, outcome, after| {
        let target = if before == after { String::new() } else { format!(" → {}", after.name()) };
        matrix.entry((name, before)).or_default().insert(format!("{outcome}{target}"));
    });
    matrix
}

/// One event in one situation, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The peer's role.
    pub role: Role,
    /// The state before.
    pub before: Negotiation,
    /// The event's name, of [`EVENTS`].
    pub name: &'static str,
    /// The event.
    pub event: Event,
    /// What is done.
    pub commands: Vec<Command>,
    /// The state after.
    pub after: Negotiation,
}

/// Every kind of event in every kind of situation, in the order of the walk.
#[must_use]
pub fn cases(strategy: &Strategy) -> Vec<Case> {
    let mut cases = Vec::new();
    for role in [Role::Impolite, Role::Polite] {
        let mut seen = BTreeSet::from([situation(&Negotiation::default())]);
        let mut waiting = VecDeque::from([Negotiation::default()]);
        while let Some(before) = waiting.pop_front() {
            for (name, event) in events(&before) {
                let mut commands = Vec::new();
                let after = step(before, strategy, role, event, &mut |command| commands.push(command));
                if seen.insert(situation(&after)) {
                    waiting.push_back(after);
                }
                cases.push(Case { role, before, name, event, commands, after });
            }
        }
    }
    cases
}

fn walk(strategy: &Strategy, mut visit: impl FnMut(&'static str, Signaling, &str, Signaling)) {
    for Case { before, name, commands, after, .. } in cases(strategy) {
        let words: Vec<_> = commands.into_iter().map(word).collect();
        let words = if words.is_empty() { "-".to_owned() } else { words.join(", ") };
        visit(name, before.signaling(), &words, after.signaling());
    }
}

fn word(command: Command) -> String {
    match command {
        Command::Apply(kind, _) => format!("apply {}", noun(kind)),
        Command::Send(kind, _) => format!("send {}", noun(kind)),
        Command::Fail(kind, _) => format!("fail on {}", noun(kind)),
        Command::Add(_) => "add candidate".into(),
        Command::Keep(_) => "keep candidate".into(),
        Command::Release => "add kept candidates".into(),
        Command::Discard => "forget kept candidates".into(),
        Command::AddTracks => "add tracks".into(),
        Command::Replace => "replace track".into(),
        Command::Restart => "restart ICE".into(),
        Command::Ignore(why) => format!("ignore ({why:?})"),
        Command::Build | Command::Attach | Command::Close | Command::Orphan | Command::Rollback | Command::Prepare => {
            format!("{command:?}").to_lowercase()
        }
    }
}

fn noun(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate => "candidate",
    }
}

/// The matrix as a Markdown table.
#[must_use]
pub fn markdown(strategy: &Strategy) -> String {
    let matrix = matrix(strategy);
    let mut page = String::from("| event |");
    let infallible = "writing to a string cannot fail";
    for signaling in Signaling::ALL {
        write!(page, " {} |", signaling.name()).expect(infallible);
    }
    page += "\n|---|---|---|---|---|\n";
    for event in EVENTS {
        write!(page, "| {event} |").expect(infallible);
        for signaling in Signaling::ALL {
            let cell = matrix.get(&(event, signaling)).map(|it| it.iter().cloned().collect::<Vec<_>>().join("<br>"));
            write!(page, " {} |", cell.unwrap_or_default()).expect(infallible);
        }
        page.push('\n');
    }
    page
}

/// The changes of the signaling state as a Mermaid diagram.
#[must_use]
pub fn mermaid(strategy: &Strategy) -> String {
    let mut edges: BTreeMap<(Signaling, Signaling), BTreeSet<&'static str>> = BTreeMap::new();
    walk(strategy, |name, before, _, after| {
        if before != after {
            edges.entry((before, after)).or_default().insert(name);
        }
    });
    let id = |signaling: Signaling| signaling.name().replace('-', "_");
    let mut diagram = String::from("stateDiagram-v2\n    [*] --> closed\n");
    for ((before, after), names) in edges {
        let names = EVENTS.into_iter().filter(|name| names.contains(name)).collect::<Vec<_>>().join(", ");
        writeln!(diagram, "    {} --> {}: {names}", id(before), id(after)).expect("writing to a string cannot fail");
    }
    diagram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_an_outcome_in_every_signaling_state_that_can_know_it() {
        let matrix = matrix(&Strategy::REFERENCE);
        let blank: Vec<_> = EVENTS
            .iter()
            .flat_map(|event| Signaling::ALL.map(|signaling| (*event, signaling)))
            .filter(|key| !matrix.contains_key(key))
            .collect();
        // Without a connection no remote description is known, and without a local offer none is pending.
        let unknowable = |event: &str, signaling| match event {
            "offer of another connection" | "offer that restarts ICE" => signaling == Signaling::Closed,
            "candidate of the description applied" | "candidate of an earlier description" => {
                signaling == Signaling::Closed
            }
            "answer to the pending offer" => signaling != Signaling::HaveLocalOffer,
            _ => false,
        };
        assert!(blank.iter().all(|(event, signaling)| unknowable(event, *signaling)), "{blank:?}");
    }

    #[test]
    fn the_reference_never_fails_and_never_loses_a_connection() {
        let cells = matrix(&Strategy::REFERENCE);
        let all: Vec<_> = cells.values().flatten().collect();
        assert!(all.iter().all(|cell| !cell.contains("fail on") && !cell.contains("orphan")), "{all:?}");
    }

    #[test]
    fn replacing_a_track_sends_nothing() {
        let cells = matrix(&Strategy::REFERENCE);
        let replaced = cells.iter().filter(|((event, _), _)| *event == "track replaced");
        assert!(replaced.flat_map(|(_, cells)| cells).all(|cell| !cell.contains("send")));
    }

    #[test]
    fn transition_table() {
        insta::assert_snapshot!("matrix", markdown(&Strategy::REFERENCE));
        insta::assert_snapshot!("diagram", mermaid(&Strategy::REFERENCE));
    }
}
