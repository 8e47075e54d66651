//! ORDER-01 to ORDER-04, on the whole trace up to a phase. Order is per receiver; no two connections' clocks are compared.

mod several;

use std::collections::{BTreeMap, BTreeSet};

use glare_model::requirement::{
    RequirementId,
    ids::{ORDER_01, ORDER_02, ORDER_03, ORDER_04},
};
use serde_json::Value;

use crate::{
    dialect::{Dialect, MembersRule, SecondRoomRule},
    observation::{Observation, json_equal},
    oracle::{
        Oracle, Violation,
        facts::Stimulus,
        story::{Act, Seen, Story},
    },
    transport::ConnectionId,
};

/// One connection's view: what it sent and what it got, in the order of observation.
enum Moment<'a> {
    Act(&'a Act),
    Acked(&'a Act),
    Seen(&'a Seen),
}

/// Judges the phases up to and including `last`.
pub(in crate::oracle) fn judge_order(story: &Story, last: usize, dialect: &Dialect) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut stays: Vec<Stay> = Vec::new();
    for connection in story.connections.keys() {
        let moments = moments(story, *connection, last);
        // Where nobody answers, whoever asks is in at once, and nothing can come before that.
        if dialect.answers_requests {
            join_ack_comes_first(story, *connection, &moments, dialect, &mut found);
        }
        stays.extend(read_stays(story, *connection, &moments, dialect, &mut found));
        signals_keep_their_order(story, *connection, last, &mut found);
    }
    notices_have_one_order(story, &stays, dialect, &mut found);
    found
}

fn violation(
    story: &Story,
    requirement: RequirementId,
    at: usize,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Violation {
    let phase = story.phases.iter().position(|phase| {
        let seen = phase.seen.iter().any(|seen| seen.at == at);
        seen || phase.acts.iter().any(|act| act.at == at || act.acked_at == Some(at))
    });
    Violation {
        requirement,
        phase: phase.unwrap_or_default(),
        expected: expected.into(),
        actual: actual.into(),
        missing: false,
        oracle: Oracle::Invariants,
    }
}

fn moments(story: &Story, connection: ConnectionId, last: usize) -> Vec<Moment<'_>> {
    let mut moments = Vec::new();
    for phase in &story.phases[..=last] {
        for act in phase.acts.iter().filter(|act| act.connection == connection) {
            moments.push((act.at, Moment::Act(act)));
            if let Some(at) = act.acked_at {
                moments.push((at, Moment::Acked(act)));
            }
        }
        let seen = phase.seen.iter().filter(|seen| seen.connection == connection);
        moments.extend(seen.map(|seen| (seen.at, Moment::Seen(seen))));
    }
    moments.sort_by_key(|(at, _)| *at);
    moments.into_iter().map(|(_, moment)| moment).collect()
}

fn accepted(act: &Act) -> Option<(&str, &[String])> {
    match (&act.ack, act.stimulus()) {
        (Some(Some(Observation::Accepted { existing, .. })), Stimulus::Request { room: Some(room), .. }) => {
            Some((room, existing.as_deref().unwrap_or_default()))
        }
        _ => None,
    }
}

/// ORDER-02: nothing of the room before the join's ack. A client that left another room just before may still hear of
/// that one, and is not judged.
fn join_ack_comes_first(
    story: &Story,
    connection: ConnectionId,
    moments: &[Moment<'_>],
    dialect: &Dialect,
    found: &mut Vec<Violation>,
) {
    let is_of_room = |what: &Observation| match what {
        Observation::Notice { .. } => true,
        Observation::Signal { .. } => !dialect.reaches_everybody(),
        Observation::Accepted { .. } | Observation::Refused | Observation::Error { .. } => false,
        Observation::RoomClosed | Observation::HostChanged { .. } | Observation::Unknown => false,
    };
    let mut waiting = false;
    let mut inside = false;
    let mut leaving = false;
    // It may be in a room and not know it: nobody asked for an ack.
    let mut unsure = false;
    for moment in moments {
        match moment {
            Moment::Act(act) => match act.stimulus() {
                Stimulus::Request { ack: false, .. } => unsure = true,
                Stimulus::Request { join: true, .. } if accepted(act).is_some() => {
                    waiting = !inside && !leaving && !unsure;
                }
                Stimulus::Leave { .. } => {
                    leaving |= inside || unsure;
                    inside = false;
                }
                _ => {}
            },
            Moment::Acked(act) => {
                if accepted(act).is_some() {
                    (waiting, inside, leaving, unsure) = (false, true, false, false);
                }
            }
            Moment::Seen(seen) => {
                if waiting && is_of_room(&seen.what) {
                    let name = story.name(connection);
                    let expected = format!("{name} gets the ack of its join before anything of the room");
                    found.push(violation(story, ORDER_02, seen.at, expected, "a message of the room came first"));
                    return;
                }
            }
        }
    }
}

/// What one connection was told between entering a room and leaving it.
struct Stay {
    connection: ConnectionId,
    room: String,
    /// Where in the trace the room was asked for.
    since: usize,
    notices: Vec<Notice>,
}

/// That somebody joined or left, in the order of arrival.
#[derive(Clone)]
struct Notice {
    left: bool,
    user: String,
    at: usize,
}

/// Splits a connection's view into stays, and judges ORDER-01 in each.
fn read_stays(
    story: &Story,
    connection: ConnectionId,
    moments: &[Moment<'_>],
    dialect: &Dialect,
    found: &mut Vec<Violation>,
) -> Vec<Stay> {
    if dialect.has_several_rooms() {
        return several::read_stays(story, connection, moments, dialect, found);
    }
    let mut stays: Vec<Stay> = Vec::new();
    let mut open = false;
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut early: Vec<(String, usize)> = Vec::new();
    for moment in moments {
        match moment {
            Moment::Acked(act) => {
                if let Some((room, existing)) = accepted(act) {
                    stays.push(Stay { connection, room: room.to_owned(), since: act.at, notices: Vec::new() });
                    known = existing.iter().cloned().collect();
                    early.clear();
                    open = true;
                }
            }
            Moment::Act(act) => open &= !ends_stay(act, dialect),
            Moment::Seen(_) if !open => {}
            Moment::Seen(seen) => match &seen.what {
                Observation::Notice { left, user, .. } => {
                    if let Some(stay) = stays.last_mut() {
                        stay.notices.push(Notice { left: *left, user: user.clone(), at: seen.at });
                    }
                    if *left {
                        known.remove(user);
                        // Whoever was not announced to this one, because it was there before, may come back.
                        early.retain(|(sender, _)| sender != user || dialect.lists_members());
                    } else {
                        known.insert(user.clone());
                        if let Some((_, at)) = early.iter().find(|(sender, _)| sender == user) {
                            let expected = format!("user-joined {} before any signal of it", story.name_of_user(user));
                            found.push(violation(story, ORDER_01, *at, expected, "a signal came first"));
                        }
                    }
                }
                Observation::Signal { from: Some(from), .. } if !known.contains(from) => {
                    let gone = stays
                        .last()
                        .is_some_and(|stay| stay.notices.iter().any(|notice| notice.left && notice.user == *from));
                    if gone {
                        let expected = format!("no signal of {} after its user-left", story.name_of_user(from));
                        found.push(violation(story, ORDER_01, seen.at, expected, "a signal of it"));
                    }
                    early.push((from.clone(), seen.at));
                }
                _ => {}
            },
        }
    }
    stays
}

/// Whether a member may not be where it was any more, or be told anew who is there, without hearing that it is so.
fn ends_stay(act: &Act, dialect: &Dialect) -> bool {
    match act.stimulus() {
        Stimulus::Leave { .. } | Stimulus::Ending(_) => true,
        Stimulus::Request { ack, .. } => !ack && dialect.second_room == SecondRoomRule::Moves,
        Stimulus::Signal { .. } | Stimulus::UnknownEvent | Stimulus::Broken { .. } => false,
    }
}

/// ORDER-03: what one receiver gets of one sender comes in the order in which it was sent.
fn signals_keep_their_order(story: &Story, receiver: ConnectionId, last: usize, found: &mut Vec<Violation>) {
    let phases = &story.phases[..=last];
    let mut arrived: BTreeMap<&str, Vec<(&Value, usize)>> = BTreeMap::new();
    for seen in phases.iter().flat_map(|phase| &phase.seen).filter(|seen| seen.connection == receiver) {
        if let Observation::Signal { from: Some(from), payload: Some(payload), .. } = &seen.what {
            arrived.entry(from).or_default().push((payload, seen.at));
        }
    }
    let user = story.user(receiver);
    for (from, arrived) in arrived {
        let sent = phases.iter().flat_map(|phase| &phase.acts).filter(|act| story.user(act.connection) == from);
        let mut sent = sent.filter_map(|act| match act.stimulus() {
            Stimulus::Signal { target: Some(target), payload: Some(payload), .. } if target == user => Some(payload),
            _ => None,
        });
        // What arrived must be a subsequence of what was sent. A payload that was never sent is another clause's matter.
        let all: Vec<&Value> = sent.by_ref().collect();
        let mut next = 0;
        for (payload, at) in &arrived {
            // One that came more often than it was sent is RELAY-01's matter.
            let times =
                |list: &mut dyn Iterator<Item = &Value>| list.filter(|other| json_equal(other, payload)).count();
            if times(&mut arrived.iter().map(|(payload, _)| *payload)) > times(&mut all.iter().copied()) {
                continue;
            }
            match all[next..].iter().position(|sent| json_equal(sent, payload)) {
                Some(offset) => next += offset + 1,
                None if all[..next].iter().any(|sent| json_equal(sent, payload)) => {
                    let expected = format!(
                        "{} gets the signals of {} in their order",
                        story.name(receiver),
                        story.name_of_user(from)
                    );
                    found.push(violation(story, ORDER_03, *at, expected, "an earlier one came after a later one"));
                    break;
                }
                None => {}
            }
        }
    }
}

/// ORDER-04: any two members of one room see the notices that both see in one order.
fn notices_have_one_order(story: &Story, stays: &[Stay], dialect: &Dialect, found: &mut Vec<Violation>) {
    for (place, one) in stays.iter().enumerate() {
        for other in stays[..place].iter().filter(|other| other.room == one.room && other.connection != one.connection)
        {
            let (mine, theirs) = (common(story, one, other, dialect), common(story, other, one, dialect));
            let differs = mine.iter().zip(&theirs).find(|((_, mine), (_, theirs))| mine != theirs);
            if let (true, Some(((at, _), _))) = (mine.len() == theirs.len(), differs) {
                let expected = format!(
                    "{} and {} see joins and leaves in one order",
                    story.name(other.connection),
                    story.name(one.connection)
                );
                found.push(violation(story, ORDER_04, *at, expected, "they saw different orders"));
            }
        }
    }
}

/// The notices of one stay that are about the same events as notices of another one: where in the trace, and which event.
fn common<'a>(story: &'a Story, stay: &'a Stay, other: &'a Stay, dialect: &Dialect) -> Vec<(usize, Event<'a>)> {
    let others = other.notices.iter().filter_map(|notice| event(story, other, notice, dialect));
    let others: BTreeSet<_> = others.collect();
    let own = stay.notices.iter().filter_map(|notice| Some((notice.at, event(story, stay, notice, dialect)?)));
    own.filter(|(_, event)| others.contains(event)).collect()
}

/// The phase, whether somebody left, and who.
type Event<'a> = (usize, bool, &'a str);

/// The one event that a notice can be about; none where a client came or went more than once in that phase, for two
/// members may have seen different ones of these. Neither where it may only say who was there before: in which order a
/// joiner hears of those is free.
fn event<'a>(story: &Story, stay: &Stay, notice: &'a Notice, dialect: &Dialect) -> Option<Event<'a>> {
    let phase_of = |at: usize| story.phases.partition_point(|phase| phase.began_at <= at).checked_sub(1);
    let number = phase_of(notice.at)?;
    if dialect.members == MembersRule::Announced && !notice.left && phase_of(stay.since) == Some(number) {
        return None;
    }
    if dialect.has_several_rooms() {
        return several::event(story, stay, notice, number);
    }
    let moves = dialect.second_room == SecondRoomRule::Moves;
    let acts = story.phases[number].acts.iter().filter(|act| story.user(act.connection) == notice.user);
    let may_be = acts.filter(|act| match act.stimulus() {
        Stimulus::Request { .. } => !notice.left || moves,
        Stimulus::Leave { .. } | Stimulus::Ending(_) | Stimulus::Broken { .. } => notice.left,
        Stimulus::Signal { .. } | Stimulus::UnknownEvent => false,
    });
    (may_be.count() <= 1).then_some((number, notice.left, &notice.user))
}
