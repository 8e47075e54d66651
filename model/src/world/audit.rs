//! Looks at what the rules did, from outside: who was where before, what went in, what came out. Calls no rule.

use super::{
    Fact, ROOMS_MAX,
    packed::{Downward, Upward},
    queue::Queue,
    trace::{Lane, Watch, room_names, session_name},
};
use crate::{
    message::{Refusal, RequestKind, ServerMessage, Target},
    negotiation::Description,
    room::{Directory, Effect, SmallDirectory},
};

/// What the server did something about.
pub(super) struct Served<const S: usize> {
    /// Whose message, or whose end.
    pub(super) by: u8,
    /// The message; none for the end of a connection.
    pub(super) message: Option<Upward>,
    /// The mark on it.
    pub(super) mark: u32,
    /// Where everybody was before.
    pub(super) before: SmallDirectory<S, ROOMS_MAX>,
    /// Whether a member may be in several rooms.
    pub(super) several: bool,
}

impl<const S: usize> Served<S> {
    pub(super) fn requested_room(&self) -> Option<u8> {
        match self.message {
            Some(Upward::Request(_, room)) => Some(room),
            Some(Upward::RequestWithoutAck | Upward::InvalidRequest(_) | Upward::Signal(..)) | None => None,
            Some(Upward::Leave | Upward::LeaveOne(_)) => None,
        }
    }

    /// The rooms that the message, or the end, takes its sender out of, as bits: as far as it is recorded there.
    pub(super) fn left_rooms(&self) -> u8 {
        let recorded = self.before.room_bits(self.by);
        match self.message {
            Some(Upward::LeaveOne(room)) => recorded & 1 << room,
            Some(Upward::Leave) | None => recorded,
            Some(Upward::Request(..) | Upward::RequestWithoutAck | Upward::InvalidRequest(_) | Upward::Signal(..)) => 0,
        }
    }

    /// The rooms that a session is in, as bits. Both relations have to agree: a ghost is no member.
    pub(super) fn rooms_of(&self, session: u8) -> u8 {
        let recorded = self.before.room_bits(session);
        let is_member = |room: &u8| recorded & 1 << room != 0 && self.before.members(room).contains(&session);
        (0..ROOMS_MAX as u8).filter(is_member).fold(0, |rooms, room| rooms | 1 << room)
    }

    pub(super) fn room_of(&self, session: u8) -> Option<u8> {
        // Both relations have to agree: a ghost is no member.
        self.before.current(session).filter(|room| self.before.members(room).contains(&session))
    }
}

/// The occasions that a message to the server gives. `next` is the message behind it.
pub(super) fn audit_message<const S: usize>(served: &Served<S>, next: Option<Upward>, watch: &mut impl Watch) {
    let rooms = served.rooms_of(served.by);
    match served.message {
        Some(Upward::Request(kind, named)) => {
            watch.fact_if(rooms != 0, Fact::SecondRoomAsked);
            let is_free = (rooms == 0 || served.several) && served.before.members(&named).is_empty();
            watch.fact_if(kind == RequestKind::Create && is_free, Fact::CreateServed);
        }
        Some(Upward::RequestWithoutAck) => watch.fact(Fact::AcklessServed),
        Some(Upward::InvalidRequest(_)) => watch.fact(Fact::InvalidServed),
        Some(Upward::Signal(_, target, _)) => {
            watch.fact_if(rooms == 0, Fact::SignalFromNoRoom);
            let is_deliverable =
                matches!(target, Target::User(to) if to != served.by && rooms & served.rooms_of(to) != 0);
            watch.fact_if(is_deliverable, Fact::FellowSignal);
            watch.fact_if(!is_deliverable, Fact::UndeliverableServed);
            match target {
                Target::User(to) => {
                    watch.fact_if(to == served.by, Fact::SignalToSelf);
                    watch.fact_if(rooms != 0 && rooms & served.rooms_of(to) == 0, Fact::SignalAcrossRooms);
                    let follows = matches!(next, Some(Upward::Signal(_, Target::User(other), _)) if other == to);
                    watch.fact_if(follows, Fact::SignalsInARow);
                }
                Target::Room(_) => watch.fact(Fact::SignalToRoomName),
                Target::Unknown | Target::Member(..) => {}
            }
        }
        Some(Upward::Leave | Upward::LeaveOne(_)) | None => {
            let mut left = (0..ROOMS_MAX as u8).filter(|room| served.left_rooms() & 1 << room != 0);
            watch.fact_if(left.any(|room| served.before.members(&room) == [served.by]), Fact::LastMemberLeft)
        }
    }
    let leaves = matches!(served.message, Some(Upward::Leave | Upward::LeaveOne(_)));
    watch.fact_if(leaves && served.left_rooms() == 0, Fact::IdleLeave);
}

/// Whether a message that is served before an older one of the same sender makes a difference to a target.
pub(super) fn audit_overtaking(overtaken: Option<Upward>, message: Upward, watch: &mut impl Watch) {
    let target = |message| match message {
        Upward::Signal(_, Target::User(to) | Target::Member(to, _), _) => Some(to),
        Upward::Signal(_, Target::Room(_) | Target::Unknown, _)
        | Upward::Request(..)
        | Upward::RequestWithoutAck
        | Upward::InvalidRequest(_)
        | Upward::Leave
        | Upward::LeaveOne(_) => None,
    };
    if target(message).is_some() && target(message) == overtaken.and_then(target) {
        watch.finding(Fact::SignalsReordered, Lane::Server, || "handles it before the one sent earlier".into());
    }
}

/// What an effect of the server shows.
pub(super) fn audit_effect<const P: usize, const S: usize>(
    served: &Served<S>,
    effect: &Effect<u8, u8, Description>,
    down: &[Queue; S],
    watch: &mut impl Watch,
) {
    let Effect::Send { to, message, clause: _ } = effect else {
        return watch
            .finding(Fact::Crashed, Lane::Server, || "calls the callback that is not there, and crashes".into());
    };
    let waits = |session: u8, wanted: fn(Downward) -> Option<u8>| {
        down[usize::from(session)].words().find_map(|word| wanted(Downward::unpack(word)))
    };
    let ack = |message| match message {
        Downward::Joined(room, _) => Some(room),
        _ => None,
    };
    let is_of_room =
        matches!(message, ServerMessage::UserJoined(_) | ServerMessage::UserLeft(_) | ServerMessage::Signal { .. });
    watch.fact_if(is_of_room && waits(*to, ack).is_some(), Fact::NoticeBehindAck);
    match message {
        ServerMessage::Created(room) => {
            let members = served.before.members(room);
            watch.fact_if(!members.is_empty(), Fact::TakenRoomCreated);
            let created = |message| match message {
                Downward::Created(room) => Some(room),
                _ => None,
            };
            let is_race = |member: &u8| waits(*member, created) == Some(*room);
            watch.fact_if(members.iter().any(is_race), Fact::CreatedTwice);
        }
        ServerMessage::Joined(room, list) => audit_list(served, *room, list, watch),
        ServerMessage::Refused(Refusal::RoomExists) => {
            let members = served.requested_room().map_or(&[][..], |room| served.before.members(&room));
            watch.fact_if(!members.is_empty(), Fact::TakenRoomRefused);
            if members.is_empty() {
                watch.finding(Fact::EndedRoomRefused, Lane::Server, || "takes a room without members for one".into());
            }
            let created = |message| match message {
                Downward::Created(room) => Some(room),
                _ => None,
            };
            watch.fact_if(members.iter().any(|member| waits(*member, created).is_some()), Fact::CreatesRaced);
        }
        ServerMessage::Refused(Refusal::RoomFull) => watch.fact(Fact::FullRoomRefused),
        ServerMessage::Refused(Refusal::RoomNotFound) => watch.fact(Fact::MissingRoomRefused),
        ServerMessage::Refused(Refusal::InvalidRoomId(_) | Refusal::AlreadyInRoom) | ServerMessage::Error(..) => {}
        ServerMessage::UserJoined(_) if served.several => {
            audit_notice_of_one(served, served.requested_room().map_or(0, |room| 1 << room), *to, watch);
        }
        ServerMessage::UserLeft(_) if served.several => audit_notice_of_one(served, served.left_rooms(), *to, watch),
        ServerMessage::UserJoined(_) => audit_notice(served, served.requested_room(), *to, watch),
        ServerMessage::UserLeft(_) => audit_notice(served, served.before.current(served.by), *to, watch),
        ServerMessage::Signal { kind, from, payload } => {
            watch.fact_if(*from == served.by, Fact::FromStamped);
            watch.fact_if(*from != served.by, Fact::FromForged);
            let is_equal =
                matches!(served.message, Some(Upward::Signal(sent, _, it)) if sent == *kind && it == *payload);
            watch.fact_if(is_equal, Fact::PayloadKept);
            watch.fact_if(!is_equal, Fact::PayloadChanged);
            audit_relay::<P, S>(served, *to, watch);
        }
        ServerMessage::RoomClosed | ServerMessage::HostChanged(_) => {}
    }
}

fn audit_list<const S: usize>(served: &Served<S>, room: u8, list: &[u8], watch: &mut impl Watch) {
    let members = served.before.members(&room);
    watch.fact_if(members.is_empty(), Fact::MissingRoomJoined);
    watch.fact_if(!list.is_empty(), Fact::ListSent);
    let is_once = |session: &u8| list.iter().filter(|listed| *listed == session).count() == 1;
    let is_complete = members.iter().filter(|member| **member != served.by).all(is_once);
    let is_sound = list.iter().all(|listed| *listed != served.by && members.contains(listed));
    if !(is_complete && is_sound) {
        watch.finding(Fact::WrongList, Lane::Server, || "lists the joiner, or not exactly the other members".into());
    }
}

fn audit_notice<const S: usize>(served: &Served<S>, room: Option<u8>, to: u8, watch: &mut impl Watch) {
    watch.fact_if(served.before.current(to) != room, Fact::NoticeToOutsider);
    let is_outsider = |session: u8| served.before.is_connected(session) && served.before.current(session) != room;
    watch.fact_if((0..S as u8).any(|session| session != served.by && is_outsider(session)), Fact::NoticePastOutsider);
}

/// The same where a member may be in several rooms: a notice is of one of these.
fn audit_notice_of_one<const S: usize>(served: &Served<S>, rooms: u8, to: u8, watch: &mut impl Watch) {
    watch.fact_if(served.before.room_bits(to) & rooms == 0, Fact::NoticeToOutsider);
    let is_outsider =
        |session: u8| served.before.is_connected(session) && served.before.room_bits(session) & rooms == 0;
    watch.fact_if((0..S as u8).any(|session| session != served.by && is_outsider(session)), Fact::NoticePastOutsider);
}

fn audit_relay<const P: usize, const S: usize>(served: &Served<S>, to: u8, watch: &mut impl Watch) {
    let rooms = served.rooms_of(served.by);
    let fact = match served.message {
        Some(Upward::Signal(_, Target::Room(_) | Target::Unknown, _)) => Fact::RelayedByRoomName,
        _ if rooms == 0 => Fact::RelayedFromNoRoom,
        _ if served.rooms_of(to) & rooms == 0 => Fact::RelayedAcrossRooms,
        _ => return,
    };
    watch.finding(fact, Lane::Server, || {
        let target = session_name::<P>(to);
        match served.rooms_of(to) {
            0 => format!("relays it to {target}, which is in no room"),
            rooms => format!("relays it to {target}, which is in {}", room_names(rooms)),
        }
    });
}
