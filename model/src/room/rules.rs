//! Variants of the server's rules, as data.

use std::num::NonZeroU16;

/// Which protocol the server follows. Each field is one decision; [`RoomRules::REFERENCE`] is docs/protocol.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomRules {
    /// What a create or join by a member does (ROOM-04).
    pub second_room: SecondRoom,
    /// Whom a signal may reach (RELAY-04 to RELAY-06).
    pub relay: Relay,
    /// What a signal to oneself does (RELAY-08).
    pub self_signal: SelfSignal,
    /// Whether an undeliverable signal is answered with an error (RELAY-07).
    pub report_undeliverable: bool,
    /// Whether a malformed or oversized signal is answered with an error (ERR-01, ERR-02).
    pub report_malformed: bool,
    /// What it takes to enter a room (ROOM-02, ROOM-05).
    pub entry: Entry,
    /// Whether a joiner is told of each member by a notice, besides the list in its ack.
    pub introduce_members: bool,
    /// Whether members are told who joins (ROOM-07).
    pub announce_joins: bool,
    /// Whether members are told who leaves (ROOM-08).
    pub announce_leaves: bool,
    /// What a request without an ack callback does (ERR-04).
    pub missing_ack: MissingAck,
    /// Which user id a client gets that connects again (ID-01, ID-02). Ids are the shell's; [`super::step()`] only uses
    /// them.
    pub identity: Identity,
    /// What happens when the host leaves. The host is the member that has been in the room for longest.
    pub host_leaves: HostLeaves,
    /// The most members that a room has, if there is a most (CAP-CAPACITY-01).
    pub capacity: Option<NonZeroU16>,
}

/// See [`RoomRules::second_room`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecondRoom {
    /// The request is refused.
    Refuse,
    /// The caller enters the new room and is never removed from the first: a ghost member.
    Accumulate,
    /// The caller leaves the first room, and then enters the new one.
    Move,
    /// The caller is in both: membership is a set. Who asks again for a room that it is in is told who is there, and nothing
    /// changes. See [`super::step()`] for what follows.
    Several,
}

/// See [`RoomRules::entry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A room is created once, and then joined.
    CreateThenJoin,
    /// To create and to join are the same: whoever comes first makes the room.
    Either,
}

/// See [`RoomRules::relay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relay {
    /// Fellow members only.
    FellowMembers,
    /// Any connected user, whatever its room.
    Everybody,
    /// Whatever the target names: any connected user, and every other member of a room named as target.
    Anything,
}

/// See [`RoomRules::self_signal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelfSignal {
    /// Undeliverable.
    Refuse,
    /// Delivered to its sender.
    Deliver,
}

/// See [`RoomRules::missing_ack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissingAck {
    /// The request is processed, and nobody is told the outcome.
    Tolerate,
    /// The call of the missing function throws, again in the handler of the first throw, and the process ends.
    Crash,
}

/// See [`RoomRules::identity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// One that no connection had before.
    Fresh,
    /// The one that it had, whether the server noticed the end of that connection or not.
    Resumed,
}

/// See [`RoomRules::host_leaves`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostLeaves {
    /// Nothing but what happens when any member leaves.
    Nothing,
    /// The room is closed: its members are told, and are in no room from then on (CAP-HOST-CLOSE-01).
    CloseRoom,
    /// The members are told and the room is deleted, but each stays recorded to be in it.
    ForgetRoom,
    /// The next host is announced (CAP-HOST-TRANSFER-01).
    HandOver,
}

impl RoomRules {
    /// The core profile.
    pub const REFERENCE: Self = Self {
        second_room: SecondRoom::Refuse,
        relay: Relay::FellowMembers,
        self_signal: SelfSignal::Refuse,
        report_undeliverable: true,
        report_malformed: true,
        entry: Entry::CreateThenJoin,
        introduce_members: false,
        announce_joins: true,
        announce_leaves: true,
        missing_ack: MissingAck::Tolerate,
        identity: Identity::Fresh,
        host_leaves: HostLeaves::Nothing,
        capacity: None,
    };

    /// The source protocol as its tutorial wrote it.
    pub const TUTORIAL: Self = Self {
        second_room: SecondRoom::Accumulate,
        relay: Relay::Anything,
        self_signal: SelfSignal::Deliver,
        report_undeliverable: false,
        missing_ack: MissingAck::Crash,
        ..Self::REFERENCE
    };
}
