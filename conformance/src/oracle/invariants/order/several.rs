//! ORDER-01 and the stays where a member may be in several rooms.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::requirement::ids::ORDER_01;

use super::{Event, Moment, Notice, Stay, accepted, violation};
use crate::{
    dialect::{Dialect, MembersRule},
    observation::Observation,
    oracle::{Violation, facts::Stimulus, story::Story},
    transport::ConnectionId,
};

/// Splits a connection's view into stays, which may be at the same time, and judges ORDER-01. A notice does not say of which
/// room it is, so all open stays have it. Who is known counts once for each room; when the member itself leaves one of several
/// rooms, nobody can say who is known any more, until it has left all. Neither can one say that in a second room, where a
/// joiner is not told who is there.
pub(super) fn read_stays(
    story: &Story,
    connection: ConnectionId,
    moments: &[Moment<'_>],
    dialect: &Dialect,
    found: &mut Vec<Violation>,
) -> Vec<Stay> {
    let is_told = dialect.members != MembersRule::Untold;
    let mut stays: Vec<Stay> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    let mut early: Vec<(&str, usize)> = Vec::new();
    let mut is_sure = true;
    for moment in moments {
        match moment {
            Moment::Acked(act) => {
                let Some((room, existing)) = accepted(act) else { continue };
                if open.is_empty() {
                    (known, gone, early, is_sure) = (BTreeMap::new(), BTreeSet::new(), Vec::new(), true);
                }
                if open.iter().any(|place| stays[*place].room == room) {
                    // What it is told then is open.
                    is_sure = false;
                    continue;
                }
                // Who was there and told of by nobody may leave one room and go on in another.
                is_sure &= open.is_empty() || is_told;
                existing.iter().for_each(|user| *known.entry(user).or_default() += 1);
                open.push(stays.len());
                stays.push(Stay { connection, room: room.to_owned(), since: act.at, notices: Vec::new() });
            }
            Moment::Act(act) => match act.stimulus() {
                Stimulus::Leave { room: Some(room) } => {
                    open.retain(|place| stays[*place].room != room);
                    is_sure = false;
                }
                Stimulus::Leave { room: None } | Stimulus::Ending(_) => open.clear(),
                Stimulus::Request { ack: false, .. } => is_sure = false,
                Stimulus::Request { .. } | Stimulus::Signal { .. } => {}
                Stimulus::UnknownEvent | Stimulus::Broken { .. } => {}
            },
            Moment::Seen(_) if open.is_empty() => {}
            Moment::Seen(seen) => match &seen.what {
                Observation::Notice { left, user, .. } => {
                    for place in &open {
                        stays[*place].notices.push(Notice { left: *left, user: user.clone(), at: seen.at });
                    }
                    let rooms = known.entry(user).or_default();
                    if *left {
                        *rooms = rooms.saturating_sub(1);
                        if *rooms == 0 {
                            gone.insert(user);
                            early.retain(|(sender, _)| sender != user);
                        }
                        continue;
                    }
                    *rooms += 1;
                    gone.remove(user.as_str());
                    if let Some((_, at)) = early.iter().find(|(sender, _)| is_sure && sender == user) {
                        let expected = format!("user-joined {} before any signal of it", story.name_of_user(user));
                        found.push(violation(story, ORDER_01, *at, expected, "a signal came first"));
                    }
                }
                Observation::Signal { from: Some(from), .. }
                    if is_sure && known.get(from.as_str()).is_none_or(|rooms| *rooms == 0) =>
                {
                    if gone.contains(from.as_str()) {
                        let expected = format!("no signal of {} after its user-left", story.name_of_user(from));
                        found.push(violation(story, ORDER_01, seen.at, expected, "a signal of it"));
                    }
                    early.push((from, seen.at));
                }
                _ => {}
            },
        }
    }
    stays
}

/// The event that a notice can be about in the room of a stay, where a member may be in several: the one act in that phase that
/// makes its user enter or leave this room, and no other. Whoever leaves several rooms at once is not looked at, and neither
/// is in which order things happen in two rooms.
pub(super) fn event<'a>(story: &Story, stay: &Stay, notice: &'a Notice, number: usize) -> Option<Event<'a>> {
    let mut moving = story.phases[number].acts.iter().filter(|act| story.user(act.connection) == notice.user);
    let mut moving = moving.by_ref().filter_map(|act| match act.stimulus() {
        Stimulus::Request { room, .. } => Some((false, room)),
        Stimulus::Leave { room } => Some((true, room)),
        Stimulus::Ending(_) | Stimulus::Broken { .. } => Some((true, None)),
        Stimulus::Signal { .. } | Stimulus::UnknownEvent => None,
    });
    let (is_leave, room) = moving.next()?;
    let is_it = moving.next().is_none() && is_leave == notice.left && room == Some(&*stay.room);
    is_it.then_some((number, notice.left, notice.user.as_str()))
}
