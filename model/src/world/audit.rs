//! Looks at what the rules did, from outside: who was where before, what went in, what came out. Calls no rule.

use super::{
    Fact, ROOMS_MAX,
    packed::Upward,
    trace::{Lane, Watch, session_name},
};
use crate::{
    message::{Refusal, ServerMessage, Target},
    negotiation::{Command, Description, Event, Negotiation, Role},
    room::{Directory, Effect, SmallDirectory},
};

/// What the server did something about.
pub(super) struct Served<const S: usize> {
    /// Whose message, or whose end.
    pub(super) by: u8,
    /// The message; none for the end of a connection.
    pub(super) message: Option<Upward>,
    /// Where everybody was before.
    pub(super) before: SmallDirectory<S, ROOMS_MAX>,
}

impl<const S: usize> Served<S> {
    fn requested_room(&self) -> Option<u8> {
        match self.message {
            Some(Upward::Request(_, room)) => Some(room),
            Some(Upward::RequestWithoutAck | Upward::Leave | Upward::Signal(..)) | None => None,
        }
    }

    fn room_of(&self, session: u8) -> Option<u8> {
        // Both relations have to agree: a ghost is no member.
        self.before.current(session).filter(|room| self.before.members(room).contains(&session))
    }
}

/// The occasions that a message to the server gives.
pub(super) fn audit_message<const S: usize>(served: &Served<S>, watch: &mut impl Watch) {
    let room = served.room_of(served.by);
    match served.message {
        Some(Upward::Request(..)) => watch.fact_if(room.is_some(), Fact::SecondRoomAsked),
        Some(Upward::RequestWithoutAck) => watch.fact(Fact::AcklessServed),
        Some(Upward::Signal(_, target, _)) => {
            watch.fact_if(room.is_none(), Fact::SignalFromNoRoom);
            match target {
                Target::User(to) => {
                    watch.fact_if(room.is_some() && served.room_of(to) != room, Fact::SignalAcrossRooms);
                }
                Target::Room(_) => watch.fact(Fact::SignalToRoomName),
                Target::Unknown => {}
            }
        }
        Some(Upward::Leave) | None => {}
    }
}

/// What an effect of the server shows.
pub(super) fn audit_effect<const P: usize, const S: usize>(
    served: &Served<S>,
    effect: &Effect<u8, u8, Description>,
    watch: &mut impl Watch,
) {
    let Effect::Send { to, message, clause: _ } = effect else {
        return watch
            .finding(Fact::Crashed, Lane::Server, || "calls the callback that is not there, and crashes".into());
    };
    match message {
        ServerMessage::Created(room) => {
            watch.fact_if(!served.before.members(room).is_empty(), Fact::TakenRoomCreated);
        }
        ServerMessage::Joined(room, list) => audit_list(served, *room, list, watch),
        ServerMessage::Refused(Refusal::RoomExists) => watch.fact(Fact::TakenRoomRefused),
        ServerMessage::Refused(Refusal::RoomNotFound) => watch.fact(Fact::MissingRoomRefused),
        ServerMessage::Refused(Refusal::InvalidRoomId(_) | Refusal::AlreadyInRoom) | ServerMessage::Error(..) => {}
        ServerMessage::UserJoined(_) => audit_notice(served, served.requested_room(), *to, watch),
        ServerMessage::UserLeft(_) => audit_notice(served, served.before.current(served.by), *to, watch),
        ServerMessage::Signal { .. } => audit_relay::<P, S>(served, *to, watch),
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

fn audit_relay<const P: usize, const S: usize>(served: &Served<S>, to: u8, watch: &mut impl Watch) {
    let room = served.room_of(served.by);
    let fact = match served.message {
        Some(Upward::Signal(_, Target::Room(_) | Target::Unknown, _)) => Fact::RelayedByRoomName,
        _ if room.is_none() => Fact::RelayedFromNoRoom,
        _ if served.room_of(to) != room => Fact::RelayedAcrossRooms,
        _ => return,
    };
    watch.finding(fact, Lane::Server, || {
        let target = session_name::<P>(to);
        match served.room_of(to) {
            None => format!("relays it to {target}, which is in no room"),
            Some(room) => format!("relays it to {target}, which is in r{}", room + 1),
        }
    });
}

/// What a peer did with one event of its negotiation with one remote.
#[derive(Clone, Copy, Default)]
pub(super) struct Deeds {
    applied: bool,
    failed: bool,
    orphaned: bool,
}

impl Deeds {
    pub(super) fn record(&mut self, command: Command) {
        match command {
            Command::Apply(..) => self.applied = true,
            Command::Fail(_) => self.failed = true,
            Command::Orphan => self.orphaned = true,
            Command::Build | Command::Close | Command::Rollback | Command::Send(..) | Command::Ignore(_) => {}
        }
    }
}

/// What a step of a negotiation shows.
pub(super) fn audit_negotiation(
    at: Lane,
    before: &Negotiation,
    role: Role,
    event: Event,
    deeds: Deeds,
    watch: &mut impl Watch,
) {
    watch.fact_if(deeds.orphaned, Fact::Orphaned);
    let (Event::Offer(description) | Event::Answer(description)) = event else { return };
    let is_stale = description.meeting != before.met;
    watch.fact_if(is_stale, Fact::StaleHeard);
    if is_stale && deeds.applied {
        watch.finding(Fact::StaleApplied, at, || "but it was made before the two met anew".into());
    }
    if matches!(event, Event::Offer(_)) {
        watch.fact_if(before.connection != 0, Fact::OfferToExisting);
        if before.pending != 0 && !is_stale {
            watch.fact(Fact::Glare);
            if deeds.applied != (role == Role::Polite) {
                watch.finding(Fact::WrongSurvivor, at, || "the lower id's offer had to survive the crossing".into());
            }
        }
    } else {
        let is_due = before.pending != 0 && before.pending == description.answers;
        watch.fact_if(deeds.applied && is_due, Fact::AnswerApplied);
        watch.fact_if(deeds.failed || deeds.applied && !is_due, Fact::AnswerMisapplied);
    }
}
