//! Looks at all that the server did about one message together: what is missing, what is too much.

use super::{
    Fact, ROOMS_MAX,
    audit::Served,
    packed::Upward,
    state::sessions,
    trace::{Lane, Watch},
};
use crate::{
    message::{RequestKind, ServerMessage, Target},
    negotiation::Description,
    room::{Directory, Effect, HostLeaves, RoomRules, SmallDirectory},
};

/// What the server sent about one message.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    effects: u8,
    is_accepted: bool,
    is_refused: bool,
    /// Whether the caller of a join got something else before its ack.
    is_before_ack: bool,
    /// Signals to the target that the message names, and to others.
    relayed: [u8; 2],
    /// Errors to the caller, and to others.
    errors: [u8; 2],
    /// Who was told of a leaving, of the room's end, of the new host; and who was told anything twice.
    left: u8,
    closed: u8,
    host: u8,
    twice: u8,
}

impl Tally {
    pub(super) fn count<const S: usize>(&mut self, served: &Served<S>, effect: &Effect<u8, u8, Description>) {
        self.effects += 1;
        let Effect::Send { to, message, clause: _ } = effect else { return };
        let bit = 1 << to;
        let is_caller = *to == served.by;
        match message {
            ServerMessage::Created(_) | ServerMessage::Joined(..) => self.is_accepted |= is_caller,
            ServerMessage::Refused(_) => self.is_refused |= is_caller,
            ServerMessage::UserJoined(_) => self.is_before_ack |= is_caller && !self.is_accepted,
            ServerMessage::UserLeft(_) => self.mark(bit, |it| &mut it.left),
            ServerMessage::RoomClosed => self.mark(bit, |it| &mut it.closed),
            ServerMessage::HostChanged(_) => self.mark(bit, |it| &mut it.host),
            ServerMessage::Signal { .. } => {
                self.is_before_ack |= is_caller && !self.is_accepted;
                let is_target =
                    matches!(served.message, Some(Upward::Signal(_, Target::User(target), _)) if target == *to);
                self.relayed[usize::from(!is_target)] += 1;
            }
            ServerMessage::Error(..) => self.errors[usize::from(!is_caller)] += 1,
        }
    }

    fn mark(&mut self, bit: u8, set: impl Fn(&mut Self) -> &mut u8) {
        let told = set(self);
        let twice = *told & bit;
        *told |= bit;
        self.twice |= twice;
    }
}

type Places<const S: usize> = SmallDirectory<S, ROOMS_MAX>;

/// What the outcome of a message, or of a connection's end, shows.
pub(super) fn audit_outcome<const S: usize>(
    served: &Served<S>,
    rules: &RoomRules,
    tally: &Tally,
    after: &Places<S>,
    watch: &mut impl Watch,
) {
    let (before, by) = (&served.before, served.by);
    let (room, rooms) = (served.room_of(by), served.rooms_of(by));
    let mut finding = |condition: bool, fact, text: &'static str| {
        if condition {
            watch.finding(fact, Lane::Server, || text.into());
        }
    };
    match served.message {
        Some(Upward::Request(kind, named)) => {
            if kind == RequestKind::Create && (rooms == 0 || served.several) && before.members(&named).is_empty() {
                let is_done = tally.is_accepted && *after.members(&named) == [by] && tally.effects == 1;
                finding(!is_done, Fact::CreateFailed, "does not create the room, or not quietly");
            }
            let is_unmoved = after == before && tally.effects == 1;
            finding(rooms != 0 && !served.several && !is_unmoved, Fact::SecondRoomGranted, "does not just refuse it");
            finding(
                kind == RequestKind::Join && tally.is_accepted && tally.is_before_ack,
                Fact::BeforeAck,
                "sends something of the room ahead of the ack",
            );
            if let (RequestKind::Join, Some(most)) = (kind, rules.capacity) {
                let is_full = before.members(&named).len() >= usize::from(most.get());
                finding(
                    is_full && !(tally.is_refused && is_unmoved),
                    Fact::FullRoomJoined,
                    "does not just refuse to overfill the room",
                );
            }
        }
        Some(Upward::InvalidRequest(_)) => {
            let is_refused = tally.is_refused && tally.effects == 1 && after == before;
            finding(!is_refused, Fact::InvalidAccepted, "does not just refuse it");
        }
        Some(Upward::RequestWithoutAck) => {}
        Some(Upward::Signal(_, target, _)) => audit_signal(served, target, rooms, tally, &mut finding),
        Some(Upward::Leave | Upward::LeaveOne(_)) | None => {
            let is_idle = served.left_rooms() == 0;
            let is_message = served.message.is_some();
            finding(
                is_message && is_idle && (tally.effects > 0 || after != before),
                Fact::IdleLeaveActed,
                "acts although the caller is in no room",
            );
            if let Some(room) = room.filter(|_| is_message || before.is_connected(by)) {
                audit_host(served, rules, tally, room, after, watch);
            }
        }
    }
}

fn audit_signal<const S: usize>(
    served: &Served<S>,
    target: Target<u8, u8>,
    rooms: u8,
    tally: &Tally,
    finding: &mut impl FnMut(bool, Fact, &'static str),
) {
    let is_self = matches!(target, Target::User(to) if to == served.by);
    let is_fellow = matches!(target, Target::User(to) if rooms & served.rooms_of(to) != 0) && !is_self;
    finding(is_fellow && tally.relayed != [1, 0], Fact::Misdelivered, "does not deliver it once, to its target only");
    finding(is_self && tally.relayed[0] > 0, Fact::RelayedToSelf, "relays it to its sender");
    let is_answered = tally.errors == [1, 0];
    finding(!is_fellow && !is_answered, Fact::UndeliverableUnanswered, "does not tell its sender that nobody gets it");
}

/// What a server that has a rule for hosts did when one left.
fn audit_host<const S: usize>(
    served: &Served<S>,
    rules: &RoomRules,
    tally: &Tally,
    room: u8,
    after: &Places<S>,
    watch: &mut impl Watch,
) {
    let Some((host, rest)) = served.before.members(&room).split_first() else { return };
    if *host != served.by || rest.is_empty() {
        return;
    }
    let rest = rest.iter().fold(0_u8, |bits, session| bits | 1 << session);
    match rules.host_leaves {
        HostLeaves::Nothing => {}
        HostLeaves::CloseRoom | HostLeaves::ForgetRoom => {
            watch.fact(Fact::HostLeft);
            let is_told = (tally.closed, tally.left, tally.twice) == (rest, 0, 0);
            let is_released = sessions(rest).all(|session| after.current(session).is_none());
            if !(is_told && is_released && after.members(&room).is_empty()) {
                watch.finding(Fact::RoomHalfClosed, Lane::Server, || {
                    "does not release every member of the closed room".into()
                });
            }
        }
        HostLeaves::HandOver => {
            watch.fact(Fact::HostHandedOver);
            if (tally.host, tally.twice) != (rest, 0) {
                watch.finding(Fact::HostUntold, Lane::Server, || "does not tell every member of the new host".into());
            }
        }
    }
}
