//! Fences: how it is known that nothing more is on its way.
//!
//! What a client sends takes a path: from the sender to the server in the order of the sender's connection, and from there
//! to a receiver in the order of the receiver's connection. A fence is a message on the same path whose arrival can be
//! told. What was sent before it has arrived before it. No time is involved, so a slow target is as well judged as a fast
//! one. Which messages prove what is a property of the target, so the binding chooses ([`Fence`]).
//!
//! # Refused requests
//!
//! `join-room` with an unknown, over-long id has to be refused in every state and changes nothing. Its ack on connection X
//! proves two things, provided that a target processes the messages of one connection in order and sends them in order:
//!
//! 1. everything that X sent before was processed, and all that is sent because of it stands in the receivers' queues;
//! 2. everything that stood in the queue of X when the fence was processed has arrived.
//!
//! So one round on all connections that acted proves 1 for the phase, and a second round on all connections proves 2 for
//! everybody. A connection that acted alone needs no second fence, for its own first one proves both. What is promised is
//! waited for before the first round, so that no fence comes between acts that race.
//!
//! Where a target may act by itself (a connection ended, was cut off or fell silent: nobody can tell when it notices), a
//! notice that comes during a round may have siblings that stand in other queues behind the fences. Rounds are then repeated
//! until one passes in which nothing arrived.
//!
//! A *brisk* run sends the fence of a lone act right behind it, in the same write, and leaves out fences whose answer is
//! known. In a phase with one act, all of whose legal courses send the same,
//! the arrival of what was promised, an ack, a notice or a signal, proves that the act was processed, and nothing that a conforming
//! target sends is missing. What is left to find is what must not come. It is found wherever it comes, later in the
//! scenario or at the fences on all connections with which every brisk run ends, and is then judged again by a run with all
//! fences, which tells the phase that it belongs to. So a brisk run can blame nobody wrongly, and misses nothing that
//! arrives.
//!
//! # Who is there
//!
//! Where nobody is told who joins and who leaves, members can only be asked for. The fence of such a target is the question:
//! its answer lists the members, and has to name those who are there when the server answers. No brisk run
//! leaves such a fence out. When a connection ended, nobody is told either, so the question is repeated until its owner is
//! listed no more, or the time is over in which the others would have been told.
//!
//! # Relayed markers
//!
//! Where a target answers requests out of band, an ack overtakes what is relayed, and proves nothing. A signal between two
//! members of one room takes the path itself: a marker from the sender to each fellow member, and one back, which proves
//! what the sender gets. To everybody else no marker can go, so there time decides.
//!
//! # No fence
//!
//! Time decides: nothing may have come for a bound that is derived from the target's own round trips
//! ([`crate::latency::Latency`]). A verdict that rests on it is *timed*, and has to be the same with four times the bound.

use glare_model::limits::ROOM_ID_CHARS_MAX;

/// What proves that everything has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fence {
    /// The ack of a request that has to be refused.
    #[default]
    Refused,
    /// A signal that takes the path from sender to receiver.
    Relayed,
    /// Nothing does.
    None,
}

/// The member of a fence's answer that lists who is in the room of the client that asked, without itself.
pub(crate) const PRESENT: &str = "present";

/// An id that is both unknown and over the limit, so that a server that misses one of the two still refuses.
#[must_use]
pub(crate) fn refused_room(nonce: u64) -> String {
    let id = format!("fence-{nonce:x}-");
    let filling = "x".repeat(ROOM_ID_CHARS_MAX + 1 - id.len().min(ROOM_ID_CHARS_MAX));
    id + &filling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_names_no_valid_room() {
        assert!(glare_model::id::RoomId::parse(&refused_room(u64::MAX)).is_err());
    }
}
