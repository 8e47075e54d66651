//! What may happen next.

use super::{ROOMS_MAX, World, system::Setting};
use crate::{message::RequestKind, negotiation::Signaling, room::Directory};

/// Something that happens in the world. Peers and rooms are numbered from 0; a session is `peer + epoch * peers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A peer in no room sends `create-room` or `join-room`.
    Enter(u8, RequestKind, u8),
    /// A peer that is in a room does so, which a well-behaved client refuses.
    EnterSecond(u8, RequestKind, u8),
    /// A peer sends a request without an ack callback.
    RequestWithoutAck(u8),
    /// A peer leaves its room.
    Leave(u8),
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
    /// A peer changes its media, and offers to one remote session.
    Renegotiate(u8, u8),
    /// The server handles the oldest message of a session.
    Serve(u8),
    /// A peer handles the oldest message to its session.
    Deliver(u8),
}

/// The kinds of action that are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Budget {
    /// [`Action::Enter`] by create.
    Create,
    /// [`Action::Enter`] by join.
    Join,
    /// [`Action::Leave`].
    Leave,
    /// [`Action::Drop`].
    Drop,
    /// [`Action::Reconnect`].
    Reconnect,
    /// [`Action::EnterSecond`].
    SecondRoom,
    /// [`Action::RequestWithoutAck`].
    RequestWithoutAck,
    /// [`Action::StrayToUser`] and [`Action::StrayToRoom`].
    Stray,
    /// [`Action::Renegotiate`].
    Renegotiate,
}

const BUDGET_COUNT: usize = Budget::Renegotiate as usize + 1;

/// How often each kind of action may still happen, by all peers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Budgets([u8; BUDGET_COUNT]);

impl Budgets {
    /// No action at all.
    pub const NONE: Self = Self([0; BUDGET_COUNT]);

    /// With one budget set.
    #[must_use]
    pub const fn with(mut self, budget: Budget, times: u8) -> Self {
        self.0[budget as usize] = times;
        self
    }

    /// What is left of one budget.
    #[must_use]
    pub const fn left(&self, budget: Budget) -> u8 {
        self.0[budget as usize]
    }

    /// Whether some client may do what a well-behaved one does not.
    #[must_use]
    pub fn allow_misbehaviour(&self) -> bool {
        [Budget::SecondRoom, Budget::RequestWithoutAck, Budget::Stray].iter().any(|budget| self.left(*budget) > 0)
    }

    /// Uses one up. The action was enabled, so there is one.
    pub(super) fn spend(&mut self, budget: Budget) {
        self.0[budget as usize] -= 1;
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
            Self::Leave(_) => Some(Budget::Leave),
            Self::Drop(_) => Some(Budget::Drop),
            Self::Reconnect(_) => Some(Budget::Reconnect),
            Self::StrayToUser(..) | Self::StrayToRoom(..) => Some(Budget::Stray),
            Self::Renegotiate(..) => Some(Budget::Renegotiate),
            Self::Notice(_) | Self::Serve(_) | Self::Deliver(_) => None,
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
            match client.room {
                None => {
                    for (kind, _) in requests.into_iter().filter(|(_, budget)| has(*budget)) {
                        actions.extend(rooms.clone().map(|room| Action::Enter(peer, kind, room)));
                    }
                }
                Some(_) if has(Budget::SecondRoom) => {
                    for (kind, _) in requests {
                        actions.extend(rooms.clone().map(|room| Action::EnterSecond(peer, kind, room)));
                    }
                }
                Some(_) => {}
            }
            if client.room.is_some() && has(Budget::Leave) {
                actions.push(Action::Leave(peer));
            }
        }
        if has(Budget::RequestWithoutAck) {
            actions.push(Action::RequestWithoutAck(peer));
        }
        if has(Budget::Drop) {
            actions.push(Action::Drop(peer));
        }
        let own = self.session_of(peer);
        for other in (0..S as u8).filter(|other| *other != own) {
            if has(Budget::Stray) && self.server.is_connected(other) && client.roster & 1 << other == 0 {
                actions.push(Action::StrayToUser(peer, other));
            }
            let is_stable = || self.negotiation(peer, other).signaling() == Signaling::Stable;
            if has(Budget::Renegotiate) && client.roster & 1 << other != 0 && is_stable() {
                actions.push(Action::Renegotiate(peer, other));
            }
        }
        if has(Budget::Stray) {
            actions.extend(rooms.map(|room| Action::StrayToRoom(peer, room)));
        }
    }
}
