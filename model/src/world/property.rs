//! The properties: facts that must never be seen, each with the occasion without which that proves nothing.

use super::Fact;
use crate::requirement::{
    RequirementId,
    ids::{
        CAP_CAPACITY_01, CAP_HOST_CLOSE_01, CAP_HOST_TRANSFER_01, CAP_UNDECLARED_01, ERR_01, ERR_02, ERR_03, ERR_04,
        ERR_05, ERR_06, ERR_07, ERR_08, ID_01, ID_02, NEG_01, NEG_02, NEG_03, NEG_04, NEG_05, NEG_06, NEG_07, NEG_08,
        NEG_09, ORDER_01, ORDER_02, ORDER_03, ORDER_04, RELAY_01, RELAY_02, RELAY_03, RELAY_04, RELAY_05, RELAY_06,
        RELAY_07, RELAY_08, ROOM_01, ROOM_02, ROOM_03, ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08, ROOM_09, ROOM_10,
        ROOM_11, ROOM_12, ROOM_13, ROOM_14, ROOM_15,
    },
};

/// When a property is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// In every state.
    State,
    /// At every transition.
    Transition,
    /// In every state in which nothing is under way.
    Quiescence,
}

/// A claim about all runs of a world. It is named by the clause that demands it; a clause has at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// The clause.
    pub clause: RequirementId,
    /// What must hold, in English.
    pub statement: &'static str,
    /// When it is looked at.
    pub when: When,
    /// What breaks it. [`Fact`]s that no run may show.
    pub never: &'static [Fact],
    /// The occasion: if no run shows this, that the property holds means nothing.
    pub occasion: Fact,
}

macro_rules! properties {
    ($($clause:ident $when:ident $statement:literal never [$($never:ident),+] occasion $occasion:ident;)+) => {
        /// All properties, in the order of docs/protocol.md.
        pub const PROPERTIES: &[Property] = &[$(Property {
            clause: $clause,
            statement: $statement,
            when: When::$when,
            never: &[$(Fact::$never),+],
            occasion: Fact::$occasion,
        }),+];
    };
}

properties! {
    ROOM_01 Transition "A create of a free room makes the caller its only member, and nobody else hears of it."
        never [CreateFailed] occasion CreateServed;
    ROOM_02 Transition "A room that has members is not created again."
        never [TakenRoomCreated] occasion TakenRoomRefused;
    ROOM_03 Transition "A request with an invalid room id is refused, and nothing changes."
        never [InvalidAccepted] occasion InvalidServed;
    ROOM_04 State "A connection is a member of the room that it is in, and of no other: there are no ghosts."
        never [GhostMember, SecondRoomGranted] occasion SecondRoomAsked;
    ROOM_05 Transition "A room without members cannot be joined."
        never [MissingRoomJoined] occasion MissingRoomRefused;
    ROOM_06 Transition "A joiner is told of exactly the other members, each once."
        never [WrongList] occasion ListSent;
    ROOM_07 Transition "Nobody is told twice of one arrival, and at rest everybody knows of every fellow member."
        never [DuplicateAnnouncement, MissedArrival] occasion AnnouncementHeard;
    ROOM_08 Quiescence "At rest, nobody believes in a member that has gone: every survivor learns of every departure."
        never [MissedDeparture] occasion DepartureHeard;
    ROOM_09 Transition "A leave by a caller in no room has no effect."
        never [IdleLeaveActed] occasion IdleLeave;
    ROOM_10 State "A connection that ended is a member of nothing."
        never [EndedMember] occasion MemberEnded;
    ROOM_11 Transition "A room ends with its last member, and its id is free again."
        never [EndedRoomRefused] occasion LastMemberLeft;
    ROOM_12 Transition "No notice of a room goes to a connection that is not in it."
        never [NoticeToOutsider] occasion NoticePastOutsider;
    ROOM_15 Transition "Of several creates of one room that are under way together, one succeeds."
        never [CreatedTwice] occasion CreatesRaced;
    ORDER_01 Transition "A member hears signals only of those it was told of and that have not left."
        never [SignalOfStranger] occasion SignalHeard;
    ORDER_02 Transition "A joiner's ack is sent before anything else of the room."
        never [BeforeAck] occasion NoticeBehindAck;
    ORDER_03 Transition "Signals of one sender to one target are served in the order in which they were sent."
        never [SignalsReordered] occasion SignalsInARow;
    ORDER_04 State "Joins and leaves on their way to two members are on their way in one order."
        never [NoticesDiffer] occasion NoticesAlike;
    RELAY_01 Transition "A signal to a fellow member is delivered once, and to nobody else."
        never [Misdelivered] occasion FellowSignal;
    RELAY_02 Transition "A signal is relayed as it was sent."
        never [PayloadChanged] occasion PayloadKept;
    RELAY_03 Transition "A signal is relayed under its sender's id."
        never [FromForged] occasion FromStamped;
    RELAY_04 Transition "A member's signal to somebody outside its room reaches nobody."
        never [RelayedAcrossRooms] occasion SignalAcrossRooms;
    RELAY_05 Transition "A signal of a sender in no room reaches nobody."
        never [RelayedFromNoRoom] occasion SignalFromNoRoom;
    RELAY_06 Transition "A signal to the name of a room reaches nobody."
        never [RelayedByRoomName] occasion SignalToRoomName;
    RELAY_07 Transition "A signal that reaches nobody is answered with one error, to its sender."
        never [UndeliverableUnanswered] occasion UndeliverableServed;
    RELAY_08 Transition "A signal to its own sender is not delivered."
        never [RelayedToSelf] occasion SignalToSelf;
    ERR_04 Transition "A request without an ack callback does not end the server."
        never [Crashed] occasion AcklessServed;
    ID_01 Transition "No two connections that the server knows have one id."
        never [IdShared] occasion ReconnectedEarly;
    ID_02 Transition "A new connection gets an id that none had before."
        never [IdReused] occasion ReconnectedAnew;
    NEG_01 Transition "No live peer connection is overwritten: there is one for each remote."
        never [Orphaned] occasion OfferToExisting;
    NEG_02 Transition "Of two offers that cross, that of the lower id survives, and only that."
        never [WrongSurvivor] occasion Glare;
    NEG_03 Transition "An answer is applied only to the offer that it answers."
        never [AnswerMisapplied] occasion AnswerApplied;
    NEG_04 Transition "A candidate that precedes its description waits for it, and is added to no other."
        never [CandidateLost, CandidateMisapplied] occasion CandidateEarly;
    NEG_05 Quiescence "At rest, nobody keeps a peer connection to somebody who has gone, or anything queued for it."
        never [ConnectionKept] occasion ConnectionClosed;
    NEG_06 Quiescence "At rest, every two members of a room are connected, and no change of media waits."
        never [Unconnected, ChangeForgotten] occasion Connected;
    NEG_07 Transition "No signal of an earlier stay is applied or kept."
        never [StaleApplied] occasion StaleHeard;
    NEG_08 Transition "A new connection has its handlers and tracks before its first description."
        never [HandlersLate, TracksLate] occasion FirstDescription;
    NEG_09 Transition "What a peer builds is closed when its stay ends; at rest one connection is open for each fellow member."
        never [LeftBehind, Leaked] occasion StayEnded;
    CAP_HOST_CLOSE_01 Transition "When the host leaves, every other member is told once and released, and the room ends."
        never [RoomHalfClosed] occasion HostLeft;
    CAP_HOST_TRANSFER_01 Transition "When the host leaves, every other member is told once of the next."
        never [HostUntold] occasion HostHandedOver;
    CAP_CAPACITY_01 Transition "A join of a full room is refused, and nothing changes."
        never [FullRoomJoined] occasion FullRoomRefused;
}

/// Clauses that the model cannot express, or not as a property, each with the reason.
pub const UNMODELLED: &[(RequirementId, &str)] = &[
    (
        ROOM_13,
        "the model has no clock: that the end of a connection is noticed at all is assumed, and what follows is ROOM-10",
    ),
    (ROOM_14, "the form of a text; messages of the model have no timestamps"),
    (ERR_01, "a message of the model is well-formed; which ones are not is decided at the wire"),
    (ERR_02, "payloads of the model have no size"),
    (ERR_03, "what is malformed is not in the model; that refusals change nothing is part of ROOM-02 to ROOM-05"),
    (ERR_05, "the model has no events that the protocol does not name"),
    (ERR_06, "the model has no frames"),
    (ERR_07, "hostile input is bytes; of requests without callback it is ERR-04"),
    (
        ERR_08,
        "queues of the model are bounded, and that they never overflow is checked in each world; memory and delay are not in it",
    ),
    (
        CAP_UNDECLARED_01,
        "the rules of a variant are the capabilities that it declares; which events a server sends beyond is judged at the wire",
    ),
];

/// The property of a clause, if the model has one.
#[must_use]
pub fn property(clause: RequirementId) -> Option<&'static Property> {
    PROPERTIES.iter().find(|property| property.clause == clause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_has_at_most_one_property_and_they_are_in_the_documents_order() {
        assert!(PROPERTIES.is_sorted_by(|first, second| first.clause < second.clause));
    }

    #[test]
    fn every_fact_is_used_once() {
        for fact in Fact::ALL {
            let uses = PROPERTIES.iter().filter(|it| it.occasion == *fact || it.never.contains(fact)).count();
            assert_eq!(uses, 1, "{fact:?}");
        }
    }
}
