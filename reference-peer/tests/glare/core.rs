//! The negotiation alone: two peers, a queue each way, anything the environment may do.

use std::collections::VecDeque;

use glare_model::{
    message::SignalKind,
    negotiation::{Command, Description, Event, Negotiation, Role, Side, Strategy, step},
};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// What one end does by itself, beside what comes of meeting.
const WISHES: usize = 6;

struct End {
    role: Role,
    side: Side,
    state: Negotiation,
    inbox: VecDeque<(SignalKind, Description)>,
    owes_answer: bool,
    wishes: usize,
    glares: usize,
    live: i32,
}

struct Pair {
    strategy: Strategy,
    ends: [End; 2],
}

impl Pair {
    fn new(strategy: Strategy) -> Self {
        let end = |role, side| End {
            role,
            side,
            state: Negotiation::default(),
            inbox: VecDeque::new(),
            owes_answer: false,
            wishes: WISHES,
            glares: 0,
            live: 0,
        };
        Self { strategy, ends: [end(Role::Impolite, Side::Joiner), end(Role::Polite, Side::Resident)] }
    }

    fn perform(&mut self, at: usize, event: Event) {
        let mut sent = Vec::new();
        let end = &mut self.ends[at];
        end.glares += usize::from(matches!(event, Event::Offer(_)) && end.state.pending != 0);
        let mut did = Vec::new();
        end.state = step(end.state, &self.strategy, end.role, event, &mut |command| did.push(command));
        for command in did {
            match command {
                Command::Send(kind, description) => sent.push((kind, description)),
                Command::Prepare => end.owes_answer = true,
                Command::Build => end.live += 1,
                Command::Close => end.live -= 1,
                Command::Fail(..) | Command::Orphan => panic!("{command:?} after {event:?}"),
                Command::Attach
                | Command::AddTracks
                | Command::Rollback
                | Command::Apply(..)
                | Command::Restart
                | Command::Add(_)
                | Command::Keep(_)
                | Command::Release
                | Command::Discard
                | Command::Replace
                | Command::Ignore(_) => {}
            }
        }
        self.ends[1 - at].inbox.extend(sent);
    }

    fn deliver(&mut self, at: usize) {
        let Some((kind, description)) = self.ends[at].inbox.pop_front() else { return };
        self.perform(
            at,
            match kind {
                SignalKind::Offer => Event::Offer(description),
                SignalKind::Answer => Event::Answer(description),
                SignalKind::Candidate => Event::Candidate(description),
            },
        );
    }

    fn run(&mut self, rng: &mut ChaCha8Rng) {
        // Both meet before either hears of the other, so their offers cross if both make one.
        for at in [0, 1] {
            self.perform(at, Event::Met(self.ends[at].side));
        }
        loop {
            let at = usize::from(rng.random_bool(0.5));
            let end = &mut self.ends[at];
            match rng.random_range(0..4) {
                0 if end.owes_answer => {
                    end.owes_answer = false;
                    self.perform(at, Event::Ready);
                }
                1 if end.wishes > 0 => {
                    end.wishes -= 1;
                    let wishes = [Event::ChangeTracks, Event::Gathered, Event::IceFailed, Event::ReplaceTrack];
                    self.perform(at, wishes[rng.random_range(0..wishes.len())]);
                }
                _ => self.deliver(at),
            }
            if self.ends.iter().all(|end| end.inbox.is_empty() && !end.owes_answer && end.wishes == 0) {
                return;
            }
        }
    }
}

#[test]
fn a_thousand_glares_of_the_negotiation_alone_converge() {
    let mut glares = 0;
    for seed in 0..1000 {
        let mut pair = Pair::new(Strategy::PERFECT);
        pair.run(&mut ChaCha8Rng::seed_from_u64(seed));
        let [one, other] = &pair.ends;
        assert!(one.state.is_connected_with(&other.state), "seed {seed}: {:#?} {:#?}", one.state, other.state);
        assert_eq!((one.live, other.live), (1, 1), "seed {seed}: exactly one connection each");
        assert!(one.glares > 0 && other.glares > 0, "seed {seed}: the first offers cross");
        glares += one.glares + other.glares;
    }
    assert!(glares > 2000, "offers crossed {glares} times");
}
