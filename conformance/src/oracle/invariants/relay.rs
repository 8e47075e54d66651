//! RELAY-01 to RELAY-08, and the forms of signals (ERR-01, ERR-02), on a phase with one act.

use std::collections::BTreeSet;

use glare_model::{
    message::SignalKind,
    requirement::{
        RequirementId,
        ids::{
            ERR_01, ERR_02, RELAY_01, RELAY_02, RELAY_03, RELAY_04, RELAY_05, RELAY_06, RELAY_07, RELAY_08, ROOM_12,
        },
    },
    room::Relay,
};
use serde_json::Value;

use super::Scene;
use crate::{
    observation::{Observation, json_equal},
    oracle::{
        Violation,
        facts::{Fault, Place},
        story::{Act, What},
    },
    transport::ConnectionId,
};

/// A signal as it was sent.
pub(super) struct Sent<'a> {
    pub(super) kind: SignalKind,
    pub(super) target: Option<&'a str>,
    pub(super) payload: Option<&'a Value>,
    pub(super) room: Option<&'a str>,
    pub(super) fault: Fault,
}

pub(super) fn signal(scene: &Scene<'_>, act: &Act, sent: &Sent<'_>, found: &mut Vec<Violation>) {
    scene.expect_no_stray_notices(found);
    match sent.fault.for_target(&scene.before.profile) {
        Fault::Unclear => {}
        Fault::Malformed => {
            // A target that is there and no string has a clause of its own for whom it may reach.
            let clause = if names_no_one_user(act) { RELAY_06 } else { ERR_01 };
            scene.expect_no_signal(clause, |_| false, found);
            expect_error(scene, act.connection, sent.kind, ERR_01, found);
        }
        Fault::TooLarge => {
            scene.expect_no_signal(ERR_02, |_| false, found);
            expect_error(scene, act.connection, sent.kind, ERR_02, found);
        }
        Fault::None => well_formed(scene, act.connection, sent, found),
    }
}

fn names_no_one_user(act: &Act) -> bool {
    let What::Sent { data: Some(data), .. } = &act.what else { return false };
    data.get("target").is_some_and(|target| !target.is_string())
}

/// What the target string names, as far as the wire says.
enum Named {
    Fellow(ConnectionId),
    Nobody(RequirementId),
    Unclear,
}

fn well_formed(scene: &Scene<'_>, sender: ConnectionId, sent: &Sent<'_>, found: &mut Vec<Violation>) {
    match named(scene, sender, sent.target.unwrap_or(""), sent.room) {
        Named::Unclear => {}
        Named::Fellow(target) => delivery(scene, sender, target, sent, found),
        Named::Nobody(leak) => {
            scene.expect_no_signal(leak, |_| false, found);
            expect_error(scene, sender, sent.kind, RELAY_07, found);
        }
    }
}

fn named(scene: &Scene<'_>, sender: ConnectionId, target: &str, within: Option<&str>) -> Named {
    let everybody = scene.before.profile.rules().relay == Relay::Everybody;
    let rooms = match scene.before.place(sender) {
        Place::In(rooms) => rooms,
        Place::Nowhere if everybody => BTreeSet::new(),
        Place::Nowhere => return Named::Nobody(RELAY_05),
        Place::MaybeIn(_) | Place::Gone => return Named::Unclear,
    };
    // One that is sent in a room is as if its sender were in no other.
    let within = within.filter(|_| scene.dialect().has_several_rooms());
    let rooms: BTreeSet<_> = rooms.into_iter().filter(|room| within.is_none_or(|within| within == room)).collect();
    let owner =
        scene.story.connections.keys().copied().find(|connection| {
            scene.story.user(*connection) == target && scene.before.place(*connection) != Place::Gone
        });
    match owner {
        Some(owner) if owner == sender && !scene.before.profile.judges(RELAY_08) => Named::Unclear,
        Some(owner) if owner == sender => Named::Nobody(RELAY_08),
        Some(owner) if everybody => Named::Fellow(owner),
        Some(owner) => match scene.before.place(owner) {
            Place::In(own) if !own.is_disjoint(&rooms) => Named::Fellow(owner),
            Place::MaybeIn(_) => Named::Unclear,
            // A former fellow is out of reach since it left.
            _ if rooms.iter().any(|room| scene.before.was_in(owner, room)) => Named::Nobody(ROOM_12),
            _ => Named::Nobody(RELAY_04),
        },
        // Who was a user and is gone is outside the room; any other text is not one user id.
        None if scene.story.connections.keys().any(|other| scene.story.user(*other) == target) => {
            Named::Nobody(RELAY_04)
        }
        None => Named::Nobody(RELAY_06),
    }
}

fn delivery(
    scene: &Scene<'_>,
    sender: ConnectionId,
    target: ConnectionId,
    sent: &Sent<'_>,
    found: &mut Vec<Violation>,
) {
    scene.expect_no_signal(RELAY_01, |connection| connection == target, found);
    scene.expect_no_error_elsewhere(sender, RELAY_07, found);
    let name = scene.story.name(target);
    let event = sent.kind.event();
    let arrived: Vec<_> = scene.phase.seen.iter().filter(|seen| seen.connection == target).collect();
    let signals = arrived.iter().filter_map(|seen| match &seen.what {
        Observation::Signal { kind, from, payload } => Some((*kind, from.as_deref(), payload.as_ref())),
        _ => None,
    });
    let signals: Vec<_> = signals.collect();
    let expected = format!("{name} gets {event} exactly once");
    match signals.as_slice() {
        [] if scene.phase.ended.contains(&target) => {}
        [] => found.push(scene.missing(RELAY_01, expected)),
        [(kind, ..)] if *kind != sent.kind => {
            found.push(scene.violation(RELAY_01, expected, format!("{name} got {} instead", kind.event())));
        }
        [(_, from, payload)] => {
            let own = scene.story.user(sender);
            if scene.dialect().names_sender && *from != Some(own) {
                let actual = from.map_or("no string".to_owned(), |from| scene.story.name_of_user(from));
                found.push(scene.violation(RELAY_03, format!("from = {}", scene.story.name(sender)), actual));
            }
            let sent_payload = sent.payload.unwrap_or(&Value::Null);
            if !payload.is_some_and(|payload| json_equal(payload, sent_payload)) {
                let actual = payload.map_or("no payload".to_owned(), |payload| shorten(&payload.to_string()));
                found.push(scene.violation(RELAY_02, shorten(&sent_payload.to_string()), actual));
            }
        }
        several => found.push(scene.violation(RELAY_01, expected, format!("{name} got {} signals", several.len()))),
    }
}

/// The sender, and nobody else, gets an `error` of the kind.
fn expect_error(
    scene: &Scene<'_>,
    sender: ConnectionId,
    kind: SignalKind,
    clause: RequirementId,
    found: &mut Vec<Violation>,
) {
    scene.expect_no_error_elsewhere(sender, clause, found);
    if !scene.before.profile.judges(clause) || scene.dialect().is_silent_on(clause) {
        return;
    }
    let own = scene.phase.seen.iter().filter(|seen| seen.connection == sender);
    let errors: Vec<_> = own
        .filter_map(|seen| match seen.what {
            Observation::Error { kind } => Some(kind),
            _ => None,
        })
        .collect();
    let expected = format!("{} gets error {}", scene.story.name(sender), kind.error_type());
    if errors.is_empty() {
        found.push(scene.missing(clause, expected));
    } else if !errors.iter().any(|named| scene.dialect().is_error_about(*named, kind)) {
        let actual = errors[0].map_or("an error of no known type", SignalKind::error_type);
        found.push(scene.violation(clause, expected, actual));
    }
}

/// Long payloads are cut for reports; the trace has them whole.
pub(super) fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 160;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}.. ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
