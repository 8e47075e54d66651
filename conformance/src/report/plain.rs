//! What is wrong with a server that breaks a clause, in words for somebody who does not know the protocol yet: what it does,
//! and what the people in a call notice of it. The clause itself is in docs/protocol.md; nothing is judged by these texts.

use glare_model::requirement::{RequirementId, ids as id};

/// What a server that breaks a clause does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plain {
    /// A sentence about the server, without a full stop.
    pub(crate) wrong: &'static str,
    /// What comes of it, in a sentence.
    pub(crate) so: &'static str,
}

const fn plain(wrong: &'static str, so: &'static str) -> Plain {
    Plain { wrong, so }
}

const TEXTS: &[(RequirementId, Plain)] = &[
    (
        id::ROOM_01,
        plain(
            "Creating a free room goes wrong",
            "A call cannot begin, or others are told of a room that is none of their business.",
        ),
    ),
    (
        id::ROOM_02,
        plain(
            "A room that exists can be created again",
            "Two groups that chose the same name disturb each other, or members lose their room.",
        ),
    ),
    (
        id::ROOM_03,
        plain(
            "Room ids that are not valid are accepted",
            "Empty, huge or non-text ids end up as keys in the server's memory.",
        ),
    ),
    (
        id::ROOM_04,
        plain(
            "Somebody who is in a room can enter another one",
            "The first room keeps a ghost: a member who no longer answers, and never leaves.",
        ),
    ),
    (
        id::ROOM_05,
        plain(
            "Joining a room that does not exist is not refused",
            "A mistyped room id puts people alone into a room instead of telling them.",
        ),
    ),
    (
        id::ROOM_06,
        plain(
            "A newcomer gets the wrong list of members",
            "Peers that are missing from the list are never called; extra ones are called in vain.",
        ),
    ),
    (
        id::ROOM_07,
        plain(
            "Members are not told properly that somebody joined",
            "Some do not see the newcomer, see them twice, or hear of rooms that they are not in.",
        ),
    ),
    (
        id::ROOM_08,
        plain(
            "Members are not told properly that somebody left",
            "A frozen picture of the leaver stays on screen, or somebody present is removed.",
        ),
    ),
    (
        id::ROOM_09,
        plain("Leaving without being in a room has an effect", "A second click on the leave button disturbs others."),
    ),
    (
        id::ROOM_10,
        plain(
            "A lost connection does not count as leaving",
            "Whoever closes the browser stays in the room as a ghost.",
        ),
    ),
    (
        id::ROOM_11,
        plain(
            "A room outlives its last member",
            "A name is used up for ever, or newcomers enter a room that should be gone.",
        ),
    ),
    (
        id::ROOM_12,
        plain(
            "Somebody who left a room still hears what happens there",
            "Notices and signals leak to people who are no longer in the call.",
        ),
    ),
    (
        id::ROOM_13,
        plain(
            "A silent connection is not noticed in time",
            "Whoever loses the network stays in the room longer than the server promises.",
        ),
    ),
    (
        id::ROOM_14,
        plain("Timestamps are not RFC 3339 date-times", "Clients parse them in different ways, or not at all."),
    ),
    (
        id::ROOM_15,
        plain(
            "Two who create one room at the same time are not told apart",
            "Both believe that the room is theirs, or nobody gets it.",
        ),
    ),
    (
        id::ORDER_01,
        plain(
            "A signal arrives outside its sender's stay",
            "A client gets an offer of somebody it has not been told of, or who is gone, and drops it.",
        ),
    ),
    (
        id::ORDER_02,
        plain(
            "A room's events overtake the answer to joining it",
            "A client handles notices and offers before it knows who is there.",
        ),
    ),
    (
        id::ORDER_03,
        plain(
            "Signals of one sender arrive in another order",
            "Candidates arrive before the offer that they belong to, and connections fail at random.",
        ),
    ),
    (
        id::ORDER_04,
        plain("Members see joins and leaves in different orders", "Two clients disagree about who is in the room."),
    ),
    (
        id::RELAY_01,
        plain(
            "Signals are lost, doubled, or reach others",
            "Two peers do not get connected, or a third one answers an offer that was not for it.",
        ),
    ),
    (
        id::RELAY_02,
        plain(
            "What a signal carries is changed on the way",
            "Descriptions and candidates are damaged, and the connection fails.",
        ),
    ),
    (
        id::RELAY_03,
        plain(
            "The sender's name on a signal is wrong",
            "Anybody can pretend to be somebody else, or answers go to the wrong peer.",
        ),
    ),
    (
        id::RELAY_04,
        plain("Signals cross the walls of rooms", "A stranger can call into a room without having joined it."),
    ),
    (
        id::RELAY_05,
        plain(
            "Signals of somebody in no room are delivered",
            "A stranger who knows an id can call people without joining them.",
        ),
    ),
    (
        id::RELAY_06,
        plain(
            "A signal can be addressed to something that is not one user",
            "One message reaches a whole room, or everybody on the server.",
        ),
    ),
    (
        id::RELAY_07,
        plain(
            "Nobody is told that a signal could not be delivered",
            "A caller waits for an answer that will never come.",
        ),
    ),
    (id::RELAY_08, plain("Signals to oneself are delivered", "A client that mixes up ids negotiates with itself.")),
    (
        id::ERR_01,
        plain(
            "Malformed signals are not answered with their error",
            "A client's mistake goes unnoticed, or reaches other clients.",
        ),
    ),
    (
        id::ERR_02,
        plain(
            "Oversized descriptions are not refused properly",
            "One client can send huge messages to others, or is cut off for a large one.",
        ),
    ),
    (
        id::ERR_03,
        plain("After a mistake the connection does not work any more", "One refused request ends a client's session."),
    ),
    (
        id::ERR_04,
        plain(
            "A request without an ack callback does harm",
            "One message without a callback can stop the server for everybody.",
        ),
    ),
    (id::ERR_05, plain("Unknown events are not ignored", "A newer client disturbs an older server.")),
    (
        id::ERR_06,
        plain(
            "A broken frame affects other connections",
            "One client with a bug, or an attacker, can end everybody's calls.",
        ),
    ),
    (id::ERR_07, plain("After hostile input newcomers are no longer served", "One message can take the server down.")),
    (
        id::ERR_08,
        plain(
            "A client that stops reading slows others down, or costs memory without bound",
            "One stalled browser tab degrades the server for all.",
        ),
    ),
    (id::ID_01, plain("User ids are not unique, or not usable", "Signals cannot be addressed to one person.")),
    (
        id::ID_02,
        plain("A new connection gets an old user id", "Messages meant for an earlier visitor reach a later one."),
    ),
    (
        id::CAP_UNDECLARED_01,
        plain("A capability works that the server does not declare", "Clients cannot know what they may rely on."),
    ),
    (
        id::CAP_HOST_CLOSE_01,
        plain(
            "The host's leaving does not close the room as declared",
            "Members stay in a room that should be over, or are not told.",
        ),
    ),
    (
        id::CAP_HOST_TRANSFER_01,
        plain(
            "The host's role is not handed over as declared",
            "Members disagree about who is the host, or a room has none.",
        ),
    ),
    (
        id::CAP_CAPACITY_01,
        plain(
            "The declared capacity of rooms is not kept",
            "Rooms take more people than they can, or refuse people while there is a place.",
        ),
    ),
];

/// Clauses of which one message of one client can break everybody's calls: they are told first.
pub(crate) const HARMS_EVERYBODY: &[RequirementId] = &[id::ERR_07, id::ERR_04, id::ERR_06, id::ERR_08];

/// The words for a clause; the clause's own text for one that binds no server.
#[must_use]
pub(crate) fn in_plain_words(id: RequirementId) -> Plain {
    let found = TEXTS.iter().find(|(own, _)| *own == id);
    found.map_or_else(|| plain(&id.clause().text, ""), |(_, plain)| *plain)
}

#[cfg(test)]
mod tests {
    use glare_model::requirement::Role;

    use super::*;

    #[test]
    fn every_clause_that_binds_servers_has_plain_words() {
        for id in RequirementId::all().iter().filter(|id| id.role() != Role::Peer) {
            assert_eq!(TEXTS.iter().filter(|(own, _)| own == id).count(), 1, "{id}");
            assert!(!in_plain_words(*id).so.is_empty(), "{id}");
        }
    }
}
