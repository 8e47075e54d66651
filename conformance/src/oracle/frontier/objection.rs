//! What an explanation of a trace takes for broken.

use glare_model::requirement::RequirementId;

use super::script::{Message, Script, Slot};

/// A clause that is taken for broken, in which phase, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) requirement: RequirementId,
    pub(super) phase: usize,
    pub(super) ground: Ground,
}

/// Why a clause is taken for broken. Sightings and items go by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// A message does not come, or not in its place.
    Missing {
        to: Slot,
        message: Message,
        /// The sighting that came in its place.
        place: u32,
    },
    /// Something comes that nothing explains.
    Unasked {
        at: Slot,
        sighting: u32,
        /// Whether the state tells which clause forbids it.
        is_told: bool,
    },
    /// A signal comes under another name, or with another payload.
    Altered { to: Slot, sighting: u32, message: Message },
    /// Something of a room comes before the ack of the join.
    Early { to: Slot, sighting: u32 },
    /// A request gets another answer than this, or none.
    Answer { slot: Slot, number: u32, message: Message },
    /// Who asks who is there is told of others than these users.
    Listed { slot: Slot, number: u32, present: Vec<u32> },
    /// A request that has to be refused in every state succeeds.
    FenceAccepted(Slot),
    /// A signal to oneself is delivered.
    SelfSignal(Slot),
    /// A connection is ended without a reason.
    Ended(Slot),
    /// The end of a connection, or its silence, takes no effect in time.
    NotNoticed { slot: Slot, ending: &'static str },
    /// Messages came in another order: this one too early or too late.
    OutOfOrder { to: Slot, sighting: u32, message: Message },
}

impl Objection {
    /// Whether it says that something had not happened yet, which nobody but a clock can tell.
    pub(super) fn is_late(&self) -> bool {
        matches!(self.ground, Ground::NotNoticed { .. })
    }
}

/// Objections that say one thing together are made one: a message that is missing in its place and comes in another is out
/// of order.
pub(super) fn merge(script: &Script, objections: &[Objection]) -> Vec<Objection> {
    let mut merged = Vec::new();
    let mut left: Vec<&Objection> = objections.iter().collect();
    while !left.is_empty() {
        let first = left.remove(0);
        let displaced = left.iter().position(|other| displaced(script, first, other).is_some());
        let one = displaced.and_then(|place| displaced_as(script, first, left.remove(place)));
        merged.push(one.unwrap_or_else(|| first.clone()));
    }
    merged
}

/// The message that is missing according to one of two objections and comes according to the other, if it is the same.
pub(super) fn displaced<'a>(script: &Script, one: &'a Objection, other: &'a Objection) -> Option<(&'a Objection, u32)> {
    let (missing, unasked) = if matches!(one.ground, Ground::Missing { .. }) { (one, other) } else { (other, one) };
    match (&missing.ground, &unasked.ground) {
        (Ground::Missing { to, message, .. }, Ground::Unasked { at, sighting, .. }) if to == at => {
            let seen = &script.lines[usize::from(*to)].sightings[*sighting as usize];
            script.is_message(message, seen).then_some((missing, *sighting))
        }
        _ => None,
    }
}

fn displaced_as(script: &Script, one: &Objection, other: &Objection) -> Option<Objection> {
    let (missing, sighting) = displaced(script, one, other)?;
    let Ground::Missing { to, message, place } = &missing.ground else { return None };
    let clause = script.clause_of_order(*to, message, *place, sighting);
    Some(Objection {
        requirement: clause.unwrap_or(missing.requirement),
        phase: missing.phase,
        ground: Ground::OutOfOrder { to: *to, sighting, message: message.clone() },
    })
}
