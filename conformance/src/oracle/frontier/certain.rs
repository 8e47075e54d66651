//! What comes in every case: of all orders in which a server may serve what was sent, the fewest of each message.

use std::collections::BTreeMap;

use glare_model::room::Directory;

use super::{
    factor::Factor,
    script::{Ask, Line, MarkKind, Message, Script, Slot},
    state::{FastMap, State},
    step::Course,
};
use crate::limits::FRONTIER_STEPS_MAX;

/// How often something comes on a connection.
type Counts<K> = BTreeMap<(Slot, K), usize>;

/// What comes in every case.
#[derive(Clone, Debug)]
pub(crate) struct Certain<K> {
    /// How often each kind.
    pub(crate) counts: BTreeMap<K, usize>,
    /// Whether the same comes in every case, so that nothing else may come.
    pub(crate) is_all: bool,
}

/// The fewest of each kind over all cases, so far.
struct Fewest<K> {
    counts: Option<Counts<K>>,
    differ: bool,
}

impl Factor {
    /// How often each kind of message certainly comes of what was sent and not served. `kind` says what counts as one;
    /// messages of none are not counted. Nothing is certain if there are too many orders.
    pub(super) fn certain<K: Ord + Clone>(&self, kind: impl Fn(&Message) -> Option<K>) -> Certain<(Slot, K)> {
        let (states, sent) = self.outlook();
        let mut layers: BTreeMap<u64, FastMap<State, Counts<K>>> = BTreeMap::new();
        for state in states {
            layers.entry(state.progress()).or_default().insert(state, Counts::new());
        }
        let mut fewest = Fewest { counts: None, differ: false };
        let mut steps = 0;
        while let Some((_, layer)) = layers.pop_first() {
            for (state, counts) in layer {
                let courses = self.script.every_course(&state, &sent);
                let done = self.script.lines.iter().zip(&state.stands).zip(&sent);
                if done.into_iter().all(|((_, stand), sent)| stand.served == *sent) {
                    fewest.keep(&counts);
                }
                for course in courses {
                    steps += 1;
                    if steps > FRONTIER_STEPS_MAX {
                        return Certain { counts: Counts::new(), is_all: false };
                    }
                    let mut counts = counts.clone();
                    for (to, message, _) in &course.sent {
                        if let Some(kind) = kind(message) {
                            *counts.entry((*to, kind)).or_default() += 1;
                        }
                    }
                    let next = layers.entry(course.state.progress()).or_default().entry(course.state);
                    next.and_modify(|known| fewest.merge(known, &counts)).or_insert(counts);
                }
            }
        }
        Certain { is_all: fewest.counts.is_some() && !fewest.differ, counts: fewest.counts.unwrap_or_default() }
    }

    /// The states, and what was sent, as if the running phase's acts had happened and nothing had come of them.
    pub(super) fn outlook(&self) -> (Vec<State>, Vec<u32>) {
        let (mut states, mut sent) = (self.position.states.clone(), self.position.sent.clone());
        for mark in &self.script.marks[self.position.marks..] {
            match mark.what {
                MarkKind::Opened(slot) => {
                    sent.resize(usize::from(slot) + 1, 0);
                    states.iter_mut().for_each(|state| state.connect(slot));
                }
                MarkKind::Sent(slot) => sent[usize::from(slot)] += 1,
                MarkKind::Seen(..) | MarkKind::Answered(..) => {}
                MarkKind::PhaseEnd => break,
            }
        }
        (states, sent)
    }
}

impl Script {
    /// All steps that a server may take next; where the order makes no difference to what is counted, those for one
    /// connection alone.
    fn every_course(&self, state: &State, sent: &[u32]) -> Vec<Course> {
        let slots = || (0..state.stands.len()).map(|place| Slot::try_from(place).expect("slots were numbered"));
        let plain = slots().find(|slot| self.is_plain(state, *slot, sent));
        let chosen: Vec<Slot> = plain.map_or_else(|| slots().collect(), |slot| vec![slot]);
        chosen.into_iter().flat_map(|slot| self.courses(state, slot, sent[usize::from(slot)])).collect()
    }

    /// Whether the next item of a connection has one outcome whenever it is served: it moves nobody, and what it depends on
    /// does not move any more.
    fn is_plain(&self, state: &State, slot: Slot, sent: &[u32]) -> bool {
        let place = usize::from(slot);
        let stand = state.stand(slot);
        let line = &self.lines[place];
        let Some(head) = line.items.get(stand.served as usize).filter(|_| stand.served < sent[place]) else {
            return false;
        };
        let ends = |line: &Line| line.frozen_at.is_some() || line.items.iter().any(super::script::Item::is_end);
        let moves = |(place, line): (usize, &Line)| {
            let waiting = &line.items[state.stands[place].served as usize..sent[place] as usize];
            let is_thrown_out = line.is_thrown_out(state.stands[place].served);
            line.frozen_at.is_some() || is_thrown_out || waiting.iter().any(super::script::Item::may_move)
        };
        match &head.what {
            Ask::Fence => true,
            // The end of a room moves members that have nothing to serve.
            Ask::Signal { .. } if self.has_hosts() => false,
            Ask::Signal { unclear: true, .. } => false,
            Ask::Signal { signal: Err(_), .. } => !ends(line),
            Ask::Signal { signal: Ok(aim), .. } => {
                let mut targets = self.lines.iter().enumerate().filter(|(_, line)| line.user == aim.user);
                !ends(line) && !targets.any(moves) && aim.user != line.user
            }
            Ask::Request { .. } | Ask::Leave { .. } | Ask::Broken | Ask::End(_) | Ask::Ended { .. } => false,
        }
    }
}

impl<K: Ord + Clone> Fewest<K> {
    /// Takes in a case.
    fn keep(&mut self, counts: &Counts<K>) {
        match self.counts.take() {
            None => self.counts = Some(counts.clone()),
            Some(mut known) => {
                self.merge(&mut known, counts);
                self.counts = Some(known);
            }
        }
    }

    /// Two cases that go on in the same way.
    fn merge(&mut self, known: &mut Counts<K>, counts: &Counts<K>) {
        if known != counts {
            self.differ = true;
            known.retain(|key, count| {
                *count = counts.get(key).map_or(0, |other| (*count).min(*other));
                *count > 0
            });
        }
    }
}
