//! The clauses, judged one by one on what the wire shows. Nothing here calls the model's `step`: this is the second
//! opinion that keeps the suite from trusting its own model.
//!
//! A phase with one act has a definite outcome, and every clause can be judged on it ([`room`], [`relay`], [`err`]). Where
//! several acts raced, only what holds in every legal order is claimed ([`race`]). Claims about order look at the whole
//! trace ([`order`]).

mod err;
mod host;
mod id;
mod order;
mod race;
mod relay;
mod room;

use std::collections::BTreeMap;

use glare_model::requirement::{
    RequirementId,
    ids::{RELAY_01, RELAY_07, ROOM_01, ROOM_06, ROOM_07, ROOM_08, ROOM_12},
};

use super::{
    Violation,
    facts::{Facts, Place, Stimulus},
    story::{Act, PhaseStory, Story},
};
use crate::{dialect::Dialect, observation::Observation, transport::ConnectionId};

pub(super) use err::fresh_clients_work;
pub(super) use order::judge_order;

/// One phase and what was known before it.
pub(super) struct Scene<'a> {
    pub(super) story: &'a Story,
    pub(super) phase: &'a PhaseStory,
    pub(super) index: usize,
    pub(super) before: &'a Facts,
}

/// A notice that a connection is expected to get: whether somebody left, and who.
type Notice<'a> = (bool, &'a str);

/// Judges one phase.
pub(super) fn judge_phase(scene: &Scene<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    id::judge(scene, &mut found);
    room::timestamps(scene, &mut found);
    match scene.phase.acts.as_slice() {
        [] if scene.phase.knocked => err::knock(scene, &mut found),
        [] => {}
        [act] => judge_act(scene, act, &mut found),
        acts => race::judge(scene, acts, &mut found),
    }
    host::judge(scene, &mut found);
    err::harm(scene, &mut found);
    found
}

fn judge_act(scene: &Scene<'_>, act: &Act, found: &mut Vec<Violation>) {
    match act.stimulus() {
        Stimulus::Request { join, room, ack } => room::request(scene, act, join, room, ack, found),
        Stimulus::Leave { room } => room::leave(scene, act, room, found),
        Stimulus::Ending(how) => room::ending(scene, act, how, found),
        Stimulus::Signal { kind, target, payload, room, fault } => {
            relay::signal(scene, act, &relay::Sent { kind, target, payload, room, fault }, found);
        }
        Stimulus::UnknownEvent => err::unknown_event(scene, found),
        Stimulus::Broken { .. } => err::broken_frame(scene, act, found),
    }
}

impl Scene<'_> {
    fn violation(
        &self,
        requirement: RequirementId,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Violation {
        Violation {
            requirement,
            phase: self.index,
            expected: expected.into(),
            actual: actual.into(),
            missing: false,
            oracle: super::Oracle::Invariants,
        }
    }

    fn missing(&self, requirement: RequirementId, expected: impl Into<String>) -> Violation {
        Violation { missing: true, ..self.violation(requirement, expected, "nothing") }
    }

    /// Whether a departure of this user may be announced at any time: its connection is frozen.
    fn may_vanish(&self, user: &str) -> bool {
        self.before.frozen.iter().any(|connection| self.story.user(*connection) == user)
    }

    /// Whether the target ended a connection because it refused its request, as this target does.
    fn is_thrown_out(&self, connection: ConnectionId) -> bool {
        self.dialect().refusals_close && self.phase.is_thrown_out(connection)
    }

    /// The notices that reached a connection, without those that may come at any time.
    fn notices_at(&self, connection: ConnectionId) -> Vec<Notice<'_>> {
        let own = self.phase.seen.iter().filter(|seen| seen.connection == connection);
        let notices = own.filter_map(|seen| match &seen.what {
            Observation::Notice { left, user, .. } => Some((*left, user.as_str())),
            _ => None,
        });
        notices.filter(|(left, user)| !(*left && self.may_vanish(user))).collect()
    }

    /// Where the target differs.
    fn dialect(&self) -> &Dialect {
        self.before.profile.dialect()
    }

    /// All listening connections get exactly the notices expected of them.
    fn expect_notices(
        &self,
        expected: &BTreeMap<ConnectionId, Vec<Notice<'_>>>,
        clause: RequirementId,
        found: &mut Vec<Violation>,
    ) {
        for connection in self.before.listening() {
            let name = self.story.name(connection);
            let mut notices = self.notices_at(connection);
            let due = expected.get(&connection).map(Vec::as_slice).unwrap_or_default();
            for due in due {
                match notices.iter().position(|notice| notice == due) {
                    Some(place) => {
                        notices.remove(place);
                    }
                    None if self.phase.ended.contains(&connection) => {}
                    None => {
                        // A joiner that is told of somebody who was there: that is its list of members.
                        let introduces = !due.0 && self.phase.acts.iter().any(|act| act.connection == connection);
                        let what = format!("{name} gets {}", self.describe_notice(*due));
                        found.push(self.missing(if introduces { ROOM_06 } else { clause }, what));
                    }
                }
            }
            // What reaches a client that may be a member of the room, only the model can say.
            if matches!(self.before.place(connection), Place::MaybeIn(_)) {
                continue;
            }
            // What the target ended is announced like any end, whatever else the phase is about.
            let extra = notices.iter().find(|notice| {
                !(notice.0 && self.target_ended(notice.1)) || expected.values().flatten().any(|due| due == *notice)
            });
            if let Some(extra) = extra {
                let clause = match clause {
                    _ if self.is_former_fellow(connection, extra.1) => ROOM_12,
                    // A departure that somebody is told of while somebody else joins has nothing to do with joining.
                    ROOM_01 | ROOM_07 if extra.0 => ROOM_08,
                    clause => clause,
                };
                let due = match due {
                    [] => "no notice".to_owned(),
                    [one] => format!("exactly one notice, {}", self.describe_notice(*one)),
                    several => format!("exactly {} notices, one of each", several.len()),
                };
                let actual = format!("{name} got {}", self.describe_notice(*extra));
                found.push(self.violation(clause, format!("{name} gets {due}"), actual));
            }
        }
    }

    /// Whether a connection left the room that this user is in, or joins in this phase: ROOM-12 says that it hears nothing
    /// of that room. It says nothing of other rooms.
    fn is_former_fellow(&self, connection: ConnectionId, user: &str) -> bool {
        let mut owners = self.story.connections.keys().filter(|other| self.story.user(**other) == user);
        let Some(owner) = owners.next_back().filter(|owner| **owner != connection) else { return false };
        let joins = self.phase.acts.iter().filter(|act| act.connection == *owner);
        let joined = joins.filter_map(|act| match act.stimulus() {
            Stimulus::Request { join: true, room, .. } => room.map(str::to_owned),
            _ => None,
        });
        let away = |room: &str| self.before.was_in(connection, room) && !self.before.rooms(connection).contains(room);
        self.before.rooms(*owner).into_iter().chain(joined).any(|room| away(&room))
    }

    /// Whether the target ended this user's connection in this phase.
    fn target_ended(&self, user: &str) -> bool {
        self.phase.ended.iter().any(|connection| self.story.user(*connection) == user)
    }

    fn describe_notice(&self, (left, user): Notice<'_>) -> String {
        format!("{} {}", if left { "user-left" } else { "user-joined" }, self.story.name_of_user(user))
    }

    /// No signal reaches anybody, except what `allowed` takes.
    fn expect_no_signal(
        &self,
        clause: RequirementId,
        allowed: impl Fn(ConnectionId) -> bool,
        found: &mut Vec<Violation>,
    ) {
        for seen in &self.phase.seen {
            if let Observation::Signal { kind, .. } = &seen.what
                && !allowed(seen.connection)
            {
                let name = self.story.name(seen.connection);
                let expected = format!("no signal reaches {name}");
                found.push(self.violation(clause, expected, format!("{name} got {}", kind.event())));
            }
        }
    }

    /// Nobody but the actor gets an `error`.
    fn expect_no_error_elsewhere(&self, actor: ConnectionId, clause: RequirementId, found: &mut Vec<Violation>) {
        for seen in &self.phase.seen {
            if matches!(seen.what, Observation::Error { .. }) && seen.connection != actor {
                let name = self.story.name(seen.connection);
                found.push(self.violation(clause, "the error reaches its sender only", format!("{name} got it")));
            }
        }
    }

    /// What must not happen in a phase that has nothing to do with signals.
    fn expect_no_stray_signals(&self, actor: ConnectionId, found: &mut Vec<Violation>) {
        for seen in &self.phase.seen {
            if let Observation::Signal { kind, from, .. } = &seen.what {
                let name = self.story.name(seen.connection);
                let former = self.is_former_fellow(seen.connection, from.as_deref().unwrap_or(""));
                let clause = if former { ROOM_12 } else { RELAY_01 };
                let actual = format!("{name} got {} while nobody sent one", kind.event());
                found.push(self.violation(clause, "a signal arrives once, when it was sent", actual));
            }
        }
        self.expect_no_error_elsewhere(actor, RELAY_07, found);
    }

    /// What must not happen in a phase that has nothing to do with membership.
    fn expect_no_stray_notices(&self, found: &mut Vec<Violation>) {
        for connection in self.before.listening() {
            for notice in
                self.notices_at(connection).into_iter().filter(|(left, user)| !(*left && self.target_ended(user)))
            {
                let clause = if notice.0 { ROOM_08 } else { ROOM_07 };
                let name = self.story.name(connection);
                let actual = format!("{name} got {}", self.describe_notice(notice));
                found.push(self.violation(clause, format!("no notice reaches {name}"), actual));
            }
        }
    }
}
