//! The frontier: every state in which a server may be that has sent what a trace shows.
//!
//! # What a state is
//! Between each client and the server there are two queues. A *state* says who is where (the model's directory), how much
//! of each client's queue the server has served, and how much of what arrived there is explained by what the server has
//! sent ([`state`]). The queues themselves are the trace's, and all states share them ([`script`], read by [`reading`]).
//!
//! # How a trace is read
//! Record by record. What a client sends joins its queue. When something has arrived, every state has to be one in which it
//! was sent: from states that are not there yet, the server takes steps until they are, in every order that can matter
//! ([`closure`]). A step serves the head of one queue by the model ([`step`]), and what the model sends is compared at once
//! with what its receiver sees next, later records included ([`explain`]); so the number of states stays near one even where
//! many steps race. States that cannot get there are left out. An empty set is a violation: no legal order of what the
//! clients did explains what they saw.
//!
//! # What is left open
//! - *Order.* Messages of one connection are served in the order in which they were sent; events to one connection arrive in
//!   the order in which the server sent them. Nothing else is ordered, but that something is sent before it is received.
//! - *Acks* have a lane of their own, for docs/protocol.md leaves the order of an ack and a notice open: an ack proves that
//!   its request was served before, and that is all. Two exceptions are the protocol's: the ack of a successful join comes
//!   before anything of its room (ORDER-02), and a fence's ack comes after everything that was sent to its connection
//!   before the fence was served.
//! - *Ends.* A server learns of the end of a connection at any time after it. What was in flight may have been served or
//!   not, up to any point. A client that is frozen may be noticed at any time. At the end of a phase the server has to have
//!   noticed if somebody was there to be told, for the runner waited for that. If nobody was, it may notice later; but an
//!   explanation that needs it is kept only where no other is left, and is then a matter of time ([`settle`]). Of one that
//!   was in no room nobody can tell when it was noticed: both are one state.
//! - *Time*, where a target has no fence: after the runner's wait it counts as served and arrived what was sent before.
//! - *Broken frames* may end their connection or not. A request without an ack may take effect or not. A description of
//!   a size on which implementations may differ may be relayed or refused.
//! - *Errors*: additional ones to a client that acted are free.
//!
//! # What is recommended
//! A state carries what it has to take for broken. Recommendations (RELAY-07, RELAY-08, ROOM-13) may be broken; of two equal
//! states the one that breaks less is kept, and the cheapest is the one that is reported. ROOM-14 is a matter of form, which
//! the invariants judge.
//!
//! # What a failure says
//! A phase that nothing explains is read once more, and now a state may take any clause for broken at a cost: a message
//! may be missing, nobody's, altered, or a request wrongly answered ([`objection`]). The cheapest explanation names the
//! clauses. Where it takes something for nobody's, the report lists what the last set that was not empty would have allowed
//! instead ([`allowed`]).
//!
//! # Bounds
//! Connections that have nothing to do with each other are explained apart ([`partition`]). Sets of states and steps for one
//! record are bounded (`limits.rs`); beyond that the verdict is inconclusive, and names the bound. [`Statistics`] says how
//! large the sets were.

mod allowed;
mod breach;
mod certain;
mod closure;
mod explain;
mod factor;
mod objection;
mod outcomes;
mod partition;
mod reading;
mod reduction;
mod script;
mod settle;
mod state;
mod statistics;
mod step;
mod symbols;
mod words;

use std::collections::{BTreeSet, HashMap};

pub use outcomes::{PhaseOutcomes, outcomes};
pub use statistics::Statistics;

use self::{
    factor::{Factor, Outcome},
    script::Script,
};
use super::{Violation, facts::Facts, story::Story};
use crate::{
    capability::Profile,
    trace::{Entry, Trace},
    transport::ConnectionId,
};
pub(crate) use certain::Certain;
pub(crate) use script::Message;

/// The frontier of a whole trace.
#[derive(Default)]
pub(crate) struct Frontier {
    parts: Vec<Factor>,
}

/// What the frontier says of a phase.
pub(crate) enum Explanation {
    /// It has an explanation, the cheapest with these objections: none, or to what is recommended or a matter of time.
    Found(Vec<Violation>),
    /// It has none without a broken clause; those of the cheapest, and none if there is no cheap one.
    None(Vec<Violation>),
    /// A bound was reached.
    TooMany(&'static str),
}

impl Frontier {
    /// Reads a trace, for the other oracle as well. Nothing is explained yet.
    pub(crate) fn read(trace: &Trace) -> (Story, Self) {
        let mut story = Story::default();
        let parts = partition::parts(trace);
        let mut owners: HashMap<ConnectionId, usize> = HashMap::new();
        for (place, part) in parts.iter().enumerate() {
            owners.extend(part.iter().map(|connection| (*connection, place)));
        }
        let mut scripts: Vec<_> = parts.into_iter().map(|_| Script::new(trace.profile)).collect();
        for (at, record) in trace.records.iter().enumerate() {
            story.entry(at, &record.entry);
            if matches!(record.entry, Entry::Phase { .. } | Entry::Waited { .. }) {
                scripts.iter_mut().for_each(|script| script.record(&story, at, &record.entry));
            } else if let Some(owner) = record.entry.connection().and_then(|connection| owners.get(&connection)) {
                scripts[*owner].record(&story, at, &record.entry);
            }
        }
        scripts.iter_mut().for_each(|script| script.end_phase(trace.records.len()));
        (story, Self { parts: scripts.into_iter().map(Factor::new).collect() })
    }

    /// Explains the next phase.
    pub(crate) fn advance(&mut self, story: &Story, phase: usize) -> Explanation {
        let (mut remarks, mut objections, mut unexplained) = (Vec::new(), Vec::new(), false);
        for part in &mut self.parts {
            match part.advance(story, phase) {
                Outcome::Explained(own) => remarks.extend(own),
                Outcome::Unexplained(own) => {
                    unexplained = true;
                    objections.extend(own);
                }
                Outcome::TooMany(bound) => return Explanation::TooMany(bound),
            }
        }
        objections.extend(remarks);
        if unexplained { Explanation::None(objections) } else { Explanation::Found(objections) }
    }

    /// How large the sets of states were.
    pub(crate) fn statistics(&self) -> Statistics {
        let mut all = Statistics::default();
        self.parts.iter().for_each(|part| all.add(&part.statistics));
        all
    }
}

/// The frontier of a trace that is still being written.
pub(crate) struct Running {
    story: Story,
    part: Factor,
    phase: usize,
}

impl Running {
    /// Before the first record.
    pub(crate) fn new(profile: Profile) -> Self {
        Self { story: Story::default(), part: Factor::new(Script::new(profile)), phase: 0 }
    }

    /// How many states explain what was seen before the running phase.
    pub(crate) fn states(&self) -> usize {
        self.part.position.states.len()
    }

    /// Takes in a record. Returns whether what a target has done so far can be explained without a broken MUST.
    pub(crate) fn record(&mut self, at: usize, entry: &Entry) -> bool {
        let begun = !self.story.phases.is_empty();
        self.story.entry(at, entry);
        self.part.script.record(&self.story, at, entry);
        if !matches!(entry, Entry::Phase { .. }) || !begun {
            return true;
        }
        self.phase += 1;
        self.part.explain(self.phase - 1)
    }

    /// Whether somebody has to be told of an end in the running phase, by what has been seen of it so far, and was not yet.
    pub(crate) fn awaits_notice(&self) -> bool {
        self.part.clone().awaits_notice(self.phase)
    }

    /// The connections that are certainly in one room with this one, by what the wire says.
    pub(crate) fn fellows(&self, connection: ConnectionId) -> Vec<ConnectionId> {
        let mut facts = Facts::new(self.part.script.profile);
        for phase in &self.story.phases {
            facts.open(phase);
            facts.close(phase);
        }
        let members: BTreeSet<_> = facts.rooms(connection).iter().flat_map(|room| facts.members(room)).collect();
        members.into_iter().filter(|member| *member != connection).collect()
    }

    /// How often each kind of message certainly comes of what was sent in the running phase. `kind` says what counts as one;
    /// it is given a message and the user id of whom the message is about, if it is about somebody.
    pub(crate) fn certain<K: Ord + Clone>(
        &self,
        kind: impl Fn(&Message, &str) -> Option<K>,
    ) -> Certain<(ConnectionId, K)> {
        let lines = &self.part.script.lines;
        let connection = |slot: u16| lines[usize::from(slot)].connection;
        let certain = self.part.certain(|message| {
            let user = match message {
                Message::UserJoined(slot) | Message::UserLeft(slot) | Message::HostChanged(slot) => Some(*slot),
                Message::Signal { from, .. } => Some(*from),
                Message::Created(_) | Message::Joined(..) | Message::Refused(_) => None,
                Message::RoomClosed | Message::Error(..) => None,
            };
            kind(message, user.map_or("", |slot| self.story.user(connection(slot))))
        });
        let counts = certain.counts.into_iter();
        let counts = counts.map(|((slot, kind), count)| ((connection(slot), kind), count)).collect();
        Certain { counts, is_all: certain.is_all }
    }
}
