//! The findings.

use super::{Finding, Rules};
use crate::{
    negotiation::{Answers, Candidates, Connections, FirstOffer, Meetings, Recovery, Strategy},
    requirement::ids::{
        ERR_04, NEG_01, NEG_03, NEG_04, NEG_06, NEG_07, RELAY_04, RELAY_05, RELAY_06, ROOM_04, ROOM_06, ROOM_07,
        ROOM_08,
    },
    room::{HostLeaves, MissingAck, Relay, RoomRules, SecondRoom},
};

const TUTORIAL: Rules = Rules { rooms: RoomRules::TUTORIAL, strategy: Strategy::BOTH_OFFER };
const ONE_ROOM: Rules = rooms(RoomRules { second_room: SecondRoom::Refuse, ..RoomRules::TUTORIAL });
const FELLOWS: Rules = rooms(RoomRules { relay: Relay::FellowMembers, ..RoomRules::TUTORIAL });

/// The tutorial's server with peers that negotiate perfectly.
const MENDED_PEERS: Rules = Rules { strategy: Strategy::PERFECT, ..TUTORIAL };

/// The tutorial with other rules of the server.
const fn rooms(rooms: RoomRules) -> Rules {
    Rules { rooms, ..TUTORIAL }
}

/// The reference with other rules of the peers.
const fn peers(strategy: Strategy) -> Rules {
    Rules { rooms: RoomRules::REFERENCE, strategy }
}

const REFERENCE: Rules = peers(Strategy::REFERENCE);

/// Signals that carry nothing to tell an earlier stay by.
const NO_NUMBERS: Strategy = Strategy {
    answers: Answers::Any,
    connections: Connections::Keep,
    meetings: Meetings::Ignored,
    ..Strategy::REFERENCE
};

/// All findings, in the order in which they are told.
#[must_use]
pub fn findings() -> &'static [Finding] {
    FINDINGS
}

const FINDINGS: &[Finding] = &[
    Finding {
        id: "both-offer",
        title: "two peers that meet both offer, and never get connected",
        claim: "\"Both sides offer; it mostly works\" (3.1, 7.4).",
        wrong: "B enters and learns that A is there; A learns that B has come. Both offer at once, and the offers cross. \
                Whoever receives an offer builds a new connection for it, and overwrites the one in its map, whose own \
                offer still waits. So both first connections are out of reach, and each answer arrives at a connection \
                that made no offer: the browser refuses it. Nothing more is under way, and the two stay in one room \
                without ever seeing each other.",
        breaks: NEG_06,
        configuration: "pair",
        broken: TUTORIAL,
        mend: "Perfect negotiation by id order: one connection for each remote; when offers cross, that of the lower id \
               stands, and the higher id rolls its own back and answers.",
        mended: MENDED_PEERS,
    },
    Finding {
        id: "orphaned-connection",
        title: "a live connection is overwritten, and nobody closes it",
        claim: "One RTCPeerConnection for each remote id.",
        wrong: "The map holds one, and the connections that it held before are still open: no code can reach them to close \
                them.",
        breaks: NEG_01,
        configuration: "pair",
        broken: TUTORIAL,
        mend: "An offer is applied to the connection that there is.",
        mended: MENDED_PEERS,
    },
    Finding {
        id: "half-a-guard",
        title: "the fix for glare guards one of two sides",
        claim: "\"Only the lower socket id offers\" (7.4).",
        wrong: "The guard is in the handler of `user-joined`. The joiner still offers to everyone in `existingUsers`, so \
                the two offer at the same time whenever the resident has the lower id. Each of them then overwrites \
                the connection for which it waits for an answer.",
        breaks: NEG_06,
        configuration: "pair",
        broken: Rules { strategy: Strategy::LOWER_ID_GUARD, ..TUTORIAL },
        mend: "The guard on both sides: of two that meet, the lower id offers, whoever came first.",
        mended: Rules { strategy: Strategy { first_offer: FirstOffer::LowerId, ..Strategy::BOTH_OFFER }, ..TUTORIAL },
    },
    Finding {
        id: "ghost-member",
        title: "who enters a second room stays in the first for ever",
        claim: "create-room and join-room put the caller into the room.",
        wrong: "Neither looks whether the caller is in a room already. The server remembers one room for each socket, so \
                the first room is forgotten and never left.",
        breaks: ROOM_04,
        configuration: "two-rooms",
        broken: TUTORIAL,
        mend: "A create or join by a member is refused.",
        mended: ONE_ROOM,
    },
    Finding {
        id: "ghost-outlives-its-connection",
        title: "members wait for somebody who has gone",
        claim: "A disconnect is treated as leave-room.",
        wrong: "It leaves the room that the server remembers. Of the other one, the ghost is a member still: whoever joins \
                is told of it, offers to it and waits.",
        breaks: ROOM_08,
        configuration: "two-rooms",
        broken: TUTORIAL,
        mend: "A create or join by a member is refused.",
        mended: ONE_ROOM,
    },
    Finding {
        id: "joined-twice",
        title: "who joins twice finds itself in the list",
        claim: "existingUsers never has the joiner itself.",
        wrong: "The list is taken before the joiner is added, which leaves it out only the first time.",
        breaks: ROOM_06,
        configuration: "two-rooms",
        broken: TUTORIAL,
        mend: "A create or join by a member is refused.",
        mended: ONE_ROOM,
    },
    Finding {
        id: "announced-twice",
        title: "who joins twice is announced twice",
        claim: "user-joined tells the members of a new one.",
        wrong: "The second join is broadcast like the first, and with both sides offering every member starts over.",
        breaks: ROOM_07,
        configuration: "two-rooms",
        broken: TUTORIAL,
        mend: "A create or join by a member is refused.",
        mended: ONE_ROOM,
    },
    Finding {
        id: "relay-to-strangers",
        title: "a signal reaches a user of another room",
        claim: "Signals are relayed to their target.",
        wrong: "Nobody checks that sender and target share a room. User ids are no secret, so anybody can offer to anybody. \
                It needs no malice: an offer to a member that has just left arrives all the same.",
        breaks: RELAY_04,
        configuration: "rejoin",
        broken: TUTORIAL,
        mend: "Only fellow members are reached.",
        mended: FELLOWS,
    },
    Finding {
        id: "relay-from-nowhere",
        title: "a signal of somebody in no room is relayed",
        claim: "Signals are relayed to their target.",
        wrong: "The sender need not be in any room: connecting is enough.",
        breaks: RELAY_05,
        configuration: "strangers",
        broken: TUTORIAL,
        mend: "Only fellow members are reached.",
        mended: FELLOWS,
    },
    Finding {
        id: "relay-to-a-room",
        title: "a signal whose target is a room's name reaches the whole room",
        claim: "The target is a user id.",
        wrong: "The transport takes user ids and room names in the same place. Whoever knows a room's name can speak to all \
                its members without entering.",
        breaks: RELAY_06,
        configuration: "strangers",
        broken: TUTORIAL,
        mend: "Only fellow members are reached.",
        mended: FELLOWS,
    },
    Finding {
        id: "missing-callback",
        title: "one client without a callback stops the server",
        claim: "Requests are answered through the ack callback.",
        wrong: "Where the client gave none, the call throws; the catch block calls it again, and that ends the process \
                for everybody.",
        breaks: ERR_04,
        configuration: "no-ack",
        broken: TUTORIAL,
        mend: "A request without a callback is processed, or not, and nobody is told.",
        mended: rooms(RoomRules { missing_ack: MissingAck::Tolerate, ..RoomRules::TUTORIAL }),
    },
    Finding {
        id: "half-closed-room",
        title: "a closed room keeps its members",
        claim: "When the host leaves, room-closed is sent and the room is deleted (6.2).",
        wrong: "The other sockets keep their current room. Each of them is recorded to be in a room that is no more, \
                and is refused when it wants to enter another.",
        breaks: ROOM_04,
        configuration: "two-rooms",
        broken: Rules { rooms: RoomRules { host_leaves: HostLeaves::ForgetRoom, ..RoomRules::REFERENCE }, ..REFERENCE },
        mend: "Closing a room takes every member out of it.",
        mended: Rules { rooms: RoomRules { host_leaves: HostLeaves::CloseRoom, ..RoomRules::REFERENCE }, ..REFERENCE },
    },
    Finding {
        id: "stale-signal",
        title: "a signal of the earlier stay is taken for one of the later",
        claim: "Who leaves and comes back with the same socket id begins anew.",
        wrong: "Both stays have the same id, and nothing in an offer or an answer tells which of them it belongs to. What \
                was still under way when somebody left arrives when it has come back, and is obeyed.",
        breaks: NEG_07,
        configuration: "rejoin",
        broken: TUTORIAL,
        mend: "Both sides count how often they met, and a signal carries its sender's count. Why less will not do is told \
               by the findings stale-answer to meetings-miscounted.",
        mended: MENDED_PEERS,
    },
    Finding {
        id: "stale-answer",
        title: "an answer of the earlier stay is taken for the later one's",
        claim: "Leaving and coming back is a leave and a join.",
        wrong: "The user id outlives the stay. An answer to the offer of the first stay is delivered in the second, \
                and nothing in it tells which offer it answers.",
        breaks: NEG_03,
        configuration: "rejoin",
        broken: peers(NO_NUMBERS),
        mend: "An answer names its offer.",
        mended: peers(Strategy { answers: Answers::ToPendingOffer, ..NO_NUMBERS }),
    },
    Finding {
        id: "stale-offer",
        title: "an offer of the earlier stay keeps the pair apart",
        claim: "It is enough that an answer names its offer.",
        wrong: "A stale offer is accepted, and the connection is bound to one that its maker has closed. The fresh offer \
                is then applied to it like a renegotiation, with certificates that do not fit.",
        breaks: NEG_06,
        configuration: "rejoin",
        broken: peers(Strategy { answers: Answers::ToPendingOffer, ..NO_NUMBERS }),
        mend: "An offer names its connection, and another connection's offer replaces ours.",
        mended: peers(Strategy { meetings: Meetings::Ignored, ..Strategy::REFERENCE }),
    },
    Finding {
        id: "stale-offer-answered",
        title: "a stale offer is still answered",
        claim: "It is enough that offers name their connection, and answers their offer.",
        wrong: "The pair heals when the fresh offer arrives, but until then it has a connection to nobody.",
        breaks: NEG_07,
        configuration: "rejoin",
        broken: peers(Strategy { meetings: Meetings::Ignored, ..Strategy::REFERENCE }),
        mend: "Both sides count how often they met, and a signal carries its sender's count.",
        mended: REFERENCE,
    },
    Finding {
        id: "meetings-miscounted",
        title: "two counts of the same meetings drift apart",
        claim: "Meetings can be counted while one is in the room.",
        wrong: "A join that crosses a leave is heard by the one and missed by the other: from then on each takes the \
                other's signals for stale, for ever.",
        breaks: NEG_06,
        configuration: "rejoin",
        broken: peers(Strategy { meetings: Meetings::CountedInside, ..Strategy::REFERENCE }),
        mend: "A notice counts also when it arrives after one's own leave-room.",
        mended: REFERENCE,
    },
    Finding {
        id: "early-candidate",
        title: "a candidate that comes before its description is lost",
        claim: "Candidates are added as they arrive.",
        wrong: "A candidate that overtakes its offer finds no remote description, and is dropped with an error. If it was the \
                only one that works, the two are never connected.",
        breaks: NEG_04,
        configuration: "candidates",
        broken: TUTORIAL,
        mend: "It is kept until the description of its own ICE generation arrives.",
        mended: MENDED_PEERS,
    },
    Finding {
        id: "candidate-of-another-offer",
        title: "a kept candidate is added to another description",
        claim: "It is enough to keep early candidates until some description arrives.",
        wrong: "Where offers cross, the description that comes is not always the one that the candidate belongs to: its \
                offer was ignored, and rolled back by its maker.",
        breaks: NEG_04,
        configuration: "candidates",
        broken: peers(Strategy { candidates: Candidates::Kept, ..Strategy::PERFECT }),
        mend: "Candidates are matched with descriptions by their ICE generation (the `ufrag`).",
        mended: peers(Strategy::PERFECT),
    },
    Finding {
        id: "closed-on-disconnect",
        title: "a path that is lost for a moment is lost for good",
        claim: "A connection is closed and removed on `disconnected` and on `failed`.",
        wrong: "`disconnected` may pass by itself, and both members are still in the room: no notice will ever make one \
                of them offer again.",
        breaks: NEG_06,
        configuration: "ice",
        broken: peers(Strategy { recovery: Recovery::Close, ..Strategy::REFERENCE }),
        mend: "`disconnected` is waited out, and after `failed` an offer restarts ICE.",
        mended: REFERENCE,
    },
];
