//! How a world falls into parts, for the explorer.
//!
//! A part is a peer with all its connections. Whatever is not named here as belonging to a part belongs to the rest: that
//! is exact, and costs speed only.

use super::{
    Action, Budget, Budgets, Facts, IceAction, Overflow, System, World,
    account::{Account, Numbers},
    packed::{Downward, Upward},
    packed_negotiation::owes_answer,
    queue::Queue,
    state::{Client, ROOMS_MAX},
};
use crate::{
    explore::Space,
    message::Target,
    room::{Directory, Presence, SmallDirectory},
};

/// A peer, its queues, and what the server has recorded of its sessions, the oldest session first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part<const S: usize> {
    up: Vec<Queue>,
    down: Vec<Queue>,
    negotiations: [u64; S],
    /// Whether the server knows the session, and where it believes it to be.
    records: Vec<Presence>,
    client: Client,
    account: Account,
}

/// A world without what its parts hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rest<const S: usize> {
    /// The rooms alone: no session is connected.
    server: SmallDirectory<S, ROOMS_MAX>,
    budgets: Budgets,
    crashed: bool,
    meetings: [Numbers; S],
}

/// The accepting acks among what is on its way to a session.
fn acks_of(queue: &Queue) -> Queue {
    let mut acks = Queue::default();
    let is_ack = |word: &u32| matches!(Downward::unpack(*word), Downward::Created(_) | Downward::Joined(..));
    let words = queue.words().filter(is_ack);
    // What they tell of is nobody else's business.
    words.for_each(|word| acks.push((word, 0)).expect("it takes a part of what a queue held"));
    acks
}

fn sessions_of<const P: usize, const S: usize>(peer: usize) -> impl Iterator<Item = u8> {
    (peer as u8..S as u8).step_by(P)
}

impl<const P: usize, const S: usize> Space for System<P, S> {
    type State = World<P, S>;
    type Action = Action;
    type Part = Part<S>;
    type Rest = Rest<S>;

    fn parts(&self) -> usize {
        P
    }

    fn initial(&self) -> World<P, S> {
        Self::initial(self)
    }

    fn actions(&self, state: &World<P, S>, actions: &mut Vec<Action>) {
        Self::actions(self, state, actions);
    }

    fn step(&self, state: &World<P, S>, action: Action) -> Result<(World<P, S>, Facts), Overflow> {
        Self::step(self, state, action)
    }

    fn judge(&self, state: &World<P, S>) -> Facts {
        Self::judge(self, state)
    }

    fn owner(&self, action: Action) -> usize {
        match action {
            Action::Enter(peer, ..)
            | Action::EnterSecond(peer, ..)
            | Action::RequestWithoutAck(peer)
            | Action::EnterInvalid(peer, _)
            | Action::Leave(peer)
            | Action::LeaveOne(peer, _)
            | Action::LeaveOutside(peer)
            | Action::Drop(peer)
            | Action::Reconnect(peer)
            | Action::StrayToUser(peer, _)
            | Action::StrayToRoom(peer, _)
            | Action::ChangeTracks(peer, _)
            | Action::Ready(peer, _)
            | Action::Gather(peer, _)
            | Action::GatherEarly(peer, _)
            | Action::Ice(peer, ..) => peer.into(),
            Action::Notice(session)
            | Action::Serve(session)
            | Action::ServeOvertaking(session)
            | Action::Deliver(session) => usize::from(session) % P,
        }
    }

    fn rank(&self, action: Action) -> usize {
        match action {
            // World::enabled lists these by session, so by epoch and then by peer.
            Action::Notice(session)
            | Action::Serve(session)
            | Action::ServeOvertaking(session)
            | Action::Deliver(session) => usize::from(session) / P,
            _ => S / P,
        }
    }

    fn fairness(&self, action: Action) -> Option<u8> {
        match action {
            Action::Serve(session) => Some(session),
            Action::Deliver(session) => Some(S as u8 + session),
            Action::Notice(session) => Some(2 * S as u8 + session),
            // An answer that is being made gets ready.
            Action::Ready(peer, session) => Some((3 + peer) * S as u8 + session),
            // ICE does what it can. That it loses a path is the network's doing.
            Action::Ice(peer, session, IceAction::Connect | IceAction::Fail | IceAction::OpenChannel) => {
                Some((3 + P as u8 + peer) * S as u8 + session)
            }
            Action::Ice(_, _, IceAction::Disconnect)
            | Action::Enter(..)
            | Action::EnterSecond(..)
            | Action::RequestWithoutAck(_)
            | Action::EnterInvalid(..)
            | Action::Leave(_)
            | Action::LeaveOne(..)
            | Action::LeaveOutside(_)
            | Action::Drop(_)
            | Action::Reconnect(_)
            | Action::StrayToUser(..)
            | Action::StrayToRoom(..)
            | Action::ChangeTracks(..)
            | Action::Gather(..)
            | Action::GatherEarly(..)
            | Action::ServeOvertaking(_) => None,
        }
    }

    fn split(&self, state: &World<P, S>) -> (Rest<S>, Vec<Part<S>>) {
        (self.rest(state), (0..P).map(|peer| self.part(state, peer)).collect())
    }

    fn part(&self, state: &World<P, S>, peer: usize) -> Part<S> {
        Part {
            up: sessions_of::<P, S>(peer).map(|session| state.up[usize::from(session)]).collect(),
            down: sessions_of::<P, S>(peer).map(|session| state.down[usize::from(session)]).collect(),
            negotiations: state.negotiations[peer],
            records: sessions_of::<P, S>(peer).map(|session| state.server.presence(session)).collect(),
            client: state.clients[peer],
            account: state.accounts[peer],
        }
    }

    fn rest(&self, state: &World<P, S>) -> Rest<S> {
        // All that a world is made of: whatever it gets in addition has to become somebody's here.
        let World { up: _, down: _, negotiations: _, clients: _, accounts: _, mut server, budgets, crashed, meetings } =
            *state;
        (0..S as u8).for_each(|session| server.disconnect(session));
        Rest { server, budgets, crashed, meetings }
    }

    fn may_differ(&self, before: &World<P, S>, after: &World<P, S>, peer: usize) -> bool {
        let mut sessions = sessions_of::<P, S>(peer);
        let queues_differ = |it: usize| before.up[it] != after.up[it] || before.down[it] != after.down[it];
        before.negotiations[peer] != after.negotiations[peer]
            || before.clients[peer] != after.clients[peer]
            || before.accounts[peer] != after.accounts[peer]
            || sessions.any(|it| queues_differ(it.into()) || before.server.presence(it) != after.server.presence(it))
    }

    fn join(&self, rest: &Rest<S>, parts: &[&Part<S>]) -> World<P, S> {
        let Rest { server, budgets, crashed, meetings } = *rest;
        let mut state = World { server, crashed, meetings, ..World::initial(budgets) };
        for (peer, part) in parts.iter().enumerate() {
            for (epoch, session) in sessions_of::<P, S>(peer).enumerate() {
                state.up[usize::from(session)] = part.up[epoch];
                state.down[usize::from(session)] = part.down[epoch];
                state.server.set_presence(session, part.records[epoch]);
            }
            state.negotiations[peer] = part.negotiations;
            state.clients[peer] = part.client;
            state.accounts[peer] = part.account;
        }
        state
    }

    fn outline(&self, part: &Part<S>) -> Part<S> {
        let Client { epoch, is_alive, .. } = part.client;
        Part {
            up: vec![Queue::default(); part.up.len()],
            // Others race with a request as long as its ack is on its way.
            down: part.down.iter().map(acks_of).collect(),
            // ICE finds a path where both ends fit.
            negotiations: if self.setting.ice { part.negotiations } else { [0; S] },
            records: part.records.clone(),
            client: Client { epoch, is_alive, ..Client::default() },
            account: Account::default(),
        }
    }

    fn receive(&self, part: &Part<S>, after: &Part<S>) -> Result<Part<S>, Overflow> {
        let mut part = part.clone();
        for (queue, after) in part.down.iter_mut().zip(&after.down) {
            let known = acks_of(queue).len();
            after.marked().skip(known).try_for_each(|message| queue.push(message))?;
        }
        part.records.clone_from(&after.records);
        Ok(part)
    }

    /// Its user acts, and it handles what it hears, without a look at others. What it has sent may concern others once it
    /// is served: a signal its target, anything else everybody. The server's and the peers' own rules may be others than
    /// ours, and what they look at is unknown.
    fn heeds(&self, part: &Part<S>) -> u8 {
        const EVERYBODY: u8 = u8::MAX;
        let is_unknown = self.setting.server.is_some() || self.setting.peer.is_some();
        // ICE looks at both ends. Strays go to whoever is connected.
        if is_unknown || self.setting.ice || self.budgets.left(Budget::Stray) > 0 {
            return EVERYBODY;
        }
        let is_live = |epoch: usize| part.client.is_alive && epoch == usize::from(part.client.epoch);
        if part.records.iter().enumerate().any(|(epoch, record)| *record != Presence::Absent && !is_live(epoch)) {
            return EVERYBODY;
        }
        let of_message = |word| match Upward::unpack(word) {
            Upward::Signal(_, Target::User(to), _) => 1 << (usize::from(to) % P),
            Upward::Signal(_, Target::Unknown, _) => 0,
            Upward::Signal(_, Target::Room(_) | Target::Member(..), _)
            | Upward::Request(..)
            | Upward::RequestWithoutAck
            | Upward::InvalidRequest(_)
            | Upward::Leave
            | Upward::LeaveOne(_) => EVERYBODY,
        };
        // The second may overtake the first.
        let next = |queue: &Queue| queue.words().take(2).map(of_message).fold(0, |all, one| all | one);
        part.up.iter().map(next).fold(0, |all, one| all | one)
    }

    fn is_at_rest(&self, part: &Part<S>) -> bool {
        let is_live = |epoch: usize| part.client.is_alive && epoch == usize::from(part.client.epoch);
        let is_noticed = |(epoch, record): (usize, &Presence)| is_live(epoch) || *record == Presence::Absent;
        part.up.iter().chain(&part.down).all(Queue::is_empty)
            && part.records.iter().enumerate().all(is_noticed)
            && !part.negotiations.iter().any(|word| owes_answer(*word))
    }

    /// Two members that are being told of two others each may be told in different orders (ORDER-04).
    fn shows_more(&self, part: &Part<S>) -> bool {
        let is_notice = |word| match Downward::unpack(word) {
            Downward::UserJoined(_) | Downward::UserLeft(_) | Downward::Entered(..) | Downward::Departed(..) => true,
            Downward::Created(_) | Downward::Joined(..) | Downward::Refused(_) | Downward::RoomClosed => false,
            Downward::HostChanged(_) | Downward::Signal(..) | Downward::Error(_) => false,
        };
        P > 2 && part.down.iter().any(|queue| queue.words().filter(|word| is_notice(*word)).count() > 1)
    }
}
