//! Dialects: where a target legitimately differs from docs/protocol.md, as data. The model's rules follow from it, and so
//! does which clauses are judged. What is not declared has to be as in the document.

mod clauses;
mod rules;

use glare_model::{
    message::SignalKind,
    requirement::{
        RequirementId,
        ids::{
            ERR_01, ERR_02, ERR_04, ID_01, ID_02, ORDER_01, ORDER_02, ORDER_04, RELAY_03, RELAY_04, RELAY_05, RELAY_07,
            RELAY_08, ROOM_01, ROOM_02, ROOM_03, ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08, ROOM_09, ROOM_10,
            ROOM_11, ROOM_12, ROOM_13, ROOM_14, ROOM_15,
        },
    },
    room::{Entry, Relay, RoomRules, SecondRoom},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    clauses::Clauses,
    rules::{MalformedRule, MembersRule, NoticesRule, ReachRule, RoomsRule, SecondRoomRule, UndeliverableRule},
};

/// How a target differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Dialect {
    /// What a member gets that asks for another room.
    pub second_room: SecondRoomRule,
    /// How long a room exists.
    pub rooms: RoomsRule,
    /// What a joiner is told of the members that are there.
    pub members: MembersRule,
    /// Whether members are told who joins and who leaves.
    pub notices: NoticesRule,
    /// Whom a signal reaches.
    pub reach: ReachRule,
    /// What comes of a signal that reaches nobody.
    pub undeliverable: UndeliverableRule,
    /// Whether a malformed signal is answered with an error.
    pub malformed: MalformedRule,
    /// Whether a request is answered, so that its sender knows what came of it.
    pub answers_requests: bool,
    /// Whether a signal names its sender.
    pub names_sender: bool,
    /// Whether an error says which kind of signal it is about. Where it does not, it may be about any.
    #[serde(skip_serializing_if = "is_true")]
    pub names_error_kind: bool,
    /// Whether notices have a timestamp.
    pub has_timestamps: bool,
    /// Whether a member can leave without ending its connection.
    pub leaves_by_message: bool,
    /// Whether a room is entered by connecting.
    pub enters_by_connecting: bool,
    /// Whether clients choose their ids.
    pub clients_choose_ids: bool,
    /// Where a member may be in several rooms: whether a leave names the room that is left. Otherwise it leaves all.
    #[serde(skip_serializing_if = "is_false")]
    pub leaves_by_name: bool,
    /// Where a member may be in several rooms: whether a signal is sent in one of them, and reaches nobody outside of that one.
    /// Otherwise it reaches whoever shares any room with its sender.
    #[serde(skip_serializing_if = "is_false")]
    pub signals_in_rooms: bool,
    /// Whether a refused request ends its connection, and its client comes back on another one.
    #[serde(skip_serializing_if = "is_false")]
    pub refusals_close: bool,
    /// Clauses that cannot be judged for other reasons.
    pub unjudged: Clauses,
}

/// What only few dialects have is not said of the others.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The same, of what only few dialects do not have.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(flag: &bool) -> bool {
    *flag
}

impl Default for Dialect {
    fn default() -> Self {
        Self::CORE
    }
}

impl Dialect {
    /// That of docs/protocol.md.
    pub const CORE: Self = Self {
        second_room: SecondRoomRule::Refused,
        rooms: RoomsRule::Created,
        members: MembersRule::Listed,
        notices: NoticesRule::Both,
        reach: ReachRule::FellowMembers,
        undeliverable: UndeliverableRule::Error,
        malformed: MalformedRule::Error,
        answers_requests: true,
        names_sender: true,
        names_error_kind: true,
        has_timestamps: true,
        leaves_by_message: true,
        enters_by_connecting: false,
        clients_choose_ids: false,
        leaves_by_name: false,
        signals_in_rooms: false,
        refusals_close: false,
        unjudged: Clauses::NONE,
    };

    /// Whether a joiner gets a list of members.
    #[must_use]
    pub fn lists_members(&self) -> bool {
        self.members == MembersRule::Listed
    }

    /// Whether a signal reaches whoever is connected. It is then no event of a room.
    #[must_use]
    pub fn reaches_everybody(&self) -> bool {
        self.reach == ReachRule::Everybody || self.rooms == RoomsRule::None
    }

    /// Whether a member may be in several rooms.
    #[must_use]
    pub fn has_several_rooms(&self) -> bool {
        self.second_room == SecondRoomRule::Several
    }

    /// Whether who is there has to be asked for, since nobody is told who joins and who leaves.
    #[must_use]
    pub fn asks_who_is_there(&self) -> bool {
        self.notices == NoticesRule::Asked
    }

    /// Whether an error that names this kind of signal, or none, may be about a signal of that kind.
    #[must_use]
    pub fn is_error_about(&self, named: Option<SignalKind>, kind: SignalKind) -> bool {
        named.map_or(!self.names_error_kind, |named| named == kind)
    }

    /// The model's rules for a server of this dialect.
    #[must_use]
    pub fn rules(&self) -> RoomRules {
        RoomRules {
            second_room: match self.second_room {
                SecondRoomRule::Moves => SecondRoom::Move,
                SecondRoomRule::Several => SecondRoom::Several,
                // It is not asked for, where it is impossible.
                SecondRoomRule::Refused | SecondRoomRule::Impossible => SecondRoom::Refuse,
            },
            relay: if self.reaches_everybody() { Relay::Everybody } else { Relay::FellowMembers },
            report_undeliverable: self.undeliverable == UndeliverableRule::Error,
            report_malformed: self.malformed == MalformedRule::Error,
            entry: if self.rooms == RoomsRule::Created { Entry::CreateThenJoin } else { Entry::Either },
            introduce_members: self.members == MembersRule::Announced,
            announce_joins: matches!(self.notices, NoticesRule::Both | NoticesRule::Joins),
            announce_leaves: matches!(self.notices, NoticesRule::Both | NoticesRule::Leaves),
            ..RoomRules::REFERENCE
        }
    }

    /// Why a clause is not judged, if it is not.
    #[must_use]
    pub fn reason(&self, clause: RequirementId) -> Option<&'static str> {
        let found = self.reasons().into_iter().find(|(holds, clauses, _)| *holds && clauses.contains(&clause));
        let unjudged = || self.unjudged.contains(clause).then_some("the binding says that it cannot be judged");
        found.map(|(.., reason)| reason).or_else(unjudged)
    }

    fn reasons(&self) -> [(bool, &'static [RequirementId], &'static str); 18] {
        let rules = self.rules();
        let (joins, leaves, asked) = (rules.announce_joins, rules.announce_leaves, self.asks_who_is_there());
        [
            (self.rooms == RoomsRule::None, OF_ROOMS, "there are no rooms"),
            (
                self.rooms == RoomsRule::Implicit,
                &[ROOM_02, ROOM_05, ROOM_11, ROOM_15],
                "rooms are made by entering them",
            ),
            (
                self.second_room != SecondRoomRule::Refused,
                &[ROOM_04],
                "the binding declares what a member gets that asks for another room",
            ),
            (self.members == MembersRule::Untold, &[ROOM_06], "a joiner is told of no members"),
            (
                !self.answers_requests,
                &[ROOM_01, ROOM_02, ROOM_03, ROOM_05, ROOM_15, ORDER_02],
                "requests are not answered",
            ),
            (
                self.enters_by_connecting && (!self.answers_requests || self.refusals_close),
                &[ERR_04],
                "there are no requests",
            ),
            (asked, &[ORDER_01, ORDER_04], "who is there has to be asked for: nobody sees who came or left first"),
            (!joins && !asked, &[ROOM_07, ORDER_01, ORDER_04], "nobody is told who joins"),
            (!leaves && !asked, &[ROOM_08, ROOM_10, ROOM_13, ORDER_04], "nobody is told who leaves"),
            (
                !leaves && self.members == MembersRule::Untold,
                &[ORDER_01],
                "nobody is told who leaves, and a joiner not who is there",
            ),
            (!self.has_timestamps || !(joins || leaves), &[ROOM_14], "notices have no timestamp"),
            (!self.names_sender, &[RELAY_03], "signals do not name their sender"),
            (
                self.reach == ReachRule::Everybody,
                &[RELAY_04, RELAY_05, ORDER_01],
                "the binding declares that signals reach everybody",
            ),
            (
                self.undeliverable == UndeliverableRule::Silent,
                &[RELAY_07],
                "nobody is told of a signal that reaches nobody",
            ),
            (
                self.undeliverable == UndeliverableRule::Silent && self.rooms == RoomsRule::None,
                &[RELAY_08],
                "a client without rooms may call itself",
            ),
            (!self.leaves_by_message, &[ROOM_09, ROOM_12], "leaving is closing the connection"),
            (self.enters_by_connecting, &[RELAY_05], "nobody is connected without a room"),
            (self.clients_choose_ids, &[ID_01, ID_02], "clients choose their ids"),
        ]
    }

    /// Why a case that is about a clause first of all is of no concern, if it is of none. Where a member may be in several
    /// rooms, cases about refusing a second one ask for it all the same: what comes of it, other clauses say.
    #[must_use]
    pub fn excludes(&self, main: RequirementId) -> Option<&'static str> {
        self.reason(main).filter(|_| main != ROOM_04 || !self.has_several_rooms() || self.unjudged.contains(main))
    }

    /// Whether the answer that a clause demands is not owed: its absence breaks nothing, and the rest of the clause holds.
    #[must_use]
    pub fn is_silent_on(&self, clause: RequirementId) -> bool {
        self.malformed == MalformedRule::Silent && [ERR_01, ERR_02].contains(&clause)
    }
}

/// What has no meaning without rooms.
const OF_ROOMS: &[RequirementId] = &[
    ROOM_01, ROOM_02, ROOM_03, ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08, ROOM_09, ROOM_11, ROOM_12, ROOM_15,
    RELAY_04, RELAY_05,
];
