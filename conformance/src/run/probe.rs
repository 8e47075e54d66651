//! Whether somebody is there who speaks the protocol.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::RunError;
use crate::{
    fence::{Fence, refused_room},
    limits::{FAREWELL_TIMEOUT, INCOMING_QUEUE},
    transport::{Command, Connection, ConnectionId, Incoming, Transport},
};

/// The room that a probe enters where rooms are entered by connecting.
const PROBE_ROOM: &str = "glare-probe";

/// Whether the target speaks the protocol at all: it admits a client and answers a fence.
///
/// # Errors
/// [`RunError::Unreachable`] or [`RunError::NoSignalingServer`].
pub async fn probe(transport: &Transport, timeout: Duration) -> Result<(), RunError> {
    let (sender, mut incoming) = mpsc::channel(INCOMING_QUEUE);
    let room = PROBE_ROOM.into();
    let connection = transport.enter(Some(&room), ConnectionId(0), sender, timeout).await;
    let connection = connection.map_err(RunError::Unreachable)?;
    let answered = ask(transport, &connection, &mut incoming, timeout).await;
    // Some servers tell everybody of every end: it is not to reach the first case.
    connection.commands.send(Command::Close).await.ok();
    drop(incoming);
    tokio::time::timeout(FAREWELL_TIMEOUT, connection.commands.closed()).await.ok();
    answered
}

async fn ask(
    transport: &Transport,
    connection: &Connection,
    incoming: &mut mpsc::Receiver<(ConnectionId, Incoming)>,
    timeout: Duration,
) -> Result<(), RunError> {
    // Where there is no round trip, it has to be enough that the client was admitted.
    if transport.fence() != Fence::Refused {
        return Ok(());
    }
    let request = Command::Fence { ack: 0, room: refused_room(0) };
    let no_server = || RunError::NoSignalingServer(timeout);
    connection.commands.send(request).await.map_err(|_| no_server())?;
    let deadline = tokio::time::Instant::from_std(Instant::now() + timeout);
    loop {
        match tokio::time::timeout_at(deadline, incoming.recv()).await {
            Ok(Some((_, Incoming::Ack { ack: 0, .. }))) => return Ok(()),
            Ok(Some((_, Incoming::Ended(_))) | None) | Err(_) => return Err(no_server()),
            Ok(Some(_)) => {}
        }
    }
}
