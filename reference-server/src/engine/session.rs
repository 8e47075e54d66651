//! One Engine.IO session, whatever carries it.

use std::sync::{Arc, Mutex, MutexGuard};

use glare_model::wire::socketio::{self, ClientPacket};
use serde_json::json;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until},
};
use tokio_tungstenite::tungstenite::Message;

use super::message;
use crate::{
    converse::{Party, converse},
    ending::Ending,
    hub::Wire,
    outbox::Outbox,
    random_id::random_id,
    shared::{Seat, Shared},
    websocket::Socket,
};

/// The heartbeat packet.
pub(super) const PING: &str = "2";

/// See the module's documentation.
pub(crate) struct Session {
    sid: String,
    shared: Arc<Shared>,
    outbox: Arc<Outbox>,
    state: Mutex<State>,
    /// Held, so that as many sessions exist as are allowed.
    _permit: OwnedSemaphorePermit,
}

struct State {
    /// The place in the namespace, while the client is in it.
    seat: Option<Seat>,
    /// Since when it is not.
    seatless_since: Instant,
    heard: Instant,
    carrier: Carrier,
    polling: bool,
    posting: bool,
    ended: bool,
}

/// What carries a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// Polling; nothing else is in sight.
    Polling,
    /// Polling; a WebSocket is opening.
    Opening,
    /// Polling, but the WebSocket's probe was answered: polls are to end, so that the client can move.
    Probed,
    /// The WebSocket.
    WebSocket,
}

/// The two requests of polling. Of each kind, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Poll,
    Post,
}

impl Session {
    pub(super) fn new(shared: &Arc<Shared>, permit: OwnedSemaphorePermit, carrier: Carrier) -> Self {
        let now = Instant::now();
        let state = State {
            seat: None,
            seatless_since: now,
            heard: now,
            carrier,
            polling: false,
            posting: false,
            ended: false,
        };
        Self {
            sid: random_id(),
            shared: shared.clone(),
            outbox: Arc::new(Outbox::new(shared.config.outbox)),
            state: Mutex::new(state),
            _permit: permit,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }

    pub(super) fn sid(&self) -> &str {
        &self.sid
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(super) fn carrier(&self) -> Carrier {
        self.state().carrier
    }

    /// The open packet.
    pub(super) fn handshake(&self, upgrades: &[&str]) -> String {
        let (ping_interval, ping_timeout) = self.shared.config.heartbeat_ms();
        let open = json!({
            "sid": self.sid,
            "upgrades": upgrades,
            "pingInterval": ping_interval,
            "pingTimeout": ping_timeout,
            "maxPayload": glare_model::limits::MESSAGE_BYTES_MAX,
        });
        format!("0{open}")
    }

    /// Moves from one carrier to another, if it is the one that it should be.
    pub(super) fn move_carrier(&self, from: &[Carrier], to: Carrier) -> bool {
        let mut state = self.state();
        let may = !state.ended && from.contains(&state.carrier);
        if may {
            state.carrier = to;
        }
        drop(state);
        self.outbox.wake();
        may
    }

    /// Starts a request of this kind, if none is under way.
    pub(super) fn begin(&self, turn: Turn) -> bool {
        let mut state = self.state();
        !std::mem::replace(state.under_way(turn), true)
    }

    /// Ends what [`Session::begin`] started.
    pub(super) fn finish(&self, turn: Turn) {
        *self.state().under_way(turn) = false;
    }

    /// Performs one Engine.IO packet.
    ///
    /// # Errors
    /// Why the session has to end.
    pub(super) fn receive(&self, packet: &str) -> Result<(), Ending> {
        let mut state = self.state();
        if state.ended {
            return Err(Ending::Closed);
        }
        state.heard = Instant::now();
        match packet.as_bytes().first() {
            Some(b'4') => self.receive_message(&mut state, &packet[1..]),
            // A pong; and packets that a client has no reason to send, which npm ignores as well.
            Some(b'3' | b'0' | b'5' | b'6') => Ok(()),
            Some(b'1') => Err(Ending::Closed),
            Some(b'2') => Err(Ending::Broken("pings come from the server".to_owned())),
            // Binary in a polling payload. The protocol has no binary packet that it could belong to.
            Some(b'b') => Err(Ending::Binary),
            Some(_) | None => Err(Ending::Broken("unknown Engine.IO packet".to_owned())),
        }
    }

    fn receive_message(&self, state: &mut State, packet: &str) -> Result<(), Ending> {
        let packet = socketio::parse(packet).map_err(|broken| Ending::Broken(broken.to_string()))?;
        match (packet, &state.seat) {
            (ClientPacket::Connect { namespace: "/" }, None) => {
                let greeting = |user_id: &str| message(&socketio::connected(user_id));
                state.seat = Some(Seat::take(&self.shared, Wire::SocketIo, &self.outbox, greeting));
            }
            (ClientPacket::Connect { namespace: "/" }, Some(_)) => {
                return Err(Ending::Broken("CONNECT in a namespace that was entered before".to_owned()));
            }
            (ClientPacket::Connect { namespace }, _) => {
                let refusal = message(&socketio::invalid_namespace(namespace));
                self.outbox.push(refusal).map_err(|_overflowed| Ending::Overflow)?;
            }
            (_, None) => return Err(Ending::Broken("a packet outside the namespace".to_owned())),
            (ClientPacket::Event(event), Some(seat)) => seat.perform(event.frame()),
            (ClientPacket::Disconnect, Some(_)) => {
                state.seat = None;
                state.seatless_since = Instant::now();
            }
            (ClientPacket::Ack, Some(_)) => {}
        }
        Ok(())
    }

    /// Ends the session, and with it the connection in the sense of the protocol. A second time, it does nothing.
    pub(super) fn end(&self, why: &Ending) {
        self.outbox.finish(why.clone());
        let mut state = self.state();
        if std::mem::replace(&mut state.ended, true) {
            return;
        }
        let seat = state.seat.take();
        drop(state);
        drop(seat);
        self.shared.sessions.remove(&self.sid);
        tracing::debug!(ending = %why, wire = "socketio", "connection ended");
    }

    /// When the session has to end for being in no namespace.
    fn namespace_deadline(&self) -> Option<(Instant, Ending)> {
        let state = self.state();
        let deadline = state.seatless_since + self.shared.config.connect_timeout;
        state.seat.is_none().then_some((deadline, Ending::NeverConnected))
    }

    /// Keeps time for a session on polling, until it ends or moves to a WebSocket.
    pub(super) async fn supervise(&self) {
        let config = &self.shared.config;
        let mut ping_due = Instant::now() + config.ping_interval;
        loop {
            let silence = (self.state().heard + config.silence_max(), Ending::Silent);
            let deadline = self.namespace_deadline().into_iter().chain([silence]).min_by_key(|(when, _)| *when);
            let (deadline, why) = deadline.expect("silence always has a deadline");
            let over = |outbox: &Outbox| match outbox.end() {
                Some(why) => Some(Some(why)),
                None => (self.carrier() == Carrier::WebSocket).then_some(None),
            };
            tokio::select! {
                biased;
                over = self.outbox.until(over) => {
                    if let Some(why) = over {
                        self.end(&why);
                    }
                    return;
                }
                () = self.shared.drain.cancelled() => return self.end(&Ending::Shutdown),
                () = sleep_until(deadline.min(ping_due)) => {
                    let now = Instant::now();
                    if deadline <= now && self.deadline_has_passed(now) {
                        return self.end(&why);
                    }
                    if ping_due <= now {
                        ping_due = now + config.ping_interval;
                        if self.outbox.push(PING.to_owned()).is_err() {
                            return self.end(&Ending::Overflow);
                        }
                    }
                }
            }
        }
    }

    /// Asked anew, since the client may have spoken while the timer ran.
    fn deadline_has_passed(&self, now: Instant) -> bool {
        let silent = self.state().heard + self.shared.config.silence_max() <= now;
        silent || self.namespace_deadline().is_some_and(|(when, _)| when <= now)
    }

    /// The session's life on a WebSocket.
    pub(super) async fn run(self: &Arc<Self>, mut socket: Socket) {
        let mut party = OnWebSocket(self.clone());
        let ending = converse(&mut socket, &self.outbox, &mut party, &self.shared).await;
        // First the others learn of it: a goodbye may take its time.
        self.end(&ending);
        socket.close(&ending).await;
    }
}

impl State {
    fn under_way(&mut self, turn: Turn) -> &mut bool {
        match turn {
            Turn::Poll => &mut self.polling,
            Turn::Post => &mut self.posting,
        }
    }
}

struct OnWebSocket(Arc<Session>);

impl Party for OnWebSocket {
    fn receive(&mut self, text: &str) -> Result<(), Ending> {
        self.0.receive(text)
    }

    fn ping(&self) -> Message {
        Message::text(PING)
    }

    fn deadline(&self) -> Option<(Instant, Ending)> {
        self.0.namespace_deadline()
    }
}
