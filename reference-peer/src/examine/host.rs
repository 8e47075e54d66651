//! Whoever created the room: it watches who comes and goes, and negotiates with nobody.

use serde_json::json;

use super::ExamineError;
use crate::signaling::{Dial, Endpoint, Incoming, Outgoing, Signaling};

pub(super) struct Host {
    signaling: Signaling,
}

impl Host {
    pub(super) async fn open(endpoint: &Endpoint, room: &str) -> Result<Self, ExamineError> {
        let mut signaling = endpoint.dial().await?;
        enter(&mut signaling, "create-room", room, 0).await?;
        Ok(Self { signaling })
    }

    /// The user of the next notice of a kind.
    pub(super) async fn notice(&mut self, kind: &str) -> Result<String, ExamineError> {
        loop {
            match self.signaling.incoming.recv().await {
                Some(Incoming::Event(event, data)) if event == kind => {
                    return Ok(data["userId"].as_str().unwrap_or_default().to_owned());
                }
                Some(Incoming::Event(..) | Incoming::Ack(..)) => {}
                Some(Incoming::Ended(_)) | None => return Err(gone()),
            }
        }
    }

    pub(super) async fn close(self) {
        self.signaling.close().await;
    }
}

pub(super) fn gone() -> ExamineError {
    ExamineError::Own("the server ended the connection".to_owned())
}

/// Asks for a room, and waits for the ack. Events that come before it are of an earlier stay.
pub(super) async fn enter(
    signaling: &mut Signaling,
    event: &'static str,
    room: &str,
    ack: u64,
) -> Result<(), ExamineError> {
    let request = Outgoing { event, data: Some(json!(room)), ack: Some(ack) };
    signaling.outgoing.send(request).await.map_err(|_nobody_sends| gone())?;
    loop {
        match signaling.incoming.recv().await {
            Some(Incoming::Ack(number, data)) if number == ack => {
                let refused = || ExamineError::Own(format!("the server refuses {event}: {data}"));
                return if data["success"] == true { Ok(()) } else { Err(refused()) };
            }
            Some(Incoming::Event(..) | Incoming::Ack(..)) => {}
            Some(Incoming::Ended(_)) | None => return Err(gone()),
        }
    }
}
