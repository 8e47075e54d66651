//! The world as a transition system: where it starts, what can happen, what follows.

use super::{
    Action, Budgets, Fact, Facts, PeerStep, Property, ServerStep, Wish, World,
    packed::Upward,
    queue::Overflow,
    trace::{Outlook, Recorder, Trace, TraceStep, Watch, ice_text},
};
use crate::{
    message::Target,
    negotiation::{Event, Strategy},
    requirement::{
        RequirementId,
        ids::{
            CAP_CAPACITY_01, CAP_HOST_CLOSE_01, CAP_HOST_TRANSFER_01, NEG_01, NEG_02, NEG_03, NEG_04, NEG_05, NEG_06,
            NEG_07, NEG_08, NEG_09, ROOM_04,
        },
    },
    room::{HostLeaves, RoomRules, SecondRoom},
};

/// What does not change during a run.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The server's rules.
    pub rules: RoomRules,
    /// The peers' rules.
    pub strategy: Strategy,
    /// What the server does, if not [`crate::room::step`].
    pub server: Option<ServerStep>,
    /// What a peer does, if not [`crate::negotiation::step`].
    pub peer: Option<PeerStep>,
    /// How many rooms have names.
    pub rooms: u8,
    /// Whether ICE is looked at: its losses happen, and peers are connected only when it says so at both ends.
    pub ice: bool,
}

impl Setting {
    /// Whether a member may be in several rooms.
    #[must_use]
    pub fn has_several_rooms(&self) -> bool {
        self.rules.second_room == SecondRoom::Several
    }

    /// Whether these rules have to keep a property.
    #[must_use]
    pub fn owes(&self, property: &Property) -> bool {
        self.owes_clause(property.clause)
    }

    /// Whether a clause, by its property or its goal, binds these rules: those of a capability bind only who has it. Where a member may be in several rooms, that a second one is refused is no rule, and nothing is negotiated: each room
    /// has negotiations of its own then, which are those of a world with one room.
    #[must_use]
    pub fn owes_clause(&self, clause: RequirementId) -> bool {
        match clause {
            ROOM_04 => !self.has_several_rooms(),
            NEG_01 | NEG_02 | NEG_03 | NEG_04 | NEG_05 | NEG_06 | NEG_07 | NEG_08 | NEG_09 => !self.has_several_rooms(),
            CAP_HOST_CLOSE_01 => matches!(self.rules.host_leaves, HostLeaves::CloseRoom | HostLeaves::ForgetRoom),
            CAP_HOST_TRANSFER_01 => self.rules.host_leaves == HostLeaves::HandOver,
            CAP_CAPACITY_01 => self.rules.capacity.is_some(),
            _ => true,
        }
    }
}

/// A world with its rules: what a checker explores.
#[derive(Clone, Copy, Debug)]
pub struct System<const P: usize, const S: usize> {
    /// The rules.
    pub setting: Setting,
    /// What may happen.
    pub budgets: Budgets,
}

impl<const P: usize, const S: usize> System<P, S> {
    /// The initial state.
    #[must_use]
    pub fn initial(&self) -> World<P, S> {
        World::initial(self.budgets)
    }

    /// Lists what can happen, in a fixed order.
    pub fn actions(&self, state: &World<P, S>, actions: &mut Vec<Action>) {
        state.enabled(&self.setting, actions);
    }

    /// What follows, and what the transition shows.
    ///
    /// # Errors
    /// The next state does not fit.
    pub fn step(&self, state: &World<P, S>, action: Action) -> Result<(World<P, S>, Facts), Overflow> {
        let (mut next, mut facts) = (*state, Facts::default());
        next.apply(&self.setting, action, &mut facts)?;
        Ok((next, facts))
    }

    /// What a state shows.
    #[must_use]
    pub fn judge(&self, state: &World<P, S>) -> Facts {
        let mut facts = Facts::default();
        state.judge(&self.setting, &mut facts);
        facts
    }

    /// Whether nothing is under way, and nothing more happens unless somebody acts.
    #[must_use]
    pub fn is_at_rest(&self, state: &World<P, S>) -> bool {
        state.is_at_rest(&self.setting)
    }

    /// Replays a path from the initial state and tells what happens, and at the end what of `faults` the last state
    /// shows.
    ///
    /// # Errors
    /// A state does not fit.
    pub fn replay(&self, path: &[Action], faults: &[Fact]) -> Result<Trace, Overflow> {
        let mut state = self.initial();
        let steps = self.tell_path(&mut state, path)?;
        let mut recorder = Recorder { only: Some(faults), ..Recorder::default() };
        state.judge(&self.setting, &mut recorder);
        Ok(Trace::of(P as u8, steps, Outlook::Open, recorder.lines))
    }

    /// Replays a run on which a wish never comes true: the way there, and what is then repeated for ever, if anything.
    ///
    /// # Errors
    /// A state does not fit.
    pub fn replay_for_ever(&self, stem: &[Action], cycle: &[Action], wish: Wish) -> Result<Trace, Overflow> {
        let mut state = self.initial();
        let steps = self.tell_path(&mut state, stem)?;
        let then = match cycle {
            [] => Outlook::Stillness,
            round => Outlook::Repetition(self.tell_path(&mut state, round)?),
        };
        Ok(Trace::of(P as u8, steps, then, vec![state.complaint(wish)]))
    }

    fn tell_path(&self, state: &mut World<P, S>, path: &[Action]) -> Result<Vec<TraceStep>, Overflow> {
        let tell = |action: &Action| {
            let mut recorder = Recorder::default();
            state.apply(&self.setting, *action, &mut recorder)?;
            Ok(TraceStep { lines: recorder.lines })
        };
        path.iter().map(tell).collect()
    }
}

impl<const P: usize, const S: usize> World<P, S> {
    pub(super) fn is_at_rest(&self, setting: &Setting) -> bool {
        self.is_quiescent() && (!setting.ice || self.is_ice_at_rest())
    }

    /// Performs an enabled action.
    pub(super) fn apply(&mut self, setting: &Setting, action: Action, watch: &mut impl Watch) -> Result<(), Overflow> {
        if let Some(budget) = action.budget() {
            self.budgets.spend(budget);
        }
        match action {
            Action::Enter(peer, kind, room) | Action::EnterSecond(peer, kind, room) => {
                self.request(peer, kind, room, watch)
            }
            Action::RequestWithoutAck(peer) => self.send(peer, Upward::RequestWithoutAck, watch),
            Action::Leave(peer) => self.leave(setting, peer, watch),
            Action::LeaveOne(peer, room) => self.leave_one(peer, room, watch),
            Action::Drop(peer) => self.drop_connection(setting, peer, watch),
            Action::Reconnect(peer) => self.reconnect(setting, peer, watch),
            Action::Notice(session) => self.notice(setting, session, watch),
            Action::StrayToUser(peer, session) => self.stray(peer, Target::User(session), watch),
            Action::StrayToRoom(peer, room) => self.stray(peer, Target::Room(room), watch),
            Action::EnterInvalid(peer, kind) => {
                self.clients[usize::from(peer)].asking = Some(0);
                self.send(peer, Upward::InvalidRequest(kind), watch)
            }
            Action::LeaveOutside(peer) => self.send(peer, Upward::Leave, watch),
            Action::ChangeTracks(peer, remote) => {
                watch.note(Self::lane(peer), || "changes its tracks".into());
                self.negotiate(setting, peer, remote, Event::ChangeTracks, watch)
            }
            Action::Ready(peer, remote) => {
                watch.note(Self::lane(peer), || "has its answer ready".into());
                self.negotiate(setting, peer, remote, Event::Ready, watch)
            }
            Action::Gather(peer, remote) => self.gather(setting, peer, remote, false, watch),
            Action::GatherEarly(peer, remote) => self.gather(setting, peer, remote, true, watch),
            Action::Ice(peer, remote, ice) => {
                watch.note(Self::lane(peer), || ice_text::<P>(remote, ice));
                self.negotiate(setting, peer, remote, ice.event(), watch)
            }
            Action::ServeOvertaking(session) => self.serve_overtaking(setting, session, watch),
            Action::Serve(session) => self.serve(setting, session, watch),
            Action::Deliver(session) => self.deliver(setting, session, watch),
        }
    }
}
