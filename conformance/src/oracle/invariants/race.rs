//! Claims that hold in every legal order of acts that raced.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::{
    message::SignalKind,
    requirement::{
        RequirementId,
        ids::{RELAY_01, RELAY_02, RELAY_03, RELAY_04, ROOM_07, ROOM_08, ROOM_12, ROOM_15},
    },
};
use serde_json::Value;

use super::Scene;
use crate::{
    capability::Capability,
    observation::{Observation, json_equal},
    oracle::{
        Violation,
        facts::{Fault, Place, Stimulus},
        story::Act,
    },
    transport::ConnectionId,
};

pub(super) fn judge(scene: &Scene<'_>, acts: &[Act], found: &mut Vec<Violation>) {
    concurrent_creates(scene, acts, found);
    signals_between_members_that_stay(scene, acts, found);
    bystanders(scene, acts, found);
}

/// Whether an act may change who is where.
fn moves(act: &Act) -> bool {
    matches!(
        act.stimulus(),
        Stimulus::Request { .. } | Stimulus::Leave { .. } | Stimulus::Ending(_) | Stimulus::Broken { .. }
    )
}

/// ROOM-15: of several creates of one unused id by callers in no room, exactly one succeeds.
fn concurrent_creates(scene: &Scene<'_>, acts: &[Act], found: &mut Vec<Violation>) {
    if !scene.before.profile.judges(ROOM_15) {
        return;
    }
    let mut creates: BTreeMap<&str, Vec<&Act>> = BTreeMap::new();
    for act in acts {
        match act.stimulus() {
            Stimulus::Request { join: false, room: Some(room), .. } => creates.entry(room).or_default().push(act),
            // A winner that leaves at once makes room for another one.
            Stimulus::Leave { .. } | Stimulus::Ending(_) | Stimulus::Broken { .. } => return,
            Stimulus::Request { .. } | Stimulus::Signal { .. } | Stimulus::UnknownEvent => {}
        }
    }
    for (room, creates) in creates {
        let callers: BTreeSet<_> = creates.iter().map(|act| act.connection).collect();
        let unused = scene.before.members(room).is_empty() && scene.before.maybe_members(room).is_empty();
        // What a caller asked for besides may have brought it into another room before.
        let asks_once = |caller: &&Act| {
            let own = acts.iter().filter(|act| act.connection == caller.connection);
            let requests = own.filter(|act| matches!(act.stimulus(), Stimulus::Request { room: Some(_), .. }));
            scene.before.place(caller.connection) == Place::Nowhere && requests.count() == 1
        };
        if callers.len() < 2 || !unused || !creates.iter().all(asks_once) || !creates.iter().all(|act| act.asks_ack()) {
            continue;
        }
        let expected = format!("exactly one of {} concurrent creates succeeds", creates.len());
        let accepted = creates.iter().filter(|act| matches!(act.ack, Some(Some(Observation::Accepted { .. })))).count();
        if creates.iter().any(|act| act.ack.is_none()) {
            found.push(scene.missing(ROOM_15, format!("an ack to each; {expected}")));
        } else if accepted != 1 {
            found.push(scene.violation(ROOM_15, expected, format!("{accepted} succeeded")));
        }
    }
}

/// RELAY-01 between two members of one room that do nothing but signal: everything arrives once, whatever others do.
fn signals_between_members_that_stay(scene: &Scene<'_>, acts: &[Act], found: &mut Vec<Violation>) {
    // Whose a signal is that does not say so, only the model can tell.
    if !scene.dialect().names_sender {
        return;
    }
    let unsettled: BTreeSet<_> = acts.iter().filter(|act| moves(act)).map(|act| act.connection).collect();
    let staying: Vec<_> = scene.before.listening().filter(|one| !unsettled.contains(one)).collect();
    for &sender in &staying {
        for &target in staying.iter().filter(|target| **target != sender) {
            let (own, theirs) = (scene.before.rooms(sender), scene.before.rooms(target));
            let shared: BTreeSet<_> = own.intersection(&theirs).cloned().collect();
            let shaken = own.iter().any(|room| may_end(scene, acts, room));
            if !shared.is_empty() && !shaken && !scene.phase.ended.contains(&target) {
                each_arrives_once(scene, acts, sender, (target, &shared), found);
            }
        }
    }
}

/// Whether a room may end by what somebody else does.
fn may_end(scene: &Scene<'_>, acts: &[Act], room: &str) -> bool {
    let may_leave = |act: &Act| match scene.before.place(act.connection) {
        Place::In(rooms) | Place::MaybeIn(rooms) => rooms.contains(room),
        Place::Nowhere | Place::Gone => false,
    };
    scene.before.profile.has(Capability::HostClose) && acts.iter().any(|act| moves(act) && may_leave(act))
}

type Content<'a> = (SignalKind, &'a Value);

fn each_arrives_once(
    scene: &Scene<'_>,
    acts: &[Act],
    sender: ConnectionId,
    (target, shared): (ConnectionId, &BTreeSet<String>),
    found: &mut Vec<Violation>,
) {
    let several = scene.dialect().has_several_rooms();
    let user = scene.story.user(target);
    let sent = acts.iter().filter(|act| act.connection == sender).filter_map(|act| match act.stimulus() {
        Stimulus::Signal { kind, target: Some(to), payload: Some(payload), room, fault: Fault::None } => {
            let is_in_reach = !several || room.is_none_or(|room| shared.contains(room));
            (to == user && is_in_reach).then_some((kind, payload))
        }
        _ => None,
    });
    let from_sender = Some(scene.story.user(sender));
    let arrived =
        scene.phase.seen.iter().filter(|seen| seen.connection == target).filter_map(|seen| match &seen.what {
            Observation::Signal { kind, from, payload: Some(payload) } if from.as_deref() == from_sender => {
                Some((*kind, payload))
            }
            _ => None,
        });
    let same = |one: &Content<'_>, other: &Content<'_>| one.0 == other.0 && json_equal(one.1, other.1);
    let mut left: Vec<Content<'_>> = arrived.collect();
    let (from, to) = (scene.story.name(sender), scene.story.name(target));
    for signal in sent {
        match left.iter().position(|other| same(other, &signal)) {
            Some(place) => {
                left.remove(place);
            }
            None => {
                let what = format!(
                    "{to} gets {} of {from}: {}",
                    signal.0.event(),
                    super::relay::shorten(&signal.1.to_string())
                );
                found.push(match altered(scene, sender, target, signal, &left) {
                    Some((clause, actual)) => scene.violation(clause, what, actual),
                    None => scene.missing(RELAY_01, what),
                });
                return;
            }
        }
    }
    if let Some((kind, payload)) = left.first() {
        let actual = format!("{to} got {} of {from}: {}", kind.event(), super::relay::shorten(&payload.to_string()));
        found.push(scene.violation(RELAY_01, "each signal arrives once, as it was sent", actual));
    }
}

/// A signal that did not arrive as it was sent, but may have with another sender's name or another payload: the clause on
/// that. `left` is what came of the sender and was not sent so.
fn altered(
    scene: &Scene<'_>,
    sender: ConnectionId,
    target: ConnectionId,
    (kind, payload): Content<'_>,
    left: &[Content<'_>],
) -> Option<(RequirementId, &'static str)> {
    let own = Some(scene.story.user(sender));
    let renamed = scene.phase.seen.iter().any(|seen| match &seen.what {
        Observation::Signal { kind: other, from, payload: Some(arrived) } => {
            let here = seen.connection == target && *other == kind;
            here && from.as_deref() != own && json_equal(arrived, payload)
        }
        _ => false,
    });
    match renamed {
        true => Some((RELAY_03, "it arrived under another name")),
        false if left.iter().any(|(other, _)| *other == kind) => Some((RELAY_02, "another payload arrived")),
        false => None,
    }
}

/// Clients in no room that do nothing hear nothing.
fn bystanders(scene: &Scene<'_>, acts: &[Act], found: &mut Vec<Violation>) {
    for seen in &scene.phase.seen {
        let idle = acts.iter().all(|act| act.connection != seen.connection);
        if !idle || scene.before.place(seen.connection) != Place::Nowhere {
            continue;
        }
        let (clause, user) = match &seen.what {
            Observation::Notice { left: true, user, .. } => (ROOM_08, user.as_str()),
            Observation::Notice { left: false, user, .. } => (ROOM_07, user.as_str()),
            Observation::Signal { .. } if !scene.before.profile.judges(RELAY_04) => continue,
            Observation::Signal { from, .. } => (RELAY_01, from.as_deref().unwrap_or("")),
            _ => continue,
        };
        let clause = if scene.is_former_fellow(seen.connection, user) { ROOM_12 } else { clause };
        let name = scene.story.name(seen.connection);
        found.push(scene.violation(clause, format!("{name}, in no room, hears nothing"), "it got a message"));
    }
}
