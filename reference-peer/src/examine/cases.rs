//! The cases: each is what a remote does, and what a peer that keeps the clauses does then.

use std::net::IpAddr;

use glare_model::requirement::{RequirementId, ids};
use tokio::time::Instant;

use super::{ExamineError, Outcome, crossing, meeting, stays};
use crate::signaling::Endpoint;

/// One case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name, which is also the room's.
    pub name: &'static str,
    /// The clauses that it is about.
    pub clauses: &'static [RequirementId],
    /// What is done, and what has to come of it.
    pub text: &'static str,
    play: Play,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Play {
    Offered,
    HigherCrosses,
    LowerCrosses,
    LateAnswer,
    LateOffer,
    LateCandidate,
    CandidateFirst,
    Return,
    Vanish,
    End,
}

/// Where a case is played.
pub(super) struct Room<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) name: &'static str,
    /// The peer's id.
    pub(super) peer: String,
    /// The address of our media sockets.
    pub(super) local: IpAddr,
    /// When it counts as too late for a connection.
    pub(super) deadline: Instant,
}

/// All cases.
pub const CASES: &[Case] = &[
    Case {
        name: "offered",
        clauses: &[ids::NEG_06, ids::NEG_08],
        text: "a remote with a lower id offers as soon as it is in the room: the peer answers with candidates, and they connect",
        play: Play::Offered,
    },
    Case {
        name: "crossing-offer-of-the-higher-id",
        clauses: &[ids::NEG_01, ids::NEG_02, ids::NEG_06],
        text: "a remote with a higher id offers while the peer's offer is under way, and answers that one too: the peer stands by \
               its own offer, with the connection that it has",
        play: Play::HigherCrosses,
    },
    Case {
        name: "crossing-offer-of-the-lower-id",
        clauses: &[ids::NEG_01, ids::NEG_02, ids::NEG_06],
        text: "a remote with a lower id offers, and does not look at what the peer offers: the peer answers, they connect, and no \
               other connection of the peer's is left",
        play: Play::LowerCrosses,
    },
    Case {
        name: "late-answer-of-an-earlier-stay",
        clauses: &[ids::NEG_03, ids::NEG_06, ids::NEG_07],
        text: "a remote leaves and comes back, and answers the peer's offer of the earlier stay before that of the later one: \
               only the second answer has an effect",
        play: Play::LateAnswer,
    },
    Case {
        name: "late-offer-of-an-earlier-stay",
        clauses: &[ids::NEG_06, ids::NEG_07],
        text: "a remote leaves and comes back, and its offer of the earlier stay arrives before that of the later one: only the \
               second offer has an effect",
        play: Play::LateOffer,
    },
    Case {
        name: "late-candidate-of-an-earlier-stay",
        clauses: &[ids::NEG_05, ids::NEG_06, ids::NEG_07],
        text: "a remote's candidate comes, its offer does not, and it leaves and comes back: the candidate is forgotten",
        play: Play::LateCandidate,
    },
    Case {
        name: "candidate-before-its-offer",
        clauses: &[ids::NEG_04, ids::NEG_06],
        text: "a remote's candidate overtakes its offer: the peer tries it all the same",
        play: Play::CandidateFirst,
    },
    Case {
        name: "a-remote-returns",
        clauses: &[ids::NEG_01, ids::NEG_05, ids::NEG_06],
        text: "a connected remote leaves and comes back: the peer closes its connection, and they connect again",
        play: Play::Return,
    },
    Case {
        name: "a-remote-vanishes",
        clauses: &[ids::NEG_05, ids::NEG_06],
        text: "a remote breaks off in the middle of the negotiation: the peer closes its connection, and the next remote connects",
        play: Play::Vanish,
    },
    Case {
        name: "the-peer-ends",
        clauses: &[ids::NEG_06, ids::NEG_09],
        text: "the peer is asked to end (SIGTERM) while it is connected: it leaves the room, its process ends, and no socket is left",
        play: Play::End,
    },
];

impl Case {
    /// Whether the peer has to end in it.
    pub(super) fn ends(&self) -> bool {
        self.play == Play::End
    }
}

pub(super) async fn play(case: &Case, room: &Room<'_>) -> Result<Outcome, ExamineError> {
    let mut outcome = Outcome::default();
    match case.play {
        Play::Offered => meeting::offered(room, &mut outcome).await?,
        Play::HigherCrosses => crossing::higher(room, &mut outcome).await?,
        Play::LowerCrosses => crossing::lower(room, &mut outcome).await?,
        Play::LateAnswer => stays::late_answer(room, &mut outcome).await?,
        Play::LateOffer => stays::late_offer(room, &mut outcome).await?,
        Play::LateCandidate => stays::late_candidate(room, &mut outcome).await?,
        Play::CandidateFirst => meeting::candidate_first(room, &mut outcome).await?,
        Play::Return => stays::returning(room, &mut outcome).await?,
        Play::Vanish => stays::vanishing(room, &mut outcome).await?,
        Play::End => unreachable!("played by the caller, who has the process"),
    }
    Ok(outcome)
}
