//! Mutants of the peers' rules.

use glare_model::{
    message::SignalKind,
    negotiation::{
        self, Answers, Candidates, Command, Connections, Description, Event, FirstOffer, Glare, Meetings, Negotiation,
        Recovery, Role, Rollback, Setup, Strategy,
    },
    requirement::ids::{NEG_01, NEG_02, NEG_03, NEG_04, NEG_05, NEG_06, NEG_07, NEG_08, NEG_09, NEG_10},
    world::Variant,
};

use super::{
    EVERYWHERE,
    Fate::{Equivalent, Killed, LetDown},
    Mutant,
};

/// A mutant whose changed rule is data.
macro_rules! chosen {
    ($($field:ident: $value:expr),+) => {
        |variant: &mut Variant| {
            $(variant.strategy.$field = $value;)+
        }
    };
}

/// A mutant that calls the reference with something changed, or changes what comes out.
macro_rules! rewritten {
    (|$state:ident, $strategy:ident, $role:ident, $event:ident, $emit:ident| $body:expr) => {
        |variant: &mut Variant| {
            fn peer(
                $state: Negotiation,
                $strategy: &Strategy,
                $role: Role,
                $event: Event,
                $emit: &mut dyn FnMut(Command),
            ) -> Negotiation {
                $body
            }
            variant.peer = Some(peer);
        }
    };
}

fn other(role: Role) -> Role {
    match role {
        Role::Impolite => Role::Polite,
        Role::Polite => Role::Impolite,
    }
}

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        id: "connection-replaced",
        rule: "an offer gets a new connection, which overwrites the one that there is",
        change: chosen!(glare: Glare::Replace),
        world: "renegotiation",
        fate: Killed(NEG_01),
    },
    Mutant {
        id: "nobody-yields",
        rule: "on glare both offers stand",
        change: chosen!(glare: Glare::NobodyYields),
        world: "renegotiation",
        fate: Killed(NEG_02),
    },
    Mutant {
        id: "both-yield",
        rule: "both offer when they meet, and on glare both offers are rolled back",
        change: chosen!(first_offer: FirstOffer::Both, glare: Glare::BothYield),
        world: "pair",
        fate: Killed(NEG_02),
    },
    Mutant {
        id: "nobody-yields-first",
        rule: "both offer when they meet, and on glare both offers stand",
        change: chosen!(first_offer: FirstOffer::Both, glare: Glare::NobodyYields),
        world: "pair",
        fate: LetDown(NEG_06),
    },
    Mutant {
        id: "sent-again",
        rule: "both offer when they meet, and whoever sees its offer crossed sends it again",
        change: chosen!(first_offer: FirstOffer::Both, glare: Glare::SendAgain),
        world: "pair",
        fate: LetDown(NEG_10),
    },
    Mutant {
        id: "candidates-echoed",
        rule: "a candidate is answered with a candidate",
        change: rewritten!(|state, strategy, role, event, emit| {
            let after = negotiation::step(state, strategy, role, event, &mut |command| emit(command));
            match event {
                Event::Candidate(_) => {
                    negotiation::step(after, strategy, role, Event::Gathered, &mut |command| emit(command))
                }
                _ => after,
            }
        }),
        world: "candidates",
        fate: LetDown(NEG_10),
    },
    Mutant {
        id: "roles-swapped",
        rule: "on glare the higher id's offer survives",
        change: rewritten!(|state, strategy, role, event, emit| {
            let role = if matches!(event, Event::Offer(_)) { other(role) } else { role };
            negotiation::step(state, strategy, role, event, &mut |command| emit(command))
        }),
        world: "renegotiation",
        fate: Killed(NEG_02),
    },
    Mutant {
        id: "change-forgotten",
        rule: "what a rolled back offer was for is not offered again",
        change: chosen!(rollback: Rollback::Forget),
        world: "renegotiation",
        fate: Killed(NEG_06),
    },
    Mutant {
        id: "any-answer",
        rule: "an answer is applied to whatever offer waits, and nothing tells an earlier stay",
        change: chosen!(answers: Answers::Any, meetings: Meetings::Ignored),
        world: "rejoin",
        fate: Killed(NEG_03),
    },
    Mutant {
        id: "answers-unnamed",
        rule: "an answer does not say which offer it answers",
        change: rewritten!(|state, strategy, role, event, emit| {
            negotiation::step(state, strategy, role, event, &mut |command| {
                emit(match command {
                    Command::Send(SignalKind::Answer, it) => {
                        Command::Send(SignalKind::Answer, Description { answers: 0, ..it })
                    }
                    other => other,
                });
            })
        }),
        world: "pair",
        fate: Killed(NEG_06),
    },
    Mutant {
        id: "candidates-dropped",
        rule: "a candidate that precedes its description is dropped",
        change: chosen!(candidates: Candidates::Dropped),
        world: "candidates",
        fate: Killed(NEG_04),
    },
    Mutant {
        id: "candidates-uncorrelated",
        rule: "a candidate is added to whatever description there is",
        change: chosen!(candidates: Candidates::Kept, first_offer: FirstOffer::Both),
        world: "candidates",
        fate: Killed(NEG_04),
    },
    Mutant {
        id: "kept-forgotten",
        rule: "candidates that were kept are not added when their description arrives",
        change: rewritten!(|state, strategy, role, event, emit| {
            negotiation::step(state, strategy, role, event, &mut |command| {
                if command != Command::Release {
                    emit(command);
                }
            })
        }),
        world: "candidates",
        fate: Killed(NEG_04),
    },
    Mutant {
        id: "not-closed",
        rule: "a connection to somebody who has gone is kept",
        change: rewritten!(|state, strategy, role, event, emit| match event {
            Event::Gone => state,
            other => negotiation::step(state, strategy, role, other, &mut |command| emit(command)),
        }),
        world: "rejoin",
        fate: Killed(NEG_05),
    },
    Mutant {
        id: "forgotten-unclosed",
        rule: "a connection to somebody who has gone is forgotten, and not closed",
        change: rewritten!(|state, strategy, role, event, emit| {
            negotiation::step(state, strategy, role, event, &mut |command| {
                if command != Command::Close {
                    emit(command);
                }
            })
        }),
        world: "mesh-once",
        fate: Killed(NEG_09),
    },
    Mutant {
        id: "left-open",
        rule: "who leaves closes one connection after the other, but forgets those that wait for an answer",
        change: rewritten!(|state, strategy, role, event, emit| {
            negotiation::step(state, strategy, role, event, &mut |command| {
                if !(command == Command::Close && event == Event::Gone && state.pending != 0) {
                    emit(command);
                }
            })
        }),
        world: "rejoin",
        fate: Killed(NEG_09),
    },
    Mutant {
        id: "built-anew",
        rule: "a change of tracks builds another connection beside the one that there is",
        change: rewritten!(|state, strategy, role, event, emit| {
            if event == Event::ChangeTracks && state.connection != 0 {
                emit(Command::Build);
            }
            negotiation::step(state, strategy, role, event, &mut |command| emit(command))
        }),
        world: "renegotiation",
        fate: Killed(NEG_09),
    },
    Mutant {
        id: "meetings-ignored",
        rule: "a signal of another meeting is taken for fresh",
        change: chosen!(meetings: Meetings::Ignored),
        world: "rejoin",
        fate: Killed(NEG_07),
    },
    Mutant {
        id: "meetings-miscounted",
        rule: "a notice after one's own leave does not count",
        change: chosen!(meetings: Meetings::CountedInside),
        world: "rejoin",
        fate: Killed(NEG_06),
    },
    Mutant {
        id: "meetings-forgotten",
        rule: "the count of meetings does not survive the stay",
        change: rewritten!(|state, strategy, role, event, emit| {
            let after = negotiation::step(state, strategy, role, event, &mut |command| emit(command));
            if event == Event::Gone { Negotiation { met: 0, ..after } } else { after }
        }),
        world: "rejoin",
        fate: Killed(NEG_07),
    },
    Mutant {
        id: "meetings-modulo-two",
        rule: "of the count of meetings only the last bit is kept",
        change: rewritten!(|state, strategy, role, event, emit| {
            let after = negotiation::step(state, strategy, role, event, &mut |command| emit(command));
            Negotiation { met: after.met % 2, ..after }
        }),
        world: "rejoin",
        fate: Killed(NEG_07),
    },
    Mutant {
        id: "meetings-from-two",
        rule: "the count of meetings begins with two",
        change: rewritten!(|state, strategy, role, event, emit| {
            let met = if state.met == 0 { 1 } else { state.met };
            let is_meeting = matches!(event, Event::Met(_));
            let state = if is_meeting { Negotiation { met, ..state } } else { state };
            negotiation::step(state, strategy, role, event, &mut |command| emit(command))
        }),
        world: EVERYWHERE,
        fate: Equivalent("both sides count alike, and what they count from is nobody's business"),
    },
    Mutant {
        id: "handlers-late",
        rule: "handlers are put in place after the first description",
        change: chosen!(setup: Setup::HandlersLast),
        world: "pair",
        fate: Killed(NEG_08),
    },
    Mutant {
        id: "tracks-late",
        rule: "tracks are added after the first description",
        change: chosen!(setup: Setup::TracksLast),
        world: "pair",
        fate: Killed(NEG_08),
    },
    Mutant {
        id: "no-restart",
        rule: "after ICE failed nothing happens",
        change: chosen!(recovery: Recovery::Wait),
        world: "ice",
        fate: Killed(NEG_06),
    },
    Mutant {
        id: "closed-on-disconnect",
        rule: "a lost path closes the connection",
        change: chosen!(recovery: Recovery::Close),
        world: "ice",
        fate: Killed(NEG_06),
    },
    Mutant {
        id: "offer-unanswered",
        rule: "an offer that restarts ICE is ignored",
        change: rewritten!(|state, strategy, role, event, emit| match event {
            Event::Offer(offer) if ![0, offer.ice].contains(&state.remote_ice) => state,
            other => negotiation::step(state, strategy, role, other, &mut |command| emit(command)),
        }),
        world: "ice",
        fate: Killed(NEG_06),
    },
    Mutant {
        id: "change-lost-while-busy",
        rule: "a change of tracks while an offer or answer is under way is lost",
        change: rewritten!(|state, strategy, role, event, emit| match event {
            Event::Answer(_) => {
                let after =
                    negotiation::step(Negotiation { unsent: false, ..state }, strategy, role, event, &mut |command| {
                        emit(command)
                    });
                Negotiation { unsent: state.unsent, ..after }
            }
            other => negotiation::step(state, strategy, role, other, &mut |command| emit(command)),
        }),
        world: "renegotiation",
        fate: Killed(NEG_06),
    },
    Mutant {
        id: "answers-not-matched",
        rule: "an answer of this meeting is applied to whatever offer waits",
        change: chosen!(answers: Answers::Any),
        world: EVERYWHERE,
        fate: Equivalent("within one meeting at most one offer waits, and the meeting number drops older answers"),
    },
    Mutant {
        id: "connections-not-matched",
        rule: "an offer of another connection is applied to the one that there is",
        change: chosen!(connections: Connections::Keep),
        world: EVERYWHERE,
        fate: Equivalent(
            "within one meeting nobody replaces its connection, and the meeting number drops older offers",
        ),
    },
];
