//! The commands of the negotiation, each as what it means for a peer connection and the wire.

use std::time::Duration;

use glare_model::{
    message::SignalKind,
    negotiation::{Command, Description},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Cargo, Remote};
use crate::{
    limits,
    payload::stamp,
    rtc::{Connection, Factory, Failure, Notices, bounded},
    signaling::Outgoing,
};

impl<F: Factory> Remote<F> {
    pub(super) async fn carry_out(&mut self, command: Command, cargo: &Cargo) -> Result<(), Failure> {
        let failing = |failure: Failure| Failure(format!("{command:?}: {failure}"));
        match command {
            Command::Build => self.build().await,
            Command::Orphan => {
                self.orphans.extend(self.connection.take());
                Ok(())
            }
            Command::Close => match self.connection.take() {
                Some(connection) => bounded(connection.close()).await,
                None => Ok(()),
            },
            Command::Prepare => {
                self.ready_at = Some(Instant::now() + self.setting.answer_pause);
                Ok(())
            }
            Command::Keep(_) => {
                self.kept.extend(payload(cargo).cloned());
                Ok(())
            }
            Command::Discard => {
                self.kept.clear();
                Ok(())
            }
            Command::Ignore(_) => Ok(()),
            Command::Fail(..) => Err(Failure("the connection's state forbids it".to_owned())),
            Command::Send(SignalKind::Candidate, description) => {
                let candidate = payload(cargo).cloned().unwrap_or_default();
                self.send(SignalKind::Candidate, candidate, description).await;
                Ok(())
            }
            Command::Attach
            | Command::AddTracks
            | Command::Rollback
            | Command::Apply(..)
            | Command::Restart
            | Command::Send(SignalKind::Offer | SignalKind::Answer, _)
            | Command::Add(_)
            | Command::Release
            | Command::Replace => self.use_connection(command, cargo).await,
        }
        .map_err(failing)
    }

    async fn build(&mut self) -> Result<(), Failure> {
        self.epoch += 1;
        (self.ready_at, self.open_at, self.has_heard) = (None, None, false);
        let notices = Notices::new(self.epoch, self.noticing.clone());
        let local = self.setting.local.clone();
        self.connection = Some(bounded(self.setting.factory.build(&self.setting.remote_id, local, notices)).await?);
        Ok(())
    }

    async fn use_connection(&mut self, command: Command, cargo: &Cargo) -> Result<(), Failure> {
        let connection = self.connection.as_mut().ok_or_else(|| Failure("there is no connection".to_owned()))?;
        match command {
            Command::Attach => {
                connection.attach();
                Ok(())
            }
            Command::AddTracks => bounded(connection.add_tracks()).await,
            Command::Rollback => bounded(connection.rollback()).await,
            Command::Apply(..) => bounded(connection.apply(payload(cargo).unwrap_or(&Value::Null))).await,
            Command::Restart => bounded(connection.restart()).await,
            Command::Add(_) => bounded(connection.add(payload(cargo).unwrap_or(&Value::Null))).await,
            Command::Release => {
                for candidate in std::mem::take(&mut self.kept) {
                    bounded(connection.add(&candidate)).await?;
                }
                Ok(())
            }
            Command::Replace => match cargo {
                Cargo::Source(source) => bounded(connection.replace(*source)).await,
                Cargo::Nothing | Cargo::Payload(_) => Ok(()),
            },
            Command::Send(kind, description) => {
                let made = bounded(connection.make(kind, description.ice)).await?;
                self.send(kind, made, description).await;
                Ok(())
            }
            Command::Build
            | Command::Close
            | Command::Orphan
            | Command::Prepare
            | Command::Keep(_)
            | Command::Discard
            | Command::Fail(..)
            | Command::Ignore(_) => unreachable!("carried out without a connection"),
        }
    }

    async fn send(&mut self, kind: SignalKind, payload: Value, description: Description) {
        let data = json!({ "target": self.setting.remote_id, kind.payload_member(): stamp(payload, description) });
        let signal = Outgoing { event: kind.event(), data: Some(data), ack: None };
        tokio::select! {
            // A signaling connection that ended takes nothing any more; the session hears of its end by itself.
            _sent = self.setting.outgoing.send(signal) => {}
            // The session waits for this task then, and the queue may wait for the session.
            () = self.giving_up.cancelled() => {}
        }
    }
}

fn payload(cargo: &Cargo) -> Option<&Value> {
    match cargo {
        Cargo::Payload(payload) => Some(payload),
        Cargo::Nothing | Cargo::Source(_) => None,
    }
}

/// Checked at compile time: a call that hangs is given up before a member is given up by any server's heartbeat.
const _: () = assert!(limits::CALL_TIMEOUT.as_millis() < Duration::from_secs(45).as_millis());
