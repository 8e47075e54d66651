//! The life of a connection on a WebSocket, the same for both wires.

use std::pin::pin;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    config::Config,
    ending::Ending,
    limits::WRITE_BATCH_BYTES,
    outbox::{Next, Outbox},
    shared::Shared,
    websocket::{Event, Socket},
};

/// What differs between the wires.
pub(crate) trait Party {
    /// A text message has arrived.
    ///
    /// # Errors
    /// Why the connection has to end.
    fn receive(&mut self, text: &str) -> Result<(), Ending>;
    /// The heartbeat.
    fn ping(&self) -> Message;
    /// When the connection has to end whatever is heard of it, and why.
    fn deadline(&self) -> Option<(Instant, Ending)>;
}

/// Carries messages both ways until the connection has to end, and says why. Reading never waits for writing: two clients
/// that both send a burst before they read would otherwise wait for each other.
pub(crate) async fn converse(socket: &mut Socket, outbox: &Outbox, party: &mut impl Party, shared: &Shared) -> Ending {
    let config = &shared.config;
    let mut clock = Clock { unanswered: None, ping_due: Instant::now() + config.ping_interval };
    let mut timer = pin!(sleep_until(clock.next(socket, party, config).0));
    let mut drain = pin!(shared.drain.cancelled());
    let mut draining = false;
    loop {
        let writing = socket.writing_since().is_some();
        let look = |outbox: &Outbox| {
            // While a write waits, the queue is what bounds memory; but an overflow must not wait for that write.
            if writing {
                outbox.end().filter(|end| *end == Ending::Overflow).map(Next::End)
            } else {
                outbox.take(WRITE_BATCH_BYTES)
            }
        };
        // In no fixed order: neither a stream of messages to this client nor one from it may starve the other.
        let step = tokio::select! {
            () = &mut drain, if !draining => {
                draining = true;
                outbox.finish(Ending::Shutdown);
                Ok(())
            }
            () = &mut timer => match clock.tick(socket, party, config) {
                // On a busy machine the answer may be there, and nobody had the time to read it.
                Err(Ending::Silent) => match socket.event().now_or_never() {
                    Some(event) => clock.hear(event, party),
                    None => Err(Ending::Silent),
                },
                ticked => ticked,
            },
            next = outbox.until(look) => match next {
                Next::Messages(messages) => socket.send(messages.into_iter().map(Message::text)),
                Next::End(why) => Err(why),
            },
            event = socket.event() => clock.hear(event, party),
        };
        if let Err(why) = step {
            return why;
        }
        // Moving the timer for each message would cost more than firing it once in vain, so it only ever moves closer
        // for a write that waits, and otherwise when it has fired.
        let due = clock.next(socket, party, config).0;
        if timer.is_elapsed() || due < timer.deadline() {
            timer.as_mut().reset(due);
        }
    }
}

struct Clock {
    /// When the first ping was due to go out since something was heard. A client is silent if it says nothing after a ping;
    /// how long it had nothing to say before is no matter.
    unanswered: Option<Instant>,
    ping_due: Instant,
}

impl Clock {
    /// What is due next.
    fn next(&self, socket: &Socket, party: &impl Party, config: &Config) -> (Instant, Due) {
        let write = socket.writing_since().map(|since| (since + config.write_timeout, Due::End(Ending::WriteTimeout)));
        let party = party.deadline().map(|(when, why)| (when, Due::End(why)));
        let silence = self.unanswered.map(|since| (since + config.ping_timeout, Due::End(Ending::Silent)));
        let ping = (self.ping_due, Due::Ping);
        let due = [silence, Some(ping), write, party].into_iter().flatten().min_by_key(|(when, _)| *when);
        due.expect("the next ping is always due")
    }

    /// Takes in what came of the socket.
    fn hear(&mut self, event: Event, party: &mut impl Party) -> Result<(), Ending> {
        match event {
            Event::Written => Ok(()),
            Event::Heartbeat => {
                self.unanswered = None;
                Ok(())
            }
            Event::Text(text) => {
                self.unanswered = None;
                party.receive(&text)
            }
            Event::Over(why) => Err(why),
        }
    }

    /// Does what is due by now, once.
    fn tick(&mut self, socket: &mut Socket, party: &impl Party, config: &Config) -> Result<(), Ending> {
        match self.next(socket, party, config) {
            (when, _) if when > Instant::now() => Ok(()),
            (_, Due::End(why)) => Err(why),
            (_, Due::Ping) => {
                self.ping_due = Instant::now() + config.ping_interval;
                self.unanswered.get_or_insert_with(Instant::now);
                // Behind a write that waits, a ping says nothing new, and would grow what waits.
                if socket.writing_since().is_some() { Ok(()) } else { socket.send([party.ping()]) }
            }
        }
    }
}

enum Due {
    Ping,
    End(Ending),
}
