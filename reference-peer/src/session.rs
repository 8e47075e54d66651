//! A peer in a room: one signaling connection, one task for each remote.

mod entering;
mod room;

use std::{sync::Arc, time::Duration};

use glare_model::negotiation::Strategy;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{
    limits,
    local::Local,
    report::{End, Report},
    rtc::{Factory, MediaKind, Source},
    signaling::Dial,
    trace::{self, Line},
};
use room::{Over, Room};

/// Takes the lines of a trace, from several tasks.
pub type Recorder = Arc<dyn Fn(Line) + Send + Sync>;

/// How to get into the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enter {
    /// Only create it.
    Create,
    /// Only join it.
    Join,
    /// Join it, or create it if there is none.
    Either,
}

/// What a session is started with.
#[derive(Clone)]
pub struct Config {
    /// The room.
    pub room: String,
    /// How to get into it.
    pub enter: Enter,
    /// The name of a strategy and the strategy.
    pub strategy: (&'static str, Strategy),
    /// What is shown at first.
    pub local: Local,
    /// How long an answer takes; zero but for tests.
    pub answer_pause: Duration,
    /// Takes the trace.
    pub recorder: Recorder,
}

impl Config {
    /// A session with the reference strategy, without a trace.
    #[must_use]
    pub fn new(room: impl Into<String>, name: impl Into<String>) -> Self {
        let local = Local { name: name.into(), audio: true, video: true, source: Source::Camera };
        Self {
            room: room.into(),
            enter: Enter::Either,
            strategy: ("lower-id-offers", Strategy::REFERENCE),
            local,
            answer_pause: Duration::ZERO,
            recorder: Arc::new(|_line| {}),
        }
    }
}

/// Something that the application wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Write to everybody.
    Chat(String),
    /// Switch the microphone or the camera.
    Switch(MediaKind, bool),
    /// Show something else in the video track.
    Show(Source),
    /// Send one more track to everybody.
    AddTrack(MediaKind),
    /// Restart ICE with a remote, or with all.
    RestartIce(Option<String>),
    /// Report the counters of every connection.
    Stats,
    /// Leave the room and stay connected to the server.
    LeaveRoom,
    /// Enter a room again.
    EnterRoom(String),
    /// Cut the signaling connection, as a fault would.
    DropSignaling,
}

/// A running session.
pub struct Session {
    wishes: mpsc::Sender<Wish>,
    reports: mpsc::Receiver<Report>,
    task: JoinHandle<()>,
}

impl Session {
    /// Starts a session in a task of its own.
    pub fn start(config: Config, server: impl Dial, factory: impl Factory) -> Self {
        let (wishes, wished) = mpsc::channel(limits::WISHES_MAX);
        let (reporting, reports) = mpsc::channel(limits::REPORTS_MAX);
        let local = watch::Sender::new(config.local.clone());
        let running = Running { config, server, factory: Arc::new(factory), local, wished, reports: reporting };
        Self { wishes, reports, task: tokio::spawn(running.run()) }
    }

    /// Asks for something. `false` if the session is over.
    pub async fn wish(&self, wish: Wish) -> bool {
        self.wishes.send(wish).await.is_ok()
    }

    /// A handle for wishes only.
    #[must_use]
    pub fn wishes(&self) -> mpsc::Sender<Wish> {
        self.wishes.clone()
    }

    /// The next report; `None` after [`Report::Ended`].
    pub async fn next(&mut self) -> Option<Report> {
        self.reports.recv().await
    }

    /// Leaves, and waits until nothing of the session is left. Returns what was reported meanwhile.
    ///
    /// Handles made by [`Session::wishes`] have to be dropped first.
    pub async fn leave(self) -> Vec<Report> {
        let Self { wishes, mut reports, task } = self;
        drop(wishes);
        let mut last = Vec::new();
        while let Some(report) = reports.recv().await {
            last.push(report);
        }
        task.await.expect("a session neither panics nor is aborted");
        last
    }
}

struct Running<D, F> {
    config: Config,
    server: D,
    factory: Arc<F>,
    local: watch::Sender<Local>,
    wished: mpsc::Receiver<Wish>,
    reports: mpsc::Sender<Report>,
}

impl<D: Dial, F: Factory> Running<D, F> {
    async fn run(mut self) {
        (self.config.recorder)(Line::Peer {
            version: trace::VERSION,
            strategy: self.config.strategy.0.to_owned(),
            implementation: concat!("glare-peer ", env!("CARGO_PKG_VERSION")).to_owned(),
        });
        let end = self.live().await;
        self.report(Report::Ended(end)).await;
    }

    /// Connects, again and again if it has to, until there is an end.
    async fn live(&mut self) -> End {
        let (mut attempt, mut was_connected) = (0, false);
        loop {
            match self.server.dial().await {
                Ok(signaling) => {
                    was_connected = true;
                    let (over, entered) = Room::new(self, signaling).live().await;
                    if entered {
                        attempt = 0;
                        // It may be gone when we are back, and it may be there already.
                        self.config.enter = Enter::Either;
                    }
                    match over {
                        Over::End(end) => return end,
                        Over::Lost(reason) => self.report(Report::SignalingLost { reason }).await,
                    }
                }
                Err(error) if !was_connected || attempt == limits::RECONNECT_ATTEMPTS => {
                    return End::Unreachable { message: error.to_string() };
                }
                Err(error) => self.report(Report::Problem { remote: None, message: error.to_string() }).await,
            }
            if attempt == limits::RECONNECT_ATTEMPTS {
                return End::Unreachable { message: "the server ends every connection".to_owned() };
            }
            attempt += 1;
            self.report(Report::Reconnecting { attempt, of: limits::RECONNECT_ATTEMPTS }).await;
            if self.pause().await {
                return End::Left;
            }
        }
    }

    /// Waits before the next attempt. `true` if the application leaves meanwhile.
    async fn pause(&mut self) -> bool {
        let over = Instant::now() + limits::RECONNECT_PAUSE;
        loop {
            tokio::select! {
                () = sleep_until(over) => return false,
                wish = self.wished.recv() => match wish {
                    None => return true,
                    Some(Wish::Switch(kind, is_on)) => self.switch(kind, is_on),
                    Some(Wish::Show(source)) => self.show(source),
                    Some(wish) => {
                        let message = format!("not connected to the server, so this is not done: {wish:?}");
                        self.report(Report::Problem { remote: None, message }).await;
                    }
                }
            }
        }
    }

    fn switch(&self, kind: MediaKind, is_on: bool) {
        self.local.send_modify(|local| match kind {
            MediaKind::Audio => local.audio = is_on,
            MediaKind::Video => local.video = is_on,
        });
    }

    fn show(&self, source: Source) {
        self.local.send_modify(|local| local.source = source);
    }

    async fn report(&self, report: Report) {
        // Nobody may be interested any more.
        self.reports.send(report).await.ok();
    }
}
