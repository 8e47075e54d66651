//! ROOM-01 to ROOM-14 on a phase with one act.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::requirement::{
    RequirementId,
    ids::{
        CAP_CAPACITY_01, CAP_HOST_CLOSE_01, ROOM_01, ROOM_02, ROOM_03, ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08,
        ROOM_09, ROOM_10, ROOM_11, ROOM_13, ROOM_14,
    },
};

use super::{
    Notice, Scene,
    host::{Parting, parting},
};
use crate::{
    dialect::{MembersRule, RoomsRule, SecondRoomRule},
    observation::Observation,
    oracle::{Violation, facts::Place, story::Act},
    trace::Ending,
    transport::ConnectionId,
};

/// What has to become of a request, by docs/protocol.md.
enum Outcome {
    Accepted(RequirementId),
    Refused(RequirementId),
    /// The wire does not say enough.
    Open,
}

fn outcome(scene: &Scene<'_>, caller: ConnectionId, join: bool, room: Option<&str>) -> Outcome {
    let place = scene.before.place(caller);
    let Some(room) = room else { return Outcome::Refused(ROOM_03) };
    match place {
        Place::Gone | Place::MaybeIn(_) => return Outcome::Open,
        Place::In(rooms) => match scene.dialect().second_room {
            SecondRoomRule::Refused => return Outcome::Refused(ROOM_04),
            SecondRoomRule::Moves | SecondRoomRule::Impossible => return Outcome::Open,
            // What becomes of a request for a room that the caller is in is open.
            SecondRoomRule::Several if rooms.contains(room) => return Outcome::Open,
            SecondRoomRule::Several => {}
        },
        Place::Nowhere => {}
    }
    let exists = !scene.before.members(room).is_empty();
    let unclear = !exists && !scene.before.maybe_members(room).is_empty();
    let existed = scene.before.existed(room);
    // Where entering makes a room, to create and to join are the same.
    let join = if scene.dialect().rooms == RoomsRule::Created { join } else { exists };
    match (join, exists) {
        _ if unclear => Outcome::Open,
        (false, true) => Outcome::Refused(ROOM_02),
        (false, false) => Outcome::Accepted(if existed { ROOM_11 } else { ROOM_01 }),
        (true, true) => entry(scene, room),
        (true, false) => Outcome::Refused(if existed { ROOM_11 } else { ROOM_05 }),
    }
}

/// What has to become of a join of an existing room.
fn entry(scene: &Scene<'_>, room: &str) -> Outcome {
    let Some(most) = scene.before.profile.capacity() else { return Outcome::Accepted(ROOM_06) };
    let (least, unclear) = (scene.before.members(room).len(), scene.before.maybe_members(room).len());
    match usize::from(most.get()) {
        most if least >= most => Outcome::Refused(CAP_CAPACITY_01),
        most if least + unclear >= most => Outcome::Open,
        _ => Outcome::Accepted(ROOM_06),
    }
}

pub(super) fn request(
    scene: &Scene<'_>,
    act: &Act,
    join: bool,
    room: Option<&str>,
    ack: bool,
    found: &mut Vec<Violation>,
) {
    scene.expect_no_stray_signals(act.connection, found);
    let (clause, accepted) = match outcome(scene, act.connection, join, room) {
        Outcome::Open => return,
        Outcome::Accepted(clause) => (clause, true),
        Outcome::Refused(clause) => (clause, false),
    };
    // Whether a request without an ack takes effect is left open; a refused one certainly has none.
    if !ack && accepted {
        return;
    }
    if ack {
        self::ack(scene, act, join, room, (clause, accepted), found);
    }
    // Whom to tell of a joiner is a question only if it joined.
    if accepted && !matches!(act.ack, Some(Some(Observation::Accepted { .. }))) {
        return;
    }
    if scene.is_thrown_out(act.connection) {
        return expect_departure(scene, act.connection, None, ROOM_10, found);
    }
    let mut expected = BTreeMap::new();
    // Where entering makes a room, whoever creates one with members in it joins them.
    let join = join || scene.dialect().rooms != RoomsRule::Created;
    let notice_clause = match (accepted, join) {
        (true, true) => ROOM_07,
        (true, false) => ROOM_01,
        (false, _) => clause,
    };
    if let (true, true, Some(room)) = (accepted, join, room) {
        let user = scene.story.user(act.connection);
        let members = scene.before.members(room);
        if scene.before.profile.rules().announce_joins {
            expected = members.iter().map(|member| (*member, vec![(false, user)])).collect();
        }
        if scene.dialect().members == MembersRule::Announced {
            let known = members.into_iter().map(|member| (false, scene.story.user(member)));
            expected.insert(act.connection, known.collect());
        }
    }
    scene.expect_notices(&expected, notice_clause, found);
}

/// The ack of a request whose outcome is certain.
fn ack(
    scene: &Scene<'_>,
    act: &Act,
    join: bool,
    room: Option<&str>,
    (clause, accepted): (RequirementId, bool),
    found: &mut Vec<Violation>,
) {
    let name = scene.story.name(act.connection);
    let expected = format!("{name}'s request is {}", if accepted { "accepted" } else { "refused" });
    match &act.ack {
        None => found.push(scene.missing(clause, expected)),
        Some(None) => found.push(scene.violation(clause, expected, "an ack without a boolean `success`")),
        Some(Some(Observation::Refused)) if accepted => {
            found.push(scene.violation(clause, expected, "it was refused"));
        }
        Some(Some(Observation::Accepted { .. })) if !accepted => {
            found.push(scene.violation(clause, expected, "it was accepted"));
        }
        Some(Some(Observation::Accepted { room: named, existing })) => {
            if named.as_deref() != room {
                let actual = format!("{:?}", named.as_deref().unwrap_or("none"));
                found.push(scene.violation(clause, format!("the ack's roomId is {:?}", room.unwrap_or("")), actual));
            }
            if let (true, Some(room)) = (join && scene.dialect().lists_members(), room) {
                existing_users(scene, room, existing.as_deref(), found);
            }
        }
        Some(Some(_)) => {}
    }
}

fn existing_users(scene: &Scene<'_>, room: &str, listed: Option<&[String]>, found: &mut Vec<Violation>) {
    let names = |users: &BTreeSet<&str>| {
        let names: Vec<_> = users.iter().map(|user| scene.story.name_of_user(user)).collect();
        format!("[{}]", names.join(", "))
    };
    let users = |connections: BTreeSet<ConnectionId>| -> BTreeSet<&str> {
        connections.into_iter().map(|connection| scene.story.user(connection)).collect()
    };
    let members = users(scene.before.members(room));
    let maybe = users(scene.before.maybe_members(room));
    let expected = format!("existingUsers = {}", names(&members));
    let Some(listed) = listed else {
        found.push(scene.violation(ROOM_06, expected, "no list of strings"));
        return;
    };
    let distinct: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    let certain: BTreeSet<&str> = distinct.difference(&maybe).copied().collect();
    if certain != members {
        found.push(scene.violation(ROOM_06, expected, names(&distinct)));
    } else if distinct.len() != listed.len() {
        found.push(scene.violation(ROOM_06, expected, "somebody is listed twice"));
    }
}

pub(super) fn leave(scene: &Scene<'_>, act: &Act, named: Option<&str>, found: &mut Vec<Violation>) {
    scene.expect_no_stray_signals(act.connection, found);
    let named = named.filter(|_| scene.dialect().has_several_rooms());
    let clause = match scene.before.place(act.connection) {
        Place::In(rooms) if named.is_some_and(|named| !rooms.contains(named)) => ROOM_09,
        Place::In(_) => ROOM_08,
        Place::Nowhere => ROOM_09,
        Place::MaybeIn(_) | Place::Gone => return,
    };
    expect_departure(scene, act.connection, named, clause, found);
}

pub(super) fn ending(scene: &Scene<'_>, act: &Act, how: Ending, found: &mut Vec<Violation>) {
    match how {
        Ending::Freeze => {}
        Ending::Noticed => noticed(scene, act.connection, found),
        Ending::Close | Ending::Drop => {
            scene.expect_no_stray_signals(act.connection, found);
            if !matches!(scene.before.place(act.connection), Place::MaybeIn(_)) {
                expect_departure(scene, act.connection, None, ROOM_10, found);
            }
        }
    }
}

/// Everybody hears of a connection's departure who has to, or of the end of the room in its place: from all its rooms, or
/// from the one that it names.
pub(super) fn expect_departure(
    scene: &Scene<'_>,
    leaver: ConnectionId,
    named: Option<&str>,
    clause: RequirementId,
    found: &mut Vec<Violation>,
) {
    match parting(scene, leaver) {
        Parting::Stays => scene.expect_notices(&departure(scene, leaver, named), clause, found),
        Parting::Closes => scene.expect_notices(&BTreeMap::new(), CAP_HOST_CLOSE_01, found),
        Parting::Unclear => {}
    }
}

/// Everybody who has to hear of a connection's departure, and what: once for each room that it leaves.
fn departure<'a>(
    scene: &Scene<'a>,
    leaver: ConnectionId,
    named: Option<&str>,
) -> BTreeMap<ConnectionId, Vec<Notice<'a>>> {
    let is_told = scene.before.profile.rules().announce_leaves;
    let rooms = scene.before.rooms(leaver).into_iter().filter(|room| named.is_none_or(|named| named == room));
    let mut due: BTreeMap<ConnectionId, Vec<Notice<'a>>> = BTreeMap::new();
    for room in rooms.filter(|_| is_told) {
        for member in scene.before.members(&room).into_iter().filter(|member| *member != leaver) {
            due.entry(member).or_default().push((true, scene.story.user(leaver)));
        }
    }
    due
}

/// ROOM-13: by now every fellow member was told that the frozen client is gone.
fn noticed(scene: &Scene<'_>, frozen: ConnectionId, found: &mut Vec<Violation>) {
    if !scene.before.profile.rules().announce_leaves {
        return;
    }
    let Place::MaybeIn(rooms) = scene.before.place(frozen) else { return };
    // It was in one certain room when it froze, or nobody can say whom its end concerns.
    let [room] = &rooms.into_iter().collect::<Vec<_>>()[..] else { return };
    let user = scene.story.user(frozen);
    let told = |member: ConnectionId| {
        let seen = scene.story.phases[..=scene.index].iter().flat_map(|phase| &phase.seen);
        seen.filter(|seen| seen.connection == member)
            .any(|seen| matches!(&seen.what, Observation::Notice { left: true, user: gone, .. } if gone == user))
    };
    for member in scene.before.members(room) {
        if !told(member) {
            let what = format!("{} gets {}", scene.story.name(member), scene.describe_notice((true, user)));
            found.push(scene.missing(ROOM_13, format!("{what} within the server's own heartbeat")));
        }
    }
}

/// ROOM-14 on every notice of the phase.
pub(super) fn timestamps(scene: &Scene<'_>, found: &mut Vec<Violation>) {
    if !scene.dialect().has_timestamps {
        return;
    }
    for seen in &scene.phase.seen {
        if let Observation::Notice { timestamp, .. } = &seen.what {
            let text = timestamp.as_deref().unwrap_or("");
            if !is_rfc3339(text) {
                let actual = timestamp.as_ref().map_or("no string".to_owned(), |text| format!("{text:?}"));
                found.push(scene.violation(ROOM_14, "the timestamp is an RFC 3339 date-time", actual));
                return;
            }
        }
    }
}

/// `date "T" time offset`: the parser alone also takes forms of RFC 9557 and ISO 8601 that RFC 3339 has not.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let dashes = bytes.len() >= 20 && bytes[4] == b'-' && bytes[7] == b'-' && matches!(bytes[10], b'T' | b't' | b' ');
    let zoned =
        text.ends_with(['Z', 'z']) || (text.is_ascii() && bytes[bytes.len().saturating_sub(3)..].starts_with(b":"));
    dashes && zoned && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_rfc3339;

    #[test]
    fn date_times_of_rfc_3339_and_nothing_else() {
        for good in
            ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123Z", "2026-01-02T03:04:05+05:30", "2026-01-02t03:04:05z"]
        {
            assert!(is_rfc3339(good), "{good}");
        }
        for bad in [
            "",
            "1767323045",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-13-02T03:04:05Z",
            "20260102T030405Z",
            "Fri Jan 02 2026",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }
}
