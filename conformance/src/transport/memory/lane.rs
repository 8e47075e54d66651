//! The way from the server to one client: in order, and as slow as the core says.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::{
    limits::OUTGOING_QUEUE,
    transport::{ConnectionId, Incoming},
};

/// Where what arrives goes, with the connection's number there.
pub(super) type Ear = (ConnectionId, mpsc::Sender<(ConnectionId, Incoming)>);

/// How something goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the connection's order, after this long.
    InOrder(Duration),
    /// At once, past what waits. That is a server that answers requests on another way than it relays.
    OutOfBand,
}

/// The way to one client.
pub(super) struct Lane {
    ear: Ear,
    /// What waits, once anything has waited.
    waiting: Option<mpsc::Sender<(Instant, Ear, Incoming)>>,
}

impl Lane {
    pub(super) fn new(ear: Ear) -> Self {
        Self { ear, waiting: None }
    }

    pub(super) fn attach(&mut self, ear: Ear) {
        self.ear = ear;
    }

    pub(super) async fn send(&mut self, incoming: Incoming, way: Way) {
        let lag = match way {
            Way::OutOfBand => return hand_over(&self.ear, incoming).await,
            Way::InOrder(Duration::ZERO) if self.waiting.is_none() => return hand_over(&self.ear, incoming).await,
            Way::InOrder(lag) => lag,
        };
        let waiting = self.waiting.get_or_insert_with(|| {
            let (sender, queue) = mpsc::channel(OUTGOING_QUEUE);
            tokio::spawn(deliver(queue));
            sender
        });
        // Whoever delivers goes on for as long as something may come.
        waiting.send((Instant::now() + lag, self.ear.clone(), incoming)).await.ok();
    }
}

async fn deliver(mut queue: mpsc::Receiver<(Instant, Ear, Incoming)>) {
    while let Some((due, ear, incoming)) = queue.recv().await {
        sleep_until(due).await;
        hand_over(&ear, incoming).await;
    }
}

/// A scenario that is over hears nothing more.
async fn hand_over((id, ear): &Ear, incoming: Incoming) {
    if ear.send((*id, incoming)).await.is_err() {
        ear.closed().await;
    }
}
