//! What follows from a binding for judging: the rules that the target is held to, and the clauses that its wire cannot show.

use std::collections::BTreeMap;

use glare_model::{
    requirement::{
        RequirementId,
        ids::{
            ERR_01, ERR_02, ERR_04, ORDER_01, ORDER_02, ORDER_04, RELAY_03, RELAY_04, RELAY_05, RELAY_07, RELAY_08,
            ROOM_01, ROOM_02, ROOM_03, ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08, ROOM_09, ROOM_10, ROOM_11, ROOM_12,
            ROOM_13, ROOM_14, ROOM_15,
        },
    },
    room::{Entry, Relay, RoomRules, SecondRoom, SelfSignal},
};

use super::{
    plan::{Plan, Receive, Request},
    schema::{
        MalformedRule, Meaning, MembersRule, NoticesRule, ReachRule, RoomsRule, SecondRoomRule, UndeliverableRule,
    },
};

/// What a target is held to, beside docs/protocol.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The rules of the model's variant.
    pub rules: RoomRules,
    /// Clauses that are not judged, each with the reason.
    pub not_applicable: BTreeMap<RequirementId, String>,
    /// Clauses whose answer the target does not owe: that it is missing breaks nothing, and the rest of the clause holds.
    pub silent: Vec<RequirementId>,
    /// Whether a joiner gets a list of members.
    pub lists_members: bool,
    /// Whether a signal names its sender.
    pub names_sender: bool,
    /// Whether a request can be refused so that its sender knows.
    pub answers_requests: bool,
}

impl Dialect {
    /// That of docs/protocol.md.
    #[must_use]
    pub fn core() -> Self {
        Self {
            rules: RoomRules::REFERENCE,
            not_applicable: BTreeMap::new(),
            silent: Vec::new(),
            lists_members: true,
            names_sender: true,
            answers_requests: true,
        }
    }
}

impl Plan {
    /// What the target is held to.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        let declared = self.dialect;
        let mut dialect = Dialect {
            rules: self.rules(),
            lists_members: declared.members == MembersRule::Listed,
            names_sender: self.receive.iter().filter(|it| it.meaning == Meaning::Signal).all(|it| self.has_sender(it)),
            answers_requests: self.join.is_answered(),
            ..Dialect::core()
        };
        for (clauses, reason) in self.reasons(&dialect) {
            for clause in clauses {
                dialect.not_applicable.entry(*clause).or_insert_with(|| reason.to_owned());
            }
        }
        if declared.malformed == MalformedRule::Silent {
            dialect.silent.extend([ERR_01, ERR_02]);
        }
        dialect.not_applicable.extend(self.not_applicable.clone());
        dialect
    }

    fn rules(&self) -> RoomRules {
        let declared = self.dialect;
        let reference = RoomRules::REFERENCE;
        let everybody = declared.reach == ReachRule::Everybody || declared.rooms == RoomsRule::None;
        RoomRules {
            second_room: match declared.second_room {
                SecondRoomRule::Moves => SecondRoom::Move,
                // It is not asked for, where it is not refused.
                SecondRoomRule::Refused | SecondRoomRule::Several | SecondRoomRule::Impossible => SecondRoom::Refuse,
            },
            relay: if everybody { Relay::Everybody } else { Relay::FellowMembers },
            self_signal: SelfSignal::Refuse,
            report_undeliverable: declared.undeliverable == UndeliverableRule::Error,
            report_malformed: declared.malformed == MalformedRule::Error,
            entry: if declared.rooms == RoomsRule::Created { Entry::CreateThenJoin } else { Entry::Either },
            introduce_members: declared.members == MembersRule::Announced,
            announce_joins: matches!(declared.notices, NoticesRule::Both | NoticesRule::Joins),
            announce_leaves: matches!(declared.notices, NoticesRule::Both | NoticesRule::Leaves),
            ..reference
        }
    }

    /// Clauses that cannot be judged, and why.
    fn reasons(&self, dialect: &Dialect) -> Vec<(&'static [RequirementId], &'static str)> {
        let declared = self.dialect;
        let has_timestamps = self.receive.iter().filter(|it| is_notice(it)).all(|it| self.has_timestamp(it));
        let all: [(bool, &'static [RequirementId], &'static str); 13] = [
            (
                declared.rooms == RoomsRule::None,
                &[
                    ROOM_01, ROOM_02, ROOM_03, ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08, ROOM_09, ROOM_11, ROOM_12,
                    ROOM_15, RELAY_04, RELAY_05,
                ],
                "there are no rooms",
            ),
            (
                declared.rooms == RoomsRule::Implicit,
                &[ROOM_02, ROOM_05, ROOM_11, ROOM_15],
                "rooms are made by entering them",
            ),
            (
                declared.second_room != SecondRoomRule::Refused,
                &[ROOM_04],
                "the binding declares what a member gets that asks for another room",
            ),
            (!dialect.lists_members, &[ROOM_06], "a joiner gets no list of members"),
            (
                !dialect.answers_requests,
                &[ROOM_01, ROOM_02, ROOM_03, ROOM_05, ROOM_15, ORDER_02],
                "requests are not answered",
            ),
            (!dialect.answers_requests && self.joins_by_connecting(), &[ERR_04], "there are no requests"),
            (!dialect.rules.announce_joins, &[ROOM_07, ORDER_01, ORDER_04], "nobody is told who joins"),
            (!dialect.rules.announce_leaves, &[ROOM_08, ROOM_10, ROOM_13, ORDER_04], "nobody is told who leaves"),
            (!has_timestamps, &[ROOM_14], "notices have no timestamp"),
            (!dialect.names_sender, &[RELAY_03], "signals do not name their sender"),
            (
                declared.reach == ReachRule::Everybody,
                &[RELAY_04, RELAY_05],
                "the binding declares that signals reach everybody",
            ),
            (
                declared.undeliverable == UndeliverableRule::Silent,
                &[RELAY_07, RELAY_08],
                "nobody is told of a signal that reaches nobody",
            ),
            (self.leave.is_none(), &[ROOM_09, ROOM_12], "leaving is closing the connection"),
        ];
        all.into_iter().filter(|(holds, ..)| *holds).map(|(_, clauses, reason)| (clauses, reason)).collect()
    }

    fn has_timestamp(&self, receive: &Receive) -> bool {
        receive.pattern.holes().contains(&self.holes.timestamp)
    }

    fn has_sender(&self, receive: &Receive) -> bool {
        receive.pattern.holes().contains(&self.holes.from)
    }
}

fn is_notice(receive: &Receive) -> bool {
    matches!(receive.meaning, Meaning::Joined | Meaning::Left)
}

impl Request {
    /// Whether its outcome is said by the server.
    pub(super) fn is_answered(&self) -> bool {
        self.ack.is_some() || self.reply.is_some()
    }
}
