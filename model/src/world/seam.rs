//! Where a protocol of somebody else's is put in: one function for each role, of the shape of ours.
//!
//! Much of a protocol is data ([`RoomRules`], [`Strategy`]). What is not is a function: [`crate::room::step`] for the
//! server, [`crate::negotiation::step`] for a peer towards one remote. A [`super::Variant`] may name others, which will
//! mostly call ours and change what comes out. docs/model.md has an example.

use crate::{
    negotiation::{Command, Description, Event, Negotiation, Role, Strategy},
    room::{Directory, Effect, Input, RoomRules},
};

/// The server's state in the model: sessions and rooms are numbers.
pub type ModelDirectory = dyn Directory<Session = u8, Room = u8>;

/// What the server does with one input.
///
/// A function that is generic over the directory and the payload serves a real server as well as the model, like
/// [`crate::room::step`].
pub type ServerStep =
    fn(&mut ModelDirectory, &RoomRules, Input<u8, u8, Description>, &mut dyn FnMut(Effect<u8, u8, Description>));

/// What a peer does with one event of its negotiation with one remote.
pub type PeerStep = fn(Negotiation, &Strategy, Role, Event, &mut dyn FnMut(Command)) -> Negotiation;
