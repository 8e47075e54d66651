//! What may happen next.

use super::{Budget, ROOMS_MAX, World, packed::Upward, state::sessions, system::Setting};
use crate::{
    message::{RequestKind, SignalKind, Target},
    negotiation::{Event, Ice},
    room::Directory,
};

/// Something that happens in the world. Peers and rooms are numbered from 0; a session is `peer + epoch * peers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A peer in no room sends `create-room` or `join-room`.
    Enter(u8, RequestKind, u8),
    /// A peer that is in a room does so, which a well-behaved client refuses.
    EnterSecond(u8, RequestKind, u8),
    /// A peer sends a request without an ack callback.
    RequestWithoutAck(u8),
    /// A peer sends a request with an invalid room id.
    EnterInvalid(u8, RequestKind),
    /// A peer leaves its room.
    Leave(u8),
    /// A peer leaves one of its rooms.
    LeaveOne(u8, u8),
    /// A peer in no room sends `leave-room`.
    LeaveOutside(u8),
    /// A peer's connection is lost.
    Drop(u8),
    /// The peer opens another connection.
    Reconnect(u8),
    /// The server notices that a session has ended.
    Notice(u8),
    /// A peer sends a candidate to a session that it does not know to be in its room.
    StrayToUser(u8, u8),
    /// A peer sends a candidate to the name of a room.
    StrayToRoom(u8, u8),
    /// A peer changes the tracks that it sends to one remote session.
    ChangeTracks(u8, u8),
    /// A peer's answer to one remote session is ready.
    Ready(u8, u8),
    /// A peer's ICE agent finds a candidate for one remote session.
    Gather(u8, u8),
    /// The same, and the candidate is sent before the description that it belongs to.
    GatherEarly(u8, u8),
    /// ICE changes its state, or the data channel opens, at a peer's end towards one remote session.
    Ice(u8, u8, IceAction),
    /// The server handles the oldest message of a session.
    Serve(u8),
    /// The server handles the second message of a session before the first.
    ServeOvertaking(u8),
    /// A peer handles the oldest message to its session.
    Deliver(u8),
}

/// What ICE, and what runs over it, does at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IceAction {
    /// It finds a path, or finds it again.
    Connect,
    /// The path is lost.
    Disconnect,
    /// It gives up.
    Fail,
    /// The data channel opens.
    OpenChannel,
}

impl IceAction {
    pub(super) fn event(self) -> Event {
        match self {
            Self::Connect => Event::IceConnected,
            Self::Disconnect => Event::IceDisconnected,
            Self::Fail => Event::IceFailed,
            Self::OpenChannel => Event::ChannelOpened,
        }
    }
}

impl Action {
    /// The budget that the action uses up.
    #[must_use]
    pub fn budget(self) -> Option<Budget> {
        match self {
            Self::Enter(_, RequestKind::Create, _) => Some(Budget::Create),
            Self::Enter(_, RequestKind::Join, _) => Some(Budget::Join),
            Self::EnterSecond(..) => Some(Budget::SecondRoom),
            Self::RequestWithoutAck(_) => Some(Budget::RequestWithoutAck),
            Self::Leave(_) | Self::LeaveOne(..) => Some(Budget::Leave),
            Self::Drop(_) => Some(Budget::Drop),
            Self::Reconnect(_) => Some(Budget::Reconnect),
            Self::StrayToUser(..) | Self::StrayToRoom(..) => Some(Budget::Stray),
            Self::ChangeTracks(..) => Some(Budget::Renegotiate),
            Self::EnterInvalid(..) => Some(Budget::InvalidRequest),
            Self::LeaveOutside(_) => Some(Budget::StrayLeave),
            Self::Gather(..) => Some(Budget::Candidate),
            Self::GatherEarly(..) => Some(Budget::EarlyCandidate),
            Self::Ice(_, _, IceAction::Disconnect) => Some(Budget::IceLoss),
            Self::ServeOvertaking(_) => Some(Budget::Overtake),
            Self::Ice(_, _, IceAction::Connect | IceAction::Fail | IceAction::OpenChannel)
            | Self::Ready(..)
            | Self::Notice(_)
            | Self::Serve(_)
            | Self::Deliver(_) => None,
        }
    }
}

impl<const P: usize, const S: usize> World<P, S> {
    /// Lists every action that can happen now, in a fixed order.
    pub fn enabled(&self, setting: &Setting, actions: &mut Vec<Action>) {
        if self.crashed {
            return;
        }
        for session in 0..S as u8 {
            let is_live = self.is_live(session);
            if self.server.is_connected(session) {
                if !self.up[usize::from(session)].is_empty() {
                    actions.push(Action::Serve(session));
                    if self.budgets.left(Budget::Overtake) > 0 && self.up[usize::from(session)].len() > 1 {
                        actions.push(Action::ServeOvertaking(session));
                    }
                }
                if !is_live {
                    actions.push(Action::Notice(session));
                }
            }
            if is_live && !self.down[usize::from(session)].is_empty() {
                actions.push(Action::Deliver(session));
            }
        }
        for peer in 0..P as u8 {
            self.enabled_of(peer, setting, actions);
        }
    }

    fn enabled_of(&self, peer: u8, setting: &Setting, actions: &mut Vec<Action>) {
        let has = |budget| self.budgets.left(budget) > 0;
        let client = &self.clients[usize::from(peer)];
        if !client.is_alive {
            if has(Budget::Reconnect) && usize::from(client.epoch) + 1 < S / P {
                actions.push(Action::Reconnect(peer));
            }
            return;
        }
        debug_assert!(usize::from(setting.rooms) <= ROOMS_MAX);
        let rooms = 0..setting.rooms;
        let requests = [(RequestKind::Create, Budget::Create), (RequestKind::Join, Budget::Join)];
        if client.asking.is_none() {
            let is_somewhere = client.room.is_some() || client.stays.is_anywhere();
            match is_somewhere {
                false => {
                    for (kind, _) in requests.into_iter().filter(|(_, budget)| has(*budget)) {
                        actions.extend(rooms.clone().map(|room| Action::Enter(peer, kind, room)));
                    }
                }
                true if has(Budget::SecondRoom) => {
                    for (kind, _) in requests {
                        actions.extend(rooms.clone().map(|room| Action::EnterSecond(peer, kind, room)));
                    }
                }
                true => {}
            }
            if is_somewhere && has(Budget::Leave) {
                actions.push(Action::Leave(peer));
                actions.extend(client.stays.rooms().map(|room| Action::LeaveOne(peer, room)));
            }
        }
        if has(Budget::RequestWithoutAck) {
            actions.push(Action::RequestWithoutAck(peer));
        }
        if has(Budget::InvalidRequest) && client.asking.is_none() {
            actions.extend(requests.map(|(kind, _)| Action::EnterInvalid(peer, kind)));
        }
        let is_nowhere = client.room.is_none() && !client.stays.is_anywhere();
        if has(Budget::StrayLeave) && is_nowhere && client.asking.is_none() {
            actions.push(Action::LeaveOutside(peer));
        }
        if has(Budget::Drop) {
            actions.push(Action::Drop(peer));
        }
        let own = self.session_of(peer);
        for other in 0..S as u8 {
            let is_known = client.roster & 1 << other != 0;
            // Where nothing is negotiated, fellow members are signalled to by this as well.
            if has(Budget::Stray) && self.server.is_connected(other) && (!is_known || setting.has_several_rooms()) {
                actions.push(Action::StrayToUser(peer, other));
            }
            if self.owes_answer(peer, other) {
                actions.push(Action::Ready(peer, other));
            }
            if is_known && other != own {
                self.enabled_towards(peer, other, setting, actions);
            }
        }
        if has(Budget::Stray) {
            actions.extend(rooms.map(|room| Action::StrayToRoom(peer, room)));
        }
    }

    /// What a peer may do towards a remote session that it knows to be in its room.
    fn enabled_towards(&self, peer: u8, remote: u8, setting: &Setting, actions: &mut Vec<Action>) {
        let has = |budget| self.budgets.left(budget) > 0;
        let state = self.negotiation(peer, remote);
        if state.connection == 0 {
            return;
        }
        if has(Budget::Renegotiate) {
            actions.push(Action::ChangeTracks(peer, remote));
        }
        if has(Budget::Candidate) && state.gathering() != 0 {
            actions.push(Action::Gather(peer, remote));
        }
        if has(Budget::EarlyCandidate) && self.unsent_description(peer, remote) {
            actions.push(Action::GatherEarly(peer, remote));
        }
        if setting.ice {
            let enabled = self.enabled_ice(peer, remote);
            actions.extend(enabled.into_iter().flatten().map(|ice| Action::Ice(peer, remote, ice)));
        }
    }

    /// Whether the peer's newest message that is under way is a description for the remote that starts ICE.
    fn unsent_description(&self, peer: u8, remote: u8) -> bool {
        let newest = self.up[usize::from(self.session_of(peer))].last().map(Upward::unpack);
        matches!(newest, Some(Upward::Signal(SignalKind::Offer | SignalKind::Answer, Target::User(to), description))
            if to == remote && description.ice == description.number)
    }

    /// What ICE may do at one end.
    fn enabled_ice(&self, peer: u8, remote: u8) -> [Option<IceAction>; 2] {
        let (state, own) = (self.negotiation(peer, remote), self.session_of(peer));
        let fits = self.is_live(remote) && state.is_connected_with(&self.negotiation(Self::peer_of(remote), own));
        let when = |condition: bool, action| condition.then_some(action);
        match state.ice {
            Ice::New => [when(fits, IceAction::Connect), None],
            Ice::Connected => [
                when(self.budgets.left(Budget::IceLoss) > 0, IceAction::Disconnect),
                when(fits && !state.channel, IceAction::OpenChannel),
            ],
            Ice::Disconnected => [when(fits, IceAction::Connect), Some(IceAction::Fail)],
            Ice::Failed => [None, None],
        }
    }

    /// Whether ICE, and what runs over it, has done at every end what it will do without a further loss.
    pub(super) fn is_ice_at_rest(&self) -> bool {
        (0..P as u8).all(|peer| {
            let roster = self.clients[usize::from(peer)].roster;
            sessions(roster).filter(|remote| self.negotiation(peer, *remote).connection != 0).all(|remote| {
                let enabled = self.enabled_ice(peer, remote);
                enabled.into_iter().flatten().all(|action| action == IceAction::Disconnect)
            })
        })
    }
}
