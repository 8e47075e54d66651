//! The protocol's vocabulary, free of any wire: what clients ask and what servers say.
//!
//! Sessions `S`, rooms `R` and payloads `P` are parameters, so that one set of rules serves a server (interned keys, room
//! ids, raw JSON) and a model checker (small numbers).

use crate::id::InvalidRoomId;

/// The three kinds of signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalKind {
    /// A session description that opens a negotiation.
    Offer,
    /// The description that closes it.
    Answer,
    /// A trickled ICE candidate.
    Candidate,
}

impl SignalKind {
    /// All kinds, in the order of docs/protocol.md.
    pub const ALL: [Self; 3] = [Self::Offer, Self::Answer, Self::Candidate];
}

/// What a client sends, after the wire's form was judged. A fault of form is a value here, not an error elsewhere, so
/// that the rules stay total.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientMessage<S, R, P> {
    /// `create-room` or `join-room`.
    Request {
        /// Which of the two.
        kind: RequestKind,
        /// The room, or why it is none.
        room: Result<R, InvalidRoomId>,
        /// Whether the client can hear the ack.
        ack: bool,
    },
    /// `leave-room`: the caller leaves the room that it is in, and where it may be in several, all of them.
    Leave,
    /// A `leave-room` that names one room. Only where a member may be in several does the name mean anything.
    LeaveOne(R),
    /// `offer`, `answer` or `ice-candidate`.
    Signal {
        /// Which of the three.
        kind: SignalKind,
        /// Target and payload, or what is wrong with them.
        signal: Result<Signal<S, R, P>, SignalFault>,
    },
}

/// The two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestKind {
    /// `create-room`.
    Create,
    /// `join-room`.
    Join,
}

/// A well-formed signal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signal<S, R, P> {
    /// Whom the sender named.
    pub target: Target<S, R>,
    /// The description or candidate; opaque.
    pub payload: P,
}

/// What the target string of a signal turned out to name. A shell resolves the string; the rules decide what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target<S, R> {
    /// A connected user.
    User(S),
    /// A connected user as a member of this room, and of no other: the signal is sent in that room. Only wires on which a
    /// member may be in several say this.
    Member(S, R),
    /// No user, but a room: some servers' transports deliver to both (RELAY-06).
    Room(R),
    /// Nothing that is known.
    Unknown,
}

/// What is wrong with the form of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalFault {
    /// Not an object, no string as target, or no payload (ERR-01).
    Malformed,
    /// The payload is over its limit (ERR-02).
    TooLarge,
}

/// What a server says to one client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ServerMessage<S, R, P> {
    /// Success of `create-room` (ROOM-01).
    Created(R),
    /// Success of `join-room`, with the members without the joiner (ROOM-06).
    Joined(R, Vec<S>),
    /// A refused request.
    Refused(Refusal),
    /// A notice (ROOM-07).
    UserJoined(S),
    /// A notice (ROOM-08).
    UserLeft(S),
    /// The room was closed, because its host left (CAP-HOST-CLOSE-01).
    RoomClosed,
    /// The room has another host (CAP-HOST-TRANSFER-01).
    HostChanged(S),
    /// A relayed signal (RELAY-01 to RELAY-03).
    Signal {
        /// Its kind.
        kind: SignalKind,
        /// Its sender, as the server knows it.
        from: S,
        /// Its payload, untouched.
        payload: P,
    },
    /// The `error` event (ERR-01, ERR-02, RELAY-07).
    Error(SignalKind, SignalRefusal),
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// ROOM-03.
    InvalidRoomId(InvalidRoomId),
    /// ROOM-04.
    AlreadyInRoom,
    /// ROOM-02.
    RoomExists,
    /// ROOM-05.
    RoomNotFound,
    /// CAP-CAPACITY-01.
    RoomFull,
}

/// Why a signal is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalRefusal {
    /// Its form is wrong.
    Fault(SignalFault),
    /// Its target is no fellow member (RELAY-04 to RELAY-08).
    Undeliverable,
}
