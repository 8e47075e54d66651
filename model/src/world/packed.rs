//! Messages in 32 bits: eight numbers of four bits. A state is mostly queues, and its size decides the speed of the
//! search.

use super::queue::Overflow;
use crate::{
    id::InvalidRoomId,
    message::{ClientMessage, Refusal, RequestKind, ServerMessage, Signal, SignalKind, Target},
    negotiation::Description,
};

/// A user is a target below this number, a room from it on.
const FIRST_ROOM_TARGET: u8 = 8;

/// What a client sends in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upward {
    Request(RequestKind, u8),
    /// A request that no one could hear the outcome of. Its room id is empty, so that it takes no effect: whether one
    /// with a valid room id does is left open by docs/protocol.md.
    RequestWithoutAck,
    /// A request with an empty room id.
    InvalidRequest(RequestKind),
    Leave,
    /// A leave of one room, where a member may be in several.
    LeaveOne(u8),
    Signal(SignalKind, Target<u8, u8>, Description),
}

/// What a client hears in the model. A list of users is a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Downward {
    Created(u8),
    Joined(u8, u8),
    Refused(Refused),
    UserJoined(u8),
    UserLeft(u8),
    /// `user-joined` of a room, where a member may be in several: the room, and who.
    Entered(u8, u8),
    /// `user-left` of a room, likewise.
    Departed(u8, u8),
    RoomClosed,
    HostChanged(u8),
    Signal(SignalKind, u8, Description),
    Error(SignalKind),
}

/// [`Refusal`] without its reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    InvalidRoomId,
    AlreadyInRoom,
    RoomExists,
    RoomNotFound,
    RoomFull,
}

impl Refused {
    const ALL: [Self; 5] =
        [Self::InvalidRoomId, Self::AlreadyInRoom, Self::RoomExists, Self::RoomNotFound, Self::RoomFull];
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InvalidRoomId(_) => Self::InvalidRoomId,
            Refusal::AlreadyInRoom => Self::AlreadyInRoom,
            Refusal::RoomExists => Self::RoomExists,
            Refusal::RoomNotFound => Self::RoomNotFound,
            Refusal::RoomFull => Self::RoomFull,
        }
    }
}

impl Upward {
    pub(super) fn message(self) -> ClientMessage<u8, u8, Description> {
        match self {
            Self::Request(kind, room) => ClientMessage::Request { kind, room: Ok(room), ack: true },
            Self::RequestWithoutAck => {
                ClientMessage::Request { kind: RequestKind::Create, room: Err(InvalidRoomId::Empty), ack: false }
            }
            Self::InvalidRequest(kind) => ClientMessage::Request { kind, room: Err(InvalidRoomId::Empty), ack: true },
            Self::Leave => ClientMessage::Leave,
            Self::LeaveOne(room) => ClientMessage::LeaveOne(room),
            Self::Signal(kind, target, payload) => {
                ClientMessage::Signal { kind, signal: Ok(Signal { target, payload }) }
            }
        }
    }

    pub(super) fn pack(self) -> Result<u32, Overflow> {
        match self {
            Self::Request(RequestKind::Create, room) => join([1, room.into(), 0, 0, 0, 0, 0]),
            Self::Request(RequestKind::Join, room) => join([2, room.into(), 0, 0, 0, 0, 0]),
            Self::RequestWithoutAck => join([3, 0, 0, 0, 0, 0, 0]),
            Self::Leave => join([4, 0, 0, 0, 0, 0, 0]),
            Self::InvalidRequest(kind) => join([5, kind as u32, 0, 0, 0, 0, 0]),
            Self::LeaveOne(room) => join([6, room.into(), 0, 0, 0, 0, 0]),
            Self::Signal(kind, target, description) => {
                let target = match target {
                    Target::User(session) => session,
                    Target::Room(room) => FIRST_ROOM_TARGET + room,
                    Target::Unknown => 15,
                    Target::Member(..) => unreachable!("peers of the model name no room in a signal"),
                };
                pack_signal(kind, target, description)
            }
        }
    }

    pub(super) fn unpack(word: u32) -> Self {
        let [tag, room, ..] = split(word);
        match tag {
            1 => Self::Request(RequestKind::Create, room as u8),
            2 => Self::Request(RequestKind::Join, room as u8),
            3 => Self::RequestWithoutAck,
            4 => Self::Leave,
            5 => Self::InvalidRequest([RequestKind::Create, RequestKind::Join][room as usize]),
            6 => Self::LeaveOne(room as u8),
            _ => {
                let (kind, target, description) = unpack_signal(word);
                let target = match target {
                    15 => Target::Unknown,
                    room if room >= FIRST_ROOM_TARGET => Target::Room(room - FIRST_ROOM_TARGET),
                    session => Target::User(session),
                };
                Self::Signal(kind, target, description)
            }
        }
    }
}

impl Downward {
    pub(super) fn of(message: ServerMessage<u8, u8, Description>) -> Self {
        match message {
            ServerMessage::Created(room) => Self::Created(room),
            ServerMessage::Joined(room, users) => {
                Self::Joined(room, users.iter().fold(0, |bits, session| bits | 1 << session))
            }
            ServerMessage::Refused(refusal) => Self::Refused(refusal.into()),
            ServerMessage::UserJoined(session) => Self::UserJoined(session),
            ServerMessage::UserLeft(session) => Self::UserLeft(session),
            ServerMessage::RoomClosed => Self::RoomClosed,
            ServerMessage::HostChanged(session) => Self::HostChanged(session),
            ServerMessage::Signal { kind, from, payload } => Self::Signal(kind, from, payload),
            ServerMessage::Error(kind, _) => Self::Error(kind),
        }
    }

    pub(super) fn pack(self) -> Result<u32, Overflow> {
        match self {
            Self::Created(room) => join([1, room.into(), 0, 0, 0, 0, 0]),
            Self::Joined(room, users) => join([2, room.into(), (users & 15).into(), (users >> 4).into(), 0, 0, 0]),
            Self::Refused(refused) => join([3, refused as u32, 0, 0, 0, 0, 0]),
            Self::UserJoined(session) => join([4, session.into(), 0, 0, 0, 0, 0]),
            Self::UserLeft(session) => join([5, session.into(), 0, 0, 0, 0, 0]),
            Self::Error(kind) => join([6, kind as u32, 0, 0, 0, 0, 0]),
            Self::RoomClosed => join([7, 0, 0, 0, 0, 0, 0]),
            Self::HostChanged(session) => join([11, session.into(), 0, 0, 0, 0, 0]),
            Self::Entered(room, session) => join([12, room.into(), session.into(), 0, 0, 0, 0]),
            Self::Departed(room, session) => join([13, room.into(), session.into(), 0, 0, 0, 0]),
            Self::Signal(kind, from, description) => pack_signal(kind, from, description),
        }
    }

    pub(super) fn unpack(word: u32) -> Self {
        let [tag, first, low, high, ..] = split(word);
        match tag {
            1 => Self::Created(first as u8),
            2 => Self::Joined(first as u8, (low | high << 4) as u8),
            3 => Self::Refused(Refused::ALL[first as usize]),
            4 => Self::UserJoined(first as u8),
            5 => Self::UserLeft(first as u8),
            6 => Self::Error(SignalKind::ALL[first as usize]),
            7 => Self::RoomClosed,
            11 => Self::HostChanged(first as u8),
            12 => Self::Entered(first as u8, low as u8),
            13 => Self::Departed(first as u8, low as u8),
            _ => {
                let (kind, from, description) = unpack_signal(word);
                Self::Signal(kind, from, description)
            }
        }
    }
}

/// The tag of the first of the three kinds of signal.
const SIGNAL_TAG: u32 = 8;

fn pack_signal(kind: SignalKind, other: u8, description: Description) -> Result<u32, Overflow> {
    let Description { meeting, connection, number, answers, ice } = description;
    join([SIGNAL_TAG + kind as u32, other.into(), meeting, connection, number, answers, ice])
}

fn unpack_signal(word: u32) -> (SignalKind, u8, Description) {
    let [tag, other, meeting, connection, number, answers, ice] = split(word);
    let kind = SignalKind::ALL[(tag - SIGNAL_TAG) as usize];
    (kind, other as u8, Description { meeting, connection, number, answers, ice })
}

fn join(numbers: [u32; 7]) -> Result<u32, Overflow> {
    let mut word = 0;
    for number in numbers.into_iter().rev() {
        if number > 15 {
            return Err(Overflow::Number);
        }
        word = word << 4 | number;
    }
    Ok(word)
}

fn split(word: u32) -> [u32; 7] {
    std::array::from_fn(|place| word >> (4 * place) & 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: Description = Description { meeting: 1, connection: 2, number: 15, answers: 4, ice: 9 };

    #[test]
    fn upward_messages_survive_packing() {
        let mut messages = vec![Upward::RequestWithoutAck, Upward::Leave];
        messages.extend([RequestKind::Create, RequestKind::Join].map(Upward::InvalidRequest));
        for room in 0..2 {
            messages.push(Upward::LeaveOne(room));
            messages.push(Upward::Request(RequestKind::Create, room));
            messages.push(Upward::Request(RequestKind::Join, room));
            for kind in SignalKind::ALL {
                messages.push(Upward::Signal(kind, Target::Room(room), DESCRIPTION));
                messages.push(Upward::Signal(kind, Target::User(room), DESCRIPTION));
            }
        }
        for message in messages {
            let word = message.pack().unwrap();
            assert_ne!(word, 0);
            assert_eq!(Upward::unpack(word), message);
        }
    }

    #[test]
    fn downward_messages_survive_packing() {
        let mut messages = vec![Downward::Created(1), Downward::Joined(1, 0b1010_0110)];
        messages.extend(Refused::ALL.map(Downward::Refused));
        messages.extend([
            Downward::UserJoined(7),
            Downward::UserLeft(0),
            Downward::RoomClosed,
            Downward::HostChanged(3),
            Downward::Entered(2, 7),
            Downward::Departed(1, 3),
        ]);
        for kind in SignalKind::ALL {
            messages.push(Downward::Error(kind));
            messages.push(Downward::Signal(kind, 7, DESCRIPTION));
        }
        for message in messages {
            let word = message.pack().unwrap();
            assert_ne!(word, 0);
            assert_eq!(Downward::unpack(word), message);
        }
    }

    #[test]
    fn a_number_that_does_not_fit_is_an_error() {
        let description = Description { number: 16, ..DESCRIPTION };
        assert_eq!(Upward::Signal(SignalKind::Offer, Target::User(0), description).pack(), Err(Overflow::Number));
    }
}
