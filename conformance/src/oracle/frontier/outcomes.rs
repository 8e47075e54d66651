//! Which outcomes a phase may have, and which one was seen: how much of what the model allows a run has really met.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::{message::ServerMessage, room::Directory};

use super::{
    super::story::Story,
    factor::Factor,
    script::{Answer, Ask, Item, Look, MarkKind, Message, Script, Slot},
    state::{FastSet, State},
    step::{Course, CourseFault},
};
use crate::{limits::OUTCOMES_STEPS_MAX, trace::Trace};

/// The outcomes of one phase. An outcome says, for each client by its name, the answers to its requests and the notices and
/// signals that it gets, in order. It names clients and not user ids, and the number of a signal among what its sender did in
/// the phase, so that runs of one scenario have the same outcomes: over several runs, unite what was seen and divide its
/// number by that of what is allowed. Errors, and what clients see that end or freeze in the phase, are no part of it. What is
/// allowed but not recommended is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseOutcomes {
    /// The phase, from 0.
    pub phase: usize,
    /// What is allowed; none if there are more orders than may be tried.
    pub allowed: Option<BTreeSet<String>>,
    /// What was seen; it is among them if the target conforms and does as recommended.
    pub seen: String,
}

/// The outcomes of each of these phases of a trace in which several clients acted, up to the first phase that has no
/// explanation.
#[must_use]
pub fn outcomes(trace: &Trace, phases: impl Fn(usize) -> bool) -> Vec<PhaseOutcomes> {
    let (mut story, mut script) = (Story::default(), Script::new(trace.profile));
    for (at, record) in trace.records.iter().enumerate() {
        story.entry(at, &record.entry);
        script.record(&story, at, &record.entry);
    }
    script.end_phase(trace.records.len());
    let mut factor = Factor::new(script);
    let mut found = Vec::new();
    for (phase, own) in story.phases.iter().enumerate() {
        let actors: BTreeSet<_> = own.acts.iter().map(|act| act.connection).collect();
        let before = (actors.len() > 1 && phases(phase)).then(|| factor.outlook());
        let begin = factor.position.marks;
        if !factor.explain(phase) {
            break;
        }
        if let Some((states, sent)) = before {
            let view = View { script: &factor.script, story: &story, phase };
            let seen = view.seen(begin, factor.position.marks);
            found.push(PhaseOutcomes { phase, allowed: view.allowed(states, &sent), seen });
        }
    }
    found
}

/// One phase.
struct View<'a> {
    script: &'a Script,
    story: &'a Story,
    phase: usize,
}

/// What happened to each connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Log {
    answers: BTreeMap<(Slot, u32), String>,
    events: BTreeMap<Slot, Vec<String>>,
}

impl View<'_> {
    fn allowed(&self, states: Vec<State>, sent: &[u32]) -> Option<BTreeSet<String>> {
        let mut open: Vec<(State, Log)> = states.into_iter().map(|state| (state, Log::default())).collect();
        let mut known: FastSet<(State, Log)> = FastSet::default();
        let mut allowed = BTreeSet::new();
        while let Some(next) = open.pop() {
            if known.contains(&next) {
                continue;
            }
            let (state, log) = next;
            if known.len() > OUTCOMES_STEPS_MAX {
                return None;
            }
            if state.stands.iter().zip(sent).all(|(stand, sent)| stand.served == *sent) {
                allowed.insert(self.text(&log));
            }
            for (slot, course) in self.courses(&state, sent) {
                let log = self.note(&log, slot, &course);
                open.push((course.state, log));
            }
            known.insert((state, log));
        }
        Some(allowed)
    }

    /// All steps; where a fence is next, that one alone.
    fn courses(&self, state: &State, sent: &[u32]) -> Vec<(Slot, Course)> {
        let slots = || (0..state.stands.len()).map(|place| Slot::try_from(place).expect("slots were numbered"));
        let is_fence = |slot: &Slot| {
            let place = usize::from(*slot);
            let next = state.stands[place].served;
            let item = self.script.lines[place].items.get(next as usize).filter(|_| next < sent[place]);
            item.is_some_and(|item| item.what == Ask::Fence) && state.is_connected(*slot)
        };
        let fence = slots().find(is_fence);
        let chosen: Vec<Slot> = fence.map_or_else(|| slots().collect(), |slot| vec![slot]);
        let courses = chosen.into_iter().map(|slot| (slot, self.script.courses(state, slot, sent[usize::from(slot)])));
        let courses = courses.flat_map(|(slot, courses)| courses.into_iter().map(move |course| (slot, course)));
        // Who is listed does not tell what else comes.
        let is_legal = |fault: Option<CourseFault>| matches!(fault, None | Some(CourseFault::Listed));
        courses.filter(|(_, course)| is_legal(course.fault)).collect()
    }

    fn note(&self, log: &Log, slot: Slot, course: &Course) -> Log {
        let mut log = log.clone();
        if let Some((message, _)) = &course.ack {
            log.answers.insert((slot, course.item), self.message(message));
        }
        for (to, message, _) in &course.sent {
            if self.is_whole(*to) && !matches!(message, ServerMessage::Error(..)) {
                log.events.entry(*to).or_default().push(self.message(message));
            }
        }
        log
    }

    fn seen(&self, begin: usize, end: usize) -> String {
        let mut log = Log::default();
        for mark in &self.script.marks[begin..end] {
            match mark.what {
                MarkKind::Answered(slot, number) => {
                    let item = &self.script.lines[usize::from(slot)].items[number as usize];
                    if item.what != Ask::Fence {
                        log.answers.insert((slot, number), self.answer(&item.answer));
                    }
                }
                MarkKind::Seen(slot, number) if self.is_whole(slot) => {
                    let look = self.script.lines[usize::from(slot)].sightings[number as usize].look;
                    if let Some(event) = self.look(look) {
                        log.events.entry(slot).or_default().push(event);
                    }
                }
                MarkKind::Seen(..) | MarkKind::Opened(_) | MarkKind::Sent(_) | MarkKind::PhaseEnd => {}
            }
        }
        self.text(&log)
    }

    /// Whether a connection sees the phase to its end.
    fn is_whole(&self, slot: Slot) -> bool {
        let line = &self.script.lines[usize::from(slot)];
        let over = |item: &Item| (item.is_end() || item.what == Ask::Broken) && item.phase <= self.phase;
        line.frozen_at.is_none() && !line.items.iter().any(over)
    }

    /// The client's name, whichever of its connections it is: how often it came back before makes no difference.
    fn name(&self, slot: Slot) -> String {
        let name = self.story.name(self.script.lines[usize::from(slot)].connection);
        name.trim_end_matches('\'').to_owned()
    }

    fn user(&self, user: u32) -> String {
        let place = self.script.lines.iter().position(|line| line.user == user);
        place.map_or("?".to_owned(), |place| self.name(Slot::try_from(place).expect("slots were numbered")))
    }

    /// The number of an item among those of its connection in this phase.
    fn place(&self, slot: Slot, number: u32) -> usize {
        let items = &self.script.lines[usize::from(slot)].items[..number as usize];
        items.iter().filter(|item| item.phase == self.phase).count()
    }

    fn message(&self, message: &Message) -> String {
        match message {
            ServerMessage::Created(_) => "created".to_owned(),
            ServerMessage::Joined(_, members) => joined(members.iter().map(|slot| self.name(*slot)).collect()),
            ServerMessage::Refused(_) => "refused".to_owned(),
            ServerMessage::UserJoined(slot) => format!("+{}", self.name(*slot)),
            ServerMessage::UserLeft(slot) => format!("-{}", self.name(*slot)),
            ServerMessage::RoomClosed => "room closed".to_owned(),
            ServerMessage::HostChanged(slot) => format!("host {}", self.name(*slot)),
            ServerMessage::Signal { from, payload, .. } => {
                format!("{}#{}", self.name(*from), self.place(*from, *payload))
            }
            ServerMessage::Error(kind, _) => kind.error_type().to_owned(),
        }
    }

    fn answer(&self, answer: &Answer) -> String {
        match answer {
            Answer::Accepted { existing: Some(users), .. } => {
                joined(users.iter().map(|user| self.user(*user)).collect())
            }
            Answer::Accepted { existing: None, .. } => "created".to_owned(),
            Answer::Refused => "refused".to_owned(),
            Answer::None | Answer::Nonsense | Answer::Present(_) => "?".to_owned(),
        }
    }

    fn look(&self, look: Look) -> Option<String> {
        match look {
            Look::Notice { left, user } => Some(format!("{}{}", if left { '-' } else { '+' }, self.user(user))),
            Look::Error(_) => None,
            Look::RoomClosed => Some("closed".to_owned()),
            Look::HostChanged { user } => Some(format!("host {}", self.user(user))),
            Look::Signal { kind, from, payload } => {
                let mut sent = self.script.lines.iter().enumerate().filter(|(_, line)| Some(line.user) == from);
                let found = sent.find_map(|(place, line)| {
                    let carries = |item: &Item| match &item.what {
                        Ask::Signal { kind: own, signal: Ok(aim), .. } => *own == kind && Some(aim.payload) == payload,
                        _ => false,
                    };
                    let number = line.items.iter().position(|item| item.phase == self.phase && carries(item))?;
                    let slot = Slot::try_from(place).expect("slots were numbered");
                    Some(format!("{}#{}", self.name(slot), self.place(slot, super::script::count(number))))
                });
                Some(found.unwrap_or_else(|| "?".to_owned()))
            }
        }
    }

    fn text(&self, log: &Log) -> String {
        let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ((slot, number), answer) in &log.answers {
            parts.entry(self.name(*slot)).or_default().push(format!("{}:{answer}", self.place(*slot, *number)));
        }
        for (slot, events) in &log.events {
            parts.entry(self.name(*slot)).or_default().extend(events.iter().cloned());
        }
        let parts: Vec<_> = parts.into_iter().map(|(name, parts)| format!("{name}[{}]", parts.join(" "))).collect();
        parts.join(" ")
    }
}

fn joined(mut names: Vec<String>) -> String {
    names.sort();
    format!("joined({})", names.join(","))
}
