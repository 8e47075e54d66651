//! Asking for a room.

use glare_model::message::RequestKind;
use serde_json::Value;
use tokio::time::Instant;

use super::Enter;
use crate::limits;

/// A request under way.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub(super) room: String,
    pub(super) kind: RequestKind,
    pub(super) ack: u64,
    pub(super) deadline: Instant,
    attempt: u32,
    enter: Enter,
}

/// What a server's ack says.
pub(super) enum Answer {
    Entered { created: bool, existing_users: Vec<String> },
    Again(Asking),
    Refused(String),
}

impl Asking {
    pub(super) fn new(room: String, enter: Enter, ack: u64) -> Self {
        let kind = match enter {
            Enter::Create => RequestKind::Create,
            Enter::Join | Enter::Either => RequestKind::Join,
        };
        Self { room, kind, ack, deadline: Instant::now() + limits::ACK_TIMEOUT, attempt: 1, enter }
    }

    pub(super) fn event(&self) -> &'static str {
        match self.kind {
            RequestKind::Create => "create-room",
            RequestKind::Join => "join-room",
        }
    }

    /// Reads the ack. A room that is not there may be created, and one that is there joined; both may change meanwhile.
    pub(super) fn answered(self, data: &Value) -> Answer {
        if data["success"] == true {
            let users = data["existingUsers"].as_array().map_or(&[][..], Vec::as_slice);
            let existing_users = users.iter().filter_map(|user| user.as_str().map(str::to_owned)).collect();
            return Answer::Entered { created: self.kind == RequestKind::Create, existing_users };
        }
        if self.enter != Enter::Either || self.attempt == limits::ENTER_ATTEMPTS || data["code"] == "room-full" {
            let why = data["error"].as_str().unwrap_or("the server gives no reason");
            return Answer::Refused(format!("{} {:?}: {why}", self.event(), self.room));
        }
        let kind = match self.kind {
            RequestKind::Create => RequestKind::Join,
            RequestKind::Join => RequestKind::Create,
        };
        let deadline = Instant::now() + limits::ACK_TIMEOUT;
        Answer::Again(Self { kind, ack: self.ack + 1, attempt: self.attempt + 1, deadline, ..self })
    }
}
