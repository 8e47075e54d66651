//! The state of the world, as plain data.

use super::{
    account::{Account, Numbers},
    budget::Budgets,
    packed_negotiation::{owes_answer, pack_negotiation, unpack_negotiation},
    queue::{Overflow, Queue},
    several::Stays,
};
use crate::{
    negotiation::Negotiation,
    room::{Directory, SmallDirectory},
};

/// The most rooms that a world has names for.
pub const ROOMS_MAX: usize = 3;

/// `P` peers with `S` connections (`S / P` for each peer, one after the other), one server, and what is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct World<const P: usize, const S: usize> {
    pub(super) up: [Queue; S],
    pub(super) down: [Queue; S],
    /// Each peer's negotiation with every session, its own included: faulty servers introduce a peer to itself.
    pub(super) negotiations: [[u64; S]; P],
    pub(super) server: SmallDirectory<S, ROOMS_MAX>,
    pub(super) clients: [Client; P],
    pub(super) budgets: Budgets,
    pub(super) crashed: bool,
    /// How often each two sessions met: see [`super::account`].
    pub(super) meetings: [Numbers; S],
    /// What the world knows of each peer.
    pub(super) accounts: [Account; P],
}

/// What a client knows of itself and of the members of its room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Client {
    /// Which of the peer's connections is the current one.
    pub(super) epoch: u8,
    /// Whether it is open.
    pub(super) is_alive: bool,
    /// The room that the client believes to be in.
    pub(super) room: Option<u8>,
    /// The room that it asked to enter.
    pub(super) asking: Option<u8>,
    /// The sessions that it believes to be in its room, as bits. Of a client that may be in several: those whose signals may
    /// still be on their way from a room that it left.
    pub(super) roster: u8,
    /// Where it believes to be, where a member may be in several rooms.
    pub(super) stays: Stays,
}

impl<const P: usize, const S: usize> World<P, S> {
    /// Everybody is connected, and in no room.
    #[must_use]
    pub fn initial(budgets: Budgets) -> Self {
        const { assert!(P > 0 && S.is_multiple_of(P) && S <= 8, "sessions are bits of a byte, as many for each peer") };
        let mut server = SmallDirectory::default();
        (0..P as u8).for_each(|session| server.connect(session));
        let client = Client { is_alive: true, ..Client::default() };
        Self {
            up: [Queue::default(); S],
            down: [Queue::default(); S],
            negotiations: [[0; S]; P],
            server,
            clients: [client; P],
            budgets,
            crashed: false,
            meetings: [Numbers::default(); S],
            accounts: [Account::default(); P],
        }
    }

    /// The server's directory.
    #[must_use]
    pub fn server(&self) -> &SmallDirectory<S, ROOMS_MAX> {
        &self.server
    }

    /// Whether nothing is under way: no message waits, no answer is being made, and the server knows of every connection
    /// that ended. What ICE may still do is not looked at: see [`super::System::is_at_rest`].
    #[must_use]
    pub fn is_quiescent(&self) -> bool {
        let is_at_rest = |session: u8| {
            let is_noticed = self.is_live(session) || !self.server.is_connected(session);
            is_noticed && self.up[usize::from(session)].is_empty() && self.down[usize::from(session)].is_empty()
        };
        !self.crashed
            && (0..S as u8).all(is_at_rest)
            && !self.negotiations.iter().flatten().any(|word| owes_answer(*word))
    }

    pub(super) fn session_of(&self, peer: u8) -> u8 {
        peer + self.clients[usize::from(peer)].epoch * P as u8
    }

    pub(super) fn peer_of(session: u8) -> u8 {
        session % P as u8
    }

    pub(super) fn is_live(&self, session: u8) -> bool {
        is_live(&self.clients, session)
    }

    /// What a peer knows of a remote session.
    #[must_use]
    pub fn negotiation(&self, peer: u8, remote: u8) -> Negotiation {
        unpack_negotiation(self.negotiations[usize::from(peer)][usize::from(remote)])
    }

    /// Whether the peer's answer to a remote session is still being made.
    pub(super) fn owes_answer(&self, peer: u8, remote: u8) -> bool {
        owes_answer(self.negotiations[usize::from(peer)][usize::from(remote)])
    }

    pub(super) fn set_negotiation(&mut self, peer: u8, remote: u8, state: Negotiation) -> Result<(), Overflow> {
        self.negotiations[usize::from(peer)][usize::from(remote)] = pack_negotiation(state)?;
        Ok(())
    }
}

/// Whether the session is the open one of its peer, as the peer sees it.
pub(super) fn is_live<const P: usize>(clients: &[Client; P], session: u8) -> bool {
    let client = &clients[usize::from(session) % P];
    client.is_alive && usize::from(client.epoch) == usize::from(session) / P
}

/// The members of a set of bits.
pub(super) fn sessions(bits: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |session| bits & 1 << session != 0)
}
