//! A server with a fault that nobody sees at first.

use std::collections::BTreeSet;

use glare_conformance::transport::{CoreEffect, CoreInput, ModelCore, RoomCore};
use glare_model::{
    id::RoomId,
    message::{ClientMessage, ServerMessage, SignalKind},
    room::{Directory, Effect, Input},
};

/// It forgets to announce that a member leaves that came back to its room and was offered to there. That takes two
/// clients and six steps: create, join, leave, join again, offer, leave.
#[derive(Default)]
pub(crate) struct Forgetful {
    model: ModelCore,
    left: BTreeSet<(u64, RoomId)>,
    back: BTreeSet<u64>,
    offered: BTreeSet<u64>,
}

impl RoomCore for Forgetful {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        let leaver = match &input {
            Input::Message(key, ClientMessage::Leave) => Some((*key, self.model.directory.current(*key))),
            _ => None,
        };
        let effects = self.model.handle(input);
        for effect in &effects {
            match effect {
                Effect::Send { to, message: ServerMessage::Joined(room, _), .. }
                    if self.left.contains(&(*to, room.clone())) =>
                {
                    self.back.insert(*to);
                }
                Effect::Send { to, message: ServerMessage::Signal { kind: SignalKind::Offer, .. }, .. }
                    if self.back.contains(to) =>
                {
                    self.offered.insert(*to);
                }
                Effect::Send { .. } | Effect::Crash => {}
            }
        }
        let Some((key, Some(room))) = leaver else { return effects };
        self.left.insert((key, room));
        self.back.remove(&key);
        if self.offered.remove(&key) { Vec::new() } else { effects }
    }
}
