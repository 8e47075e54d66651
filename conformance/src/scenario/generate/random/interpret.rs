//! Turns choices into a scenario, against the state of the world. Total: where a choice does not fit, something near it
//! happens, or nothing.

use super::{
    choices::{Beat, Choice, Choices},
    coverage::{Coverage, Transition, may},
    deed::Deed,
    world::World,
};
use crate::limits::{RANDOM_COURSES_MAX, RANDOM_WORLDS_MAX};

/// A scenario in the making. Most are thrown away, so [`super::text`] writes only those that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// What is done in each phase.
    pub(super) phases: Vec<Vec<Act>>,
    /// The transitions that are certainly taken, in order.
    pub(super) transitions: Vec<Transition>,
}

/// One thing that one client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Act {
    pub(super) client: u8,
    pub(super) deed: Deed,
    /// What decides how it is done.
    pub(super) choice: Choice,
    /// Its number within the scenario, by which its payload is told from others.
    pub(super) mark: usize,
}

/// Reads choices. With `steering`, some of those that would take a covered transition are replaced first by some that take
/// one that is not. Returns the choices as they were read: without steering they give the same draft.
pub(super) fn interpret(choices: &Choices, steering: Option<&Coverage>) -> (Choices, Draft) {
    let mut read = choices.clone();
    let mut interpreter = Interpreter { choices, world: World::default(), draft: Draft::default(), marks: 0 };
    for beat in &mut read.beats {
        if let (Some(covered), Some(first)) = (steering, beat.choices.first_mut())
            && beat.pace >= choices.swarm.racing
            && !beat.pace.is_multiple_of(4)
        {
            *first = interpreter.steered(*first, covered);
        }
        interpreter.beat(beat);
    }
    (read, interpreter.draft)
}

struct Interpreter<'a> {
    choices: &'a Choices,
    world: World,
    draft: Draft,
    /// How many acts there are.
    marks: usize,
}

impl Interpreter<'_> {
    fn beat(&mut self, beat: &Beat) {
        if beat.pace < self.choices.swarm.racing {
            self.race(&beat.choices);
        } else if let Some(first) = beat.choices.first() {
            self.alone(self.choices.actor(*first), self.choices.deed(*first, &self.world), *first);
        }
        // Who is where is made certain again, often at once, so that what comes next counts.
        if self.world.possible.len() > RANDOM_WORLDS_MAX || beat.pace.is_multiple_of(2) {
            for client in self.world.undecided() {
                self.settled(client, Deed::Leave, Choice { what: 0, who: client, whom: 0, room: 0, data: 0 });
            }
        }
    }

    /// A choice that takes a transition that was not taken yet, or leads to a state of which most were not; the given one
    /// if there is neither.
    fn steered(&self, choice: Choice, covered: &Coverage) -> Choice {
        let deeds = self.choices.deeds();
        let count = deeds.len() * usize::from(self.choices.clients);
        let start = usize::try_from(choice.data).unwrap_or(0);
        let possible = (0..count).filter_map(|place| {
            let place = (start + place) % count;
            let (deed, client) = (deeds[place % deeds.len()], u8::try_from(place / deeds.len()).unwrap_or(0));
            let encoded = self.choices.encode(client, deed, choice).filter(|_| may(&self.world, client, deed))?;
            Some((client, deed, encoded))
        });
        let mut leading = (covered.left(&self.world), choice);
        for (client, deed, encoded) in possible {
            let Some(transition) = self.world.transition(client, deed) else { break };
            if !covered.contains(&transition) && !self.draft.transitions.contains(&transition) {
                return encoded;
            }
            if deed.moves() {
                let mut next = self.world.clone();
                next.race(&[(client, deed)]);
                let left = covered.left(&next);
                if left > leading.0 {
                    leading = (left, encoded);
                }
            }
        }
        leading.1
    }

    /// One act, in a phase of its own.
    fn alone(&mut self, client: u8, deed: Deed, choice: Choice) {
        let deed = match deed {
            Deed::Close | Deed::Drop if !self.world.end_is_heard(client, &[]) => Deed::Leave,
            deed => deed,
        };
        if deed == Deed::Connect {
            if !self.world.is_connected(client) {
                self.settled(client, deed, choice);
            }
            return;
        }
        self.arrive(client, choice);
        self.settled(client, deed, choice);
    }

    /// The first step of a client connects by itself; one that is gone is told to.
    fn arrive(&mut self, client: u8, choice: Choice) {
        if self.world.is_connected(client) {
            return;
        }
        if self.world.known[usize::from(client)] {
            self.settled(client, Deed::Connect, choice);
        } else {
            self.draft.transitions.extend(self.world.transition(client, Deed::Connect));
            self.world.race(&[(client, Deed::Connect)]);
        }
    }

    fn settled(&mut self, client: u8, deed: Deed, choice: Choice) {
        self.draft.transitions.extend(self.world.transition(client, deed));
        self.world.race(&[(client, deed)]);
        let act = self.act(client, deed, choice);
        self.draft.phases.push(vec![act]);
    }

    /// Several acts at the same time.
    fn race(&mut self, choices: &[Choice]) {
        let mut acts: Vec<(u8, Deed, Choice)> = Vec::new();
        for choice in choices {
            let (client, deed) = (self.choices.actor(*choice), self.choices.deed(*choice, &self.world));
            let mut own = acts.iter().filter(|(other, ..)| *other == client).map(|(_, deed, _)| *deed).peekable();
            let first = own.peek().is_none();
            if own.any(|deed| matches!(deed, Deed::Close | Deed::Drop)) {
                continue;
            }
            match deed {
                Deed::Connect => {}
                // What was under way when a connection breaks may be lost: an end is the only act of its client.
                Deed::Close | Deed::Drop if !first => acts.push((client, Deed::Leave, *choice)),
                deed => acts.push((client, deed, *choice)),
            }
        }
        while self.courses(&acts) > RANDOM_COURSES_MAX {
            acts.pop();
        }
        for (client, _, choice) in &acts {
            self.arrive(*client, *choice);
        }
        let movers: Vec<u8> = acts.iter().map(|(client, ..)| *client).collect();
        for (client, deed, _) in &mut acts {
            if matches!(deed, Deed::Close | Deed::Drop) && !self.world.end_is_heard(*client, &movers) {
                *deed = Deed::Leave;
            }
        }
        match acts[..] {
            [] => {}
            [(client, deed, choice)] => self.settled(client, deed, choice),
            _ => {
                let plain: Vec<_> = acts.iter().map(|(client, deed, _)| (*client, *deed)).collect();
                self.world.race(&plain);
                let acts = acts.into_iter().map(|(client, deed, choice)| self.act(client, deed, choice)).collect();
                self.draft.phases.push(acts);
            }
        }
    }

    /// How many courses the acts may take, at most: their orders, times two for each that is left open.
    fn courses(&self, acts: &[(u8, Deed, Choice)]) -> usize {
        let mut orders = self.world.possible.len();
        for (place, (client, deed, _)) in acts.iter().enumerate() {
            let before = acts[..place].iter().filter(|(other, ..)| other == client).count();
            // The next act of one client may come at any place after its last one: a multinomial, factor by factor.
            orders = orders * (place + 1) / (before + 1);
            if matches!(deed, Deed::Request { ack: false, .. }) {
                orders *= 2;
            }
        }
        orders
    }

    fn act(&mut self, client: u8, deed: Deed, choice: Choice) -> Act {
        self.marks += 1;
        Act { client, deed, choice, mark: self.marks }
    }
}
