//! The cases: each is what a remote does, and what a peer that keeps the clauses does then.

use std::net::IpAddr;

use glare_model::requirement::{RequirementId, ids};
use tokio::time::Instant;

use super::{ExamineError, Outcome, Patience, crossing, meeting, stays};
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
    /// How long is waited for what has to happen.
    pub(super) patience: Patience,
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

pub(super) async fn play(case: &Case, room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    match case.play {
        Play::Offered => meeting::offered(room, outcome).await,
        Play::HigherCrosses => crossing::higher(room, outcome).await,
        Play::LowerCrosses => crossing::lower(room, outcome).await,
        Play::LateAnswer => stays::late_answer(room, outcome).await,
        Play::LateOffer => stays::late_offer(room, outcome).await,
        Play::LateCandidate => stays::late_candidate(room, outcome).await,
        Play::CandidateFirst => meeting::candidate_first(room, outcome).await,
        Play::Return => stays::returning(room, outcome).await,
        Play::Vanish => stays::vanishing(room, outcome).await,
        Play::End => unreachable!("played by the caller, who has the process"),
    }
}

#[cfg(test)]
mod tests {
    use glare_server::{Config, Server};
    use serde_json::json;

    use super::{
        super::{
            Patience, blame,
            host::{Host, enter},
        },
        *,
    };
    use crate::signaling::{Dial, Incoming, Outgoing, Signaling};

    /// Answers every offer, with an SDP that is made of the offer's.
    async fn answer_every_offer(signaling: &mut Signaling, make: impl Fn(&str) -> String) {
        while let Some(incoming) = signaling.incoming.recv().await {
            let Incoming::Event(event, data) = incoming else { continue };
            if event == "offer" {
                let sdp = make(data["offer"]["sdp"].as_str().unwrap());
                let answer = json!({ "target": data["from"], "answer": { "type": "answer", "sdp": sdp } });
                let outgoing = Outgoing { event: "answer", data: Some(answer), ack: None };
                signaling.outgoing.send(outgoing).await.unwrap();
            }
        }
    }

    /// The outcome of the first case with a peer that answers so.
    async fn outcome_of_answer(make: impl Fn(&str) -> String) -> Outcome {
        let server = Server::start(Config::default()).await.unwrap();
        let endpoint: Endpoint = format!("ws://{}/ws", server.addr()).parse().unwrap();
        let case = &CASES[0];
        let host = Host::open(&endpoint, case.name).await.unwrap();
        let mut peer = endpoint.dial().await.unwrap();
        enter(&mut peer, "join-room", case.name, 0).await.unwrap();
        let room = Room {
            endpoint: &endpoint,
            name: case.name,
            peer: peer.user_id.clone(),
            local: [127, 0, 0, 1].into(),
            patience: Patience(1),
            deadline: Instant::now() + crate::limits::EXAMINE_PATIENCE,
        };
        let mut outcome = Outcome::default();
        let played = tokio::select! {
            played = play(case, &room, &mut outcome) => played,
            () = answer_every_offer(&mut peer, make) => panic!("the server ended the connection"),
        };
        blame(played.unwrap_err(), &mut outcome).unwrap();
        outcome.conclude(case);
        peer.close().await;
        host.close().await;
        server.shutdown().await;
        outcome
    }

    fn open(outcome: &Outcome) -> Vec<RequirementId> {
        outcome.open.iter().map(|(id, _)| *id).collect()
    }

    #[tokio::test]
    async fn what_is_no_description_is_the_peers_fault_and_what_was_not_shown_stays_open() {
        let without_fingerprint = |sdp: &str| {
            let lines: Vec<_> = sdp.lines().filter(|line| !line.starts_with("a=fingerprint:")).collect();
            lines.join("\r\n") + "\r\n"
        };
        for (outcome, missing) in [
            (outcome_of_answer(|_offer| "nonsense".to_owned()).await, "v=0"),
            (outcome_of_answer(without_fingerprint).await, "a=fingerprint"),
        ] {
            let [(clause, text)] = &outcome.broken[..] else { panic!("{outcome:?}") };
            assert_eq!(*clause, ids::NEG_06);
            assert!(text.starts_with("its answer cannot be used") && text.contains(missing), "{text}");
            assert_eq!((open(&outcome), outcome.void), (vec![ids::NEG_08], None));
        }
    }

    #[tokio::test]
    async fn a_description_that_only_our_webrtc_refuses_voids_the_case_and_is_held_against_nobody() {
        // Media sections that are not bundled may have user fragments of their own (RFC 9429, section 5.3.1), and webrtc-rs
        // wants one for all.
        let unbundled = |sdp: &str| {
            let name = |(number, line): (usize, &str)| match line {
                line if line.starts_with("a=ice-ufrag:") => format!("a=ice-ufrag:section{number}\r\n"),
                line => format!("{line}\r\n"),
            };
            sdp.lines().filter(|line| !line.starts_with("a=group:BUNDLE")).enumerate().map(name).collect()
        };
        let outcome = outcome_of_answer(unbundled).await;
        assert_eq!(outcome.broken, []);
        assert_eq!(open(&outcome), [ids::NEG_06, ids::NEG_08]);
        let void = outcome.void.expect("it is void");
        assert!(void.contains("the WebRTC of the played remote refuses it"), "{void}");
        assert!(outcome.open.iter().all(|(_, text)| *text == void), "{:?}", outcome.open);
    }
}
