//! One signaling connection and what happens on it: entering the room, members, signals, wishes.

use std::{collections::HashMap, mem, sync::Arc};

use glare_model::{message::SignalKind, negotiation::Side};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::{
    Running, Wish,
    entering::{Answer, Asking},
};
use crate::{
    limits,
    remote::{self, Handle, Input, Memory, Setting},
    report::{End, Report},
    rtc::Factory,
    signaling::{Dial, Incoming, Outgoing, Signaling},
    trace::Line,
};

/// How a signaling connection ended.
pub(super) enum Over {
    /// And with it the session.
    End(End),
    /// By a fault.
    Lost(String),
}

enum Place {
    Outside,
    Asking(Asking),
    Inside,
}

pub(super) struct Room<'a, D, F> {
    running: &'a mut Running<D, F>,
    signaling: Signaling,
    remotes: HashMap<String, Handle>,
    place: Place,
    next_ack: u64,
    has_entered: bool,
}

impl<'a, D: Dial, F: Factory> Room<'a, D, F> {
    pub(super) fn new(running: &'a mut Running<D, F>, signaling: Signaling) -> Self {
        Self { running, signaling, remotes: HashMap::new(), place: Place::Outside, next_ack: 0, has_entered: false }
    }

    /// Lives until the connection ends or the session does; closes everything. Whether the room was ever entered comes
    /// along.
    pub(super) async fn live(mut self) -> (Over, bool) {
        let user_id = self.signaling.user_id.clone();
        (self.running.config.recorder)(Line::Identity(user_id.clone()));
        self.running.report(Report::SignalingConnected { user_id }).await;
        self.ask(self.running.config.room.clone()).await;
        let over = self.converse().await;
        let has_entered = self.has_entered;
        self.close(matches!(over, Over::End(End::Left))).await;
        (over, has_entered)
    }

    async fn converse(&mut self) -> Over {
        loop {
            let deadline = match &self.place {
                Place::Asking(asking) => Some(asking.deadline),
                Place::Outside | Place::Inside => None,
            };
            let next = tokio::select! {
                incoming = self.signaling.incoming.recv() => match incoming {
                    Some(incoming) => self.hear(incoming).await,
                    None => Some(Over::Lost("the connection's task ended".to_owned())),
                },
                wish = self.running.wished.recv() => match wish {
                    Some(wish) => self.grant(wish).await,
                    None => Some(Over::End(End::Left)),
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    Some(Over::Lost(format!("no ack within {} s", limits::ACK_TIMEOUT.as_secs())))
                }
            };
            if let Some(over) = next {
                return over;
            }
        }
    }

    async fn hear(&mut self, incoming: Incoming) -> Option<Over> {
        match incoming {
            Incoming::Ended(reason) => return Some(Over::Lost(reason)),
            Incoming::Ack(ack, data) => return self.hear_ack(ack, &data).await,
            Incoming::Event(event, data) => match event.as_str() {
                "user-joined" => self.hear_notice(&data, true).await,
                "user-left" => self.hear_notice(&data, false).await,
                "offer" => self.hear_signal(SignalKind::Offer, data).await,
                "answer" => self.hear_signal(SignalKind::Answer, data).await,
                "ice-candidate" => self.hear_signal(SignalKind::Candidate, data).await,
                "error" => {
                    let text = |name: &str| data[name].as_str().unwrap_or("?").to_owned();
                    let message = format!("the server says {}: {}", text("type"), text("message"));
                    self.running.report(Report::Problem { remote: None, message }).await;
                }
                "room-closed" => {
                    let message = data["reason"].as_str().unwrap_or("the host closed the room").to_owned();
                    return Some(Over::End(End::RoomClosed { message }));
                }
                // Events that the protocol does not name are none of our business.
                _ => {}
            },
        }
        None
    }

    async fn hear_ack(&mut self, ack: u64, data: &Value) -> Option<Over> {
        let asking = match mem::replace(&mut self.place, Place::Outside) {
            Place::Asking(asking) if asking.ack == ack => asking,
            other => {
                self.place = other;
                return None;
            }
        };
        let room_id = asking.room.clone();
        match asking.answered(data) {
            Answer::Refused(message) => return Some(Over::End(End::Refused { message })),
            Answer::Again(asking) => self.send_request(asking).await,
            Answer::Entered { created, existing_users } => {
                (self.place, self.has_entered) = (Place::Inside, true);
                let report = Report::Entered { room_id, created, existing_users: existing_users.clone() };
                self.running.report(report).await;
                for user in existing_users {
                    self.tell(&user, Input::Met(Side::Joiner)).await;
                }
            }
        }
        None
    }

    async fn hear_notice(&mut self, data: &Value, is_joining: bool) {
        let Some(user_id) = data["userId"].as_str().map(str::to_owned) else { return };
        match (is_joining, &self.place) {
            (true, Place::Inside) => {
                self.running.report(Report::UserJoined { user_id: user_id.clone() }).await;
                self.tell(&user_id, Input::Met(Side::Resident)).await;
            }
            // The other side counts this meeting, so it has to be counted here, too.
            (true, Place::Outside | Place::Asking(_)) => self.tell(&user_id, Input::Met(Side::Outside)).await,
            (false, Place::Inside) => {
                self.tell(&user_id, Input::Gone).await;
                self.running.report(Report::UserLeft { user_id }).await;
            }
            (false, Place::Outside | Place::Asking(_)) => {}
        }
    }

    async fn hear_signal(&mut self, kind: SignalKind, mut data: Value) {
        let payload = data[kind.payload_member()].take();
        let Some(from) = data["from"].as_str().map(str::to_owned) else { return };
        if matches!(self.place, Place::Inside) {
            self.tell(&from, Input::Signal(kind, payload)).await;
        }
    }

    async fn grant(&mut self, wish: Wish) -> Option<Over> {
        match wish {
            Wish::Switch(kind, is_on) => self.running.switch(kind, is_on),
            Wish::Show(source) => self.running.show(source),
            Wish::Chat(text) if text.len() > limits::TEXT_BYTES_MAX => {
                let message = format!("a message has at most {} bytes", limits::TEXT_BYTES_MAX);
                self.running.report(Report::Problem { remote: None, message }).await;
            }
            Wish::Chat(text) => self.tell_all(|| Input::Chat(text.clone())).await,
            Wish::AddTrack(kind) => self.tell_all(|| Input::AddTrack(kind)).await,
            Wish::Stats => self.tell_all(|| Input::Stats).await,
            Wish::RestartIce(None) => self.tell_all(|| Input::RestartIce).await,
            Wish::RestartIce(Some(remote)) => self.tell(&remote, Input::RestartIce).await,
            Wish::LeaveRoom => self.leave_room().await,
            Wish::EnterRoom(room) => match self.place {
                Place::Outside => {
                    self.running.config.room.clone_from(&room);
                    self.ask(room).await;
                }
                Place::Asking(_) | Place::Inside => {
                    let message = "already in a room: leave it first".to_owned();
                    self.running.report(Report::Problem { remote: None, message }).await;
                }
            },
            Wish::DropSignaling => return Some(Over::Lost("cut on request".to_owned())),
        }
        None
    }

    /// As the model's peer leaves: at once, without waiting for anything.
    async fn leave_room(&mut self) {
        if matches!(self.place, Place::Inside) {
            self.place = Place::Outside;
            self.tell_all(|| Input::Gone).await;
            self.send("leave-room", None, None).await;
        }
    }

    async fn ask(&mut self, room: String) {
        let asking = Asking::new(room, self.running.config.enter, self.next_ack);
        self.send_request(asking).await;
    }

    async fn send_request(&mut self, asking: Asking) {
        self.next_ack = asking.ack + 1;
        self.send(asking.event(), Some(json!(asking.room)), Some(asking.ack)).await;
        self.place = Place::Asking(asking);
    }

    async fn send(&mut self, event: &'static str, data: Option<Value>, ack: Option<u64>) {
        // A connection that ended takes nothing any more; its end is the next thing that is heard.
        self.signaling.outgoing.send(Outgoing { event, data, ack }).await.ok();
    }

    /// Hands something to a remote's task, which is started if it is new. One that does not keep up is given up.
    async fn tell(&mut self, user: &str, input: Input) {
        if user == self.signaling.user_id {
            return;
        }
        if !self.remotes.contains_key(user) {
            if self.remotes.len() == limits::REMOTES_MAX {
                let message = format!("{user} is ignored: more than {} members", limits::REMOTES_MAX);
                return self.running.report(Report::Problem { remote: None, message }).await;
            }
            let handle = remote::start(self.setting(user), Memory::default());
            self.remotes.insert(user.to_owned(), handle);
        }
        if let Err(refused) = self.remotes[user].inbox.try_send(input) {
            self.give_up(user, &refused.into_inner()).await;
        }
    }

    /// Closes the connection to a remote. A fresh task that knows what the old one knew takes what comes of it from now on.
    async fn give_up(&mut self, user: &str, refused: &Input) {
        let handle = self.remotes.remove(user).expect("it was looked up");
        let message = "more waits for it than it can handle: the connection is given up".to_owned();
        self.running.report(Report::Problem { remote: Some(user.to_owned()), message }).await;
        handle.giving_up.cancel();
        let left = handle.task.await.expect("a remote's task neither panics nor is aborted");
        let next = remote::start(self.setting(user), left.memory);
        if matches!(refused, Input::Met(_)) {
            next.inbox.try_send(Input::Met(Side::Outside)).expect("the inbox of a fresh task is empty");
        }
        self.remotes.insert(user.to_owned(), next);
    }

    async fn tell_all(&mut self, input: impl Fn() -> Input) {
        let users: Vec<_> = self.remotes.keys().cloned().collect();
        for user in users {
            self.tell(&user, input()).await;
        }
    }

    fn setting(&self, user: &str) -> Setting<F> {
        let config = &self.running.config;
        Setting {
            factory: Arc::clone(&self.running.factory),
            own_id: self.signaling.user_id.clone(),
            remote_id: user.to_owned(),
            strategy: config.strategy.1,
            answer_pause: config.answer_pause,
            local: self.running.local.subscribe(),
            outgoing: self.signaling.outgoing.clone(),
            reports: self.running.reports.clone(),
            recorder: Arc::clone(&config.recorder),
        }
    }

    async fn close(mut self, is_leaving: bool) {
        if is_leaving && matches!(self.place, Place::Inside) {
            self.send("leave-room", None, None).await;
        }
        let mut open_connections = 0;
        // All inboxes first, so that the connections close side by side.
        let (inboxes, tasks): (Vec<_>, Vec<_>) =
            self.remotes.into_values().map(|Handle { inbox, task, giving_up: _ }| (inbox, task)).unzip();
        drop(inboxes);
        for task in tasks {
            let left = task.await.expect("a remote's task neither panics nor is aborted");
            open_connections += left.open_connections;
        }
        (self.running.config.recorder)(Line::Closed { open_connections });
        self.signaling.close().await;
    }
}
