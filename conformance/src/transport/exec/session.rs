//! An adapter at work: its lines go to the connections that they are about, and the connections' commands to it.

use std::sync::{Arc, Weak};

use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    Shared,
    child::{Adapter, Output},
    milliseconds,
    protocol::{FromAdapter, ToAdapter},
};
use crate::{
    limits::{ADAPTER_PING_INTERVAL, ADAPTER_SILENCE_MAX, FAREWELL_TIMEOUT},
    transport::{Command, Incoming, OpenError, Opened},
};

/// Hears an adapter until it ends, fails, or nobody needs it.
pub(super) async fn listen(shared: Weak<Shared>, mut output: Output, mut adapter: Adapter) {
    let mut pings = interval(ADAPTER_PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pulse = Pulse::default();
    let problem = loop {
        let line = tokio::select! {
            // What waits to be heard comes first: a `pong` may be behind lines that a busy case let wait.
            biased;
            line = output.next() => line,
            _ = pings.tick() => {
                let Some(shared) = shared.upgrade() else { return };
                let Some(number) = pulse.ask() else {
                    let silence = ADAPTER_SILENCE_MAX.as_secs();
                    break format!("hangs: it answered no `ping` for {silence} s; {}", adapter.last_words());
                };
                // A full queue is an adapter that does not read, which its silence shows.
                shared.lines.try_send(ToAdapter::Ping { number }).ok();
                continue;
            }
        };
        let Some(shared) = shared.upgrade() else { return };
        match line {
            Ok(Some(FromAdapter::Pong { number })) => {
                if !pulse.answer(number) {
                    break format!("answered a `ping` {number} that was not sent");
                }
            }
            Ok(Some(FromAdapter::Error { reason })) => break format!("cannot go on: {reason}"),
            Ok(Some(FromAdapter::Ready { .. })) => break "said `ready` twice".to_owned(),
            Ok(Some(line)) => {
                if let Err(problem) = shared.take(line).await {
                    break problem;
                }
            }
            Ok(None) => break adapter.obituary().await,
            Err(problem) => break problem,
        }
    };
    drop(adapter);
    if let Some(shared) = shared.upgrade() {
        shared.fail(problem);
    }
}

/// Whether an adapter answers. Pings are counted, not time: while the runner is busy it asks nothing, and nothing is missing.
#[derive(Debug, Default)]
struct Pulse {
    asked: u64,
    answered: u64,
}

impl Pulse {
    /// The number of the next ping; none if too many were not answered.
    fn ask(&mut self) -> Option<u64> {
        let silence =
            ADAPTER_PING_INTERVAL.saturating_mul(u32::try_from(self.asked - self.answered).unwrap_or(u32::MAX));
        if silence >= ADAPTER_SILENCE_MAX {
            return None;
        }
        self.asked += 1;
        Some(self.asked)
    }

    /// Takes in an answer. Any will do, for it lives who gives it. Returns whether that ping was sent.
    fn answer(&mut self, number: u64) -> bool {
        let was_asked = number <= self.asked;
        if was_asked {
            self.answered = self.asked;
        }
        was_asked
    }
}

impl Shared {
    /// Takes in what an adapter says of a connection.
    async fn take(&self, line: FromAdapter) -> Result<(), String> {
        match line {
            FromAdapter::Opened { connection, user_id, ping_interval, ping_timeout } => {
                let (ping_interval, ping_timeout) = (milliseconds(ping_interval), milliseconds(ping_timeout));
                self.opened(connection, Ok(Opened { user_id, ping_interval, ping_timeout }))
            }
            FromAdapter::Failed { connection, reason, refused } => {
                let is_refusal = refused && self.profile.dialect().refusals_close;
                let error = if is_refusal { OpenError::Refused(reason) } else { OpenError::Unreachable(reason) };
                self.opened(connection, Err(error))?;
                self.routes().remove(&connection);
                Ok(())
            }
            FromAdapter::Event { connection, event, data } => {
                self.pass_on(connection, Incoming::Event { event, data }).await
            }
            FromAdapter::Ack { connection, ack, data } => {
                self.pass_on(connection, Incoming::Ack { ack, data: Some(data) }).await
            }
            FromAdapter::Unsayable { connection, reason } => {
                self.pass_on(connection, Incoming::Unsayable(reason)).await
            }
            FromAdapter::Ended { connection, reason } => self.ended(connection, reason).await,
            FromAdapter::Ready { .. } | FromAdapter::Pong { .. } | FromAdapter::Error { .. } => Ok(()),
        }
    }

    fn opened(&self, connection: u64, outcome: Result<Opened, OpenError>) -> Result<(), String> {
        let mut routes = self.routes();
        let Some(route) = routes.get_mut(&connection) else { return self.is_known(connection) };
        let opening = route.opening.take().ok_or_else(|| format!("opened connection {connection} twice"))?;
        let unwanted = opening.send(outcome).is_err_and(|outcome| outcome.is_ok());
        drop(routes);
        // Whoever waited for it has given up.
        if unwanted {
            self.dismiss(connection);
        }
        Ok(())
    }

    async fn pass_on(&self, connection: u64, incoming: Incoming) -> Result<(), String> {
        let route = self.routes().get(&connection).map(|route| (route.id, route.incoming.clone()));
        let Some((id, sender)) = route else { return self.is_known(connection) };
        // A scenario that is over listens no more.
        sender.send((id, incoming)).await.ok();
        Ok(())
    }

    async fn ended(&self, connection: u64, reason: String) -> Result<(), String> {
        let Some(route) = self.routes().remove(&connection) else { return self.is_known(connection) };
        self.over.notify_waiters();
        match (route.opening, route.parting) {
            (Some(opening), _) => {
                opening.send(Err(OpenError::Unreachable(reason))).ok();
            }
            (None, Some(parting)) => {
                parting.send(()).ok();
            }
            (None, None) => {
                route.incoming.send((route.id, Incoming::Ended(reason))).await.ok();
            }
        }
        Ok(())
    }

    /// What is said late of a connection that is over is no fault; what is said of one that never was, is.
    fn is_known(&self, connection: u64) -> Result<(), String> {
        let opened = self.next.load(std::sync::atomic::Ordering::Relaxed);
        if connection < opened {
            Ok(())
        } else {
            Err(format!("speaks of connection {connection}, which nobody asked for"))
        }
    }
}

/// Passes on what a connection is told, until it is over.
pub(super) async fn serve(shared: Arc<Shared>, connection: u64, mut commands: mpsc::Receiver<Command>) {
    let mut is_frozen = false;
    loop {
        let command = commands.recv().await;
        let line = match command {
            None | Some(Command::Close) => return part(&shared, connection, ToAdapter::Close { connection }).await,
            // No case with such bytes is played through an adapter, which has its sockets to itself.
            Some(Command::Drop | Command::LastWords { .. }) => {
                return part(&shared, connection, ToAdapter::Drop { connection }).await;
            }
            Some(_) if is_frozen => continue,
            Some(Command::Freeze) => {
                is_frozen = true;
                ToAdapter::Freeze { connection }
            }
            Some(Command::Emit { event, data, ack }) => ToAdapter::Send { connection, event, data, ack },
            Some(Command::Fence { ack, room }) => ToAdapter::Fence { connection, ack, room },
            Some(Command::Broken(frame)) => ToAdapter::Broken { connection, frame },
            Some(Command::Attach { id, incoming, taken }) => {
                if let Some(route) = shared.routes().get_mut(&connection) {
                    (route.id, route.incoming) = (id, incoming);
                    // Who asked may have gone.
                    taken.try_send(()).ok();
                }
                continue;
            }
        };
        if shared.lines.send(line).await.is_err() {
            return;
        }
    }
}

/// Ends a connection, and waits until the adapter has done so.
async fn part(shared: &Shared, connection: u64, line: ToAdapter) {
    let (parting, parted) = oneshot::channel();
    match shared.routes().get_mut(&connection) {
        Some(route) => route.parting = Some(parting),
        // It is over already.
        None => return,
    }
    if shared.lines.send(line).await.is_ok() {
        // A polite server may take its time.
        timeout(FAREWELL_TIMEOUT, parted).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_pings_as_the_longest_silence_has_may_go_unanswered() {
        let mut pulse = Pulse::default();
        let asked = std::iter::from_fn(|| pulse.ask()).count();
        assert_eq!(ADAPTER_PING_INTERVAL * u32::try_from(asked).unwrap(), ADAPTER_SILENCE_MAX);
    }

    #[test]
    fn an_answer_begins_the_count_anew_and_one_to_no_ping_does_not() {
        let mut pulse = Pulse::default();
        let asked = std::iter::from_fn(|| pulse.ask()).count();
        assert!(!pulse.answer(pulse.asked + 1) && pulse.ask().is_none());
        assert!(pulse.answer(1));
        assert_eq!(std::iter::from_fn(|| pulse.ask()).count(), asked);
    }
}
