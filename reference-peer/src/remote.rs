//! One remote: a task that hands its events to the negotiation, one at a time, and carries its commands out.
//!
//! An event's commands are carried out to the end before the next event is looked at. So the negotiation's state and the peer
//! connection's never differ while a decision is made, and what a description was made from is what it is sent for.

mod carrying_out;
mod talking;

use std::time::Duration;

use glare_model::{
    message::SignalKind,
    negotiation::{Command, Event, Negotiation, Role, Side, Strategy, step},
};
use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    limits,
    local::{Local, Saying},
    payload::Outsider,
    report::Report,
    rtc::{Connection, Factory, Failure, IceState, MediaKind, Notice, Source, bounded},
    session::Recorder,
    signaling::Outgoing,
    trace::{Line, Step},
};

/// What a session tells a remote's task.
#[derive(Debug)]
pub(crate) enum Input {
    /// The server named the remote.
    Met(Side),
    /// The remote left, or we do.
    Gone,
    /// A signal of the remote.
    Signal(SignalKind, Value),
    /// The application wants this written.
    Chat(String),
    /// The application wants one more track sent.
    AddTrack(MediaKind),
    /// The application wants ICE restarted.
    RestartIce,
    /// The application wants the counters.
    Stats,
}

/// What a remote's task is made of.
pub(crate) struct Setting<F> {
    pub(crate) factory: std::sync::Arc<F>,
    pub(crate) own_id: String,
    pub(crate) remote_id: String,
    pub(crate) strategy: Strategy,
    /// How long the application takes between an offer and its answer.
    pub(crate) answer_pause: Duration,
    pub(crate) local: watch::Receiver<Local>,
    pub(crate) outgoing: mpsc::Sender<Outgoing>,
    pub(crate) reports: mpsc::Sender<Report>,
    pub(crate) recorder: Recorder,
}

/// A remote's task. Dropping `inbox` ends it once everything in it is done; cancelling `giving_up` ends it at once.
pub(crate) struct Handle {
    pub(crate) inbox: mpsc::Sender<Input>,
    pub(crate) giving_up: CancellationToken,
    pub(crate) task: JoinHandle<Left>,
}

/// What a task leaves behind.
pub(crate) struct Left {
    /// Peer connections that are still open.
    pub(crate) open_connections: usize,
    pub(crate) memory: Memory,
}

/// What is remembered of a remote without a connection: how often it was met above all, which the remote counts, too.
#[derive(Default)]
pub(crate) struct Memory {
    state: Negotiation,
    outsider: Outsider,
}

/// Starts a remote's task.
pub(crate) fn start<F: Factory>(setting: Setting<F>, Memory { state, outsider }: Memory) -> Handle {
    let (inbox, inputs) = mpsc::channel(limits::INBOX_MAX);
    let (noticing, notices) = mpsc::channel(limits::INBOX_MAX);
    let role = Role::between(&setting.own_id, &setting.remote_id);
    let shown = setting.local.borrow().clone();
    let giving_up = CancellationToken::new();
    let remote = Remote {
        setting,
        giving_up: giving_up.clone(),
        role,
        state,
        outsider,
        connection: None,
        orphans: Vec::new(),
        epoch: 0,
        kept: Vec::new(),
        noticing,
        ready_at: None,
        shown,
        name: None,
        open_at: None,
        has_heard: false,
    };
    Handle { inbox, giving_up, task: tokio::spawn(remote.run(inputs, notices)) }
}

struct Remote<F: Factory> {
    setting: Setting<F>,
    giving_up: CancellationToken,
    role: Role,
    state: Negotiation,
    outsider: Outsider,
    connection: Option<F::Connection>,
    /// The number of the connection, so that late notices of an earlier one are told apart.
    epoch: u32,
    /// Connections that a faulty variant lost. They stay open until the task ends.
    orphans: Vec<F::Connection>,
    kept: Vec<Value>,
    noticing: mpsc::Sender<(u32, Notice)>,
    /// When the answer that is due will be ready.
    ready_at: Option<Instant>,
    shown: Local,
    name: Option<String>,
    /// When the data channel counts as open both ways although nothing was heard on it.
    open_at: Option<Instant>,
    /// Whether anything was heard on this connection's data channel.
    has_heard: bool,
}

/// What an event brings along that the negotiation does not look at.
enum Cargo {
    Nothing,
    Payload(Value),
    Source(Source),
}

impl<F: Factory> Remote<F> {
    async fn run(mut self, mut inputs: mpsc::Receiver<Input>, mut notices: mpsc::Receiver<(u32, Notice)>) -> Left {
        let mut local = self.setting.local.clone();
        let giving_up = self.giving_up.clone();
        while !giving_up.is_cancelled() {
            let (ready_at, open_at) = (self.ready_at, self.open_at);
            tokio::select! {
                () = giving_up.cancelled() => {}
                input = inputs.recv() => match input {
                    Some(input) => self.handle(input).await,
                    None => break,
                },
                Some((epoch, notice)) = notices.recv() => {
                    if epoch == self.epoch && self.connection.is_some() {
                        self.notice(notice).await;
                    }
                }
                Ok(()) = local.changed() => {
                    let now = local.borrow_and_update().clone();
                    self.show(now).await;
                }
                () = sleep_until(ready_at.unwrap_or_else(Instant::now)), if ready_at.is_some() => {
                    self.ready_at = None;
                    self.perform(Event::Ready, Cargo::Nothing).await;
                }
                () = sleep_until(open_at.unwrap_or_else(Instant::now)), if open_at.is_some() => {
                    self.open_channel().await;
                }
            }
        }
        if self.state.connection != 0 || self.state.kept > 0 {
            self.perform(Event::Gone, Cargo::Nothing).await;
        }
        // What waits for a remote that is given up is dropped, but the remote counts the meetings in it.
        inputs.close();
        while let Some(input) = inputs.recv().await {
            if matches!(input, Input::Met(_)) {
                self.perform(Event::Met(Side::Outside), Cargo::Nothing).await;
            }
        }
        let open_connections = self.orphans.len() + usize::from(self.connection.is_some());
        for orphan in self.orphans.drain(..) {
            // Nothing depends on it: the task is over, and it was counted.
            bounded(orphan.close()).await.ok();
        }
        Left { open_connections, memory: Memory { state: self.state, outsider: self.outsider } }
    }

    async fn handle(&mut self, input: Input) {
        match input {
            Input::Met(side) => self.perform(Event::Met(side), Cargo::Nothing).await,
            Input::Gone => self.perform(Event::Gone, Cargo::Nothing).await,
            Input::Signal(kind, payload) => self.hear(kind, payload).await,
            Input::Chat(text) => {
                if self.connection.is_some() {
                    self.say(&Saying::Chat { text }).await;
                }
            }
            Input::AddTrack(kind) => {
                let Some(connection) = &mut self.connection else { return };
                match bounded(connection.add_track(kind)).await {
                    Ok(()) => self.perform(Event::ChangeTracks, Cargo::Nothing).await,
                    Err(failure) => self.problem(format!("cannot add a track: {failure}")).await,
                }
            }
            // The application gives the path up, whatever ICE thinks of it.
            Input::RestartIce => {
                if self.connection.is_some() {
                    self.perform(Event::IceFailed, Cargo::Nothing).await;
                }
            }
            Input::Stats => {
                let Some(connection) = &mut self.connection else { return };
                match bounded(connection.stats()).await {
                    Ok(stats) => self.report(|remote| Report::Stats { remote, stats }).await,
                    Err(failure) => self.problem(format!("no statistics: {failure}")).await,
                }
            }
        }
    }

    async fn hear(&mut self, kind: SignalKind, payload: Value) {
        let description = match self.outsider.numbers(kind, &payload, &self.state) {
            Ok(description) => description,
            Err(malformed) => return self.problem(format!("its {} is ignored: {malformed}", kind.event())).await,
        };
        let event = match kind {
            SignalKind::Offer => Event::Offer(description),
            SignalKind::Answer => Event::Answer(description),
            SignalKind::Candidate => Event::Candidate(description),
        };
        self.perform(event, Cargo::Payload(payload)).await;
    }

    async fn notice(&mut self, notice: Notice) {
        match notice {
            // One of a generation that was given up meanwhile belongs to no description any more.
            Notice::Gathered(ice, payload) if ice == self.state.gathering() => {
                self.perform(Event::Gathered, Cargo::Payload(payload)).await;
            }
            Notice::Gathered(..) => {}
            Notice::Ice(IceState::Connected) => self.perform(Event::IceConnected, Cargo::Nothing).await,
            Notice::Ice(IceState::Disconnected) => self.perform(Event::IceDisconnected, Cargo::Nothing).await,
            Notice::Ice(IceState::Failed) => self.perform(Event::IceFailed, Cargo::Nothing).await,
            Notice::State(state) => self.report(|remote| Report::ConnectionState { remote, state }).await,
            Notice::ChannelOpened => self.channel_opened().await,
            Notice::Said(text) => self.hear_text(&text).await,
            Notice::Track(kind) => self.report(|remote| Report::Track { remote, kind }).await,
            Notice::Received(kind, received) => {
                self.report(|remote| Report::Received { remote, kind, received }).await;
            }
            Notice::TracksUnnegotiated => self.perform(Event::ChangeTracks, Cargo::Nothing).await,
            Notice::Problem(message) => self.problem(message).await,
        }
    }

    /// Performs an event. If one of its commands fails, the connection is given up.
    async fn perform(&mut self, event: Event, cargo: Cargo) {
        if let Err(failure) = self.perform_once(event, cargo).await {
            self.problem(failure.0).await;
            if let Err(failure) = self.perform_once(Event::Gone, Cargo::Nothing).await {
                self.problem(failure.0).await;
            }
        }
    }

    async fn perform_once(&mut self, event: Event, cargo: Cargo) -> Result<(), Failure> {
        let mut commands: Vec<Command> = Vec::new();
        self.state = step(self.state, &self.setting.strategy, self.role, event, &mut |command| commands.push(command));
        let mut did = Vec::with_capacity(commands.len());
        let (mut result, mut failed) = (Ok(()), None);
        for command in commands {
            did.push(command.into());
            match self.carry_out(command, &cargo).await {
                Ok(()) => {}
                // A candidate that is not understood costs one path, not the connection.
                Err(failure) if matches!(command, Command::Add(_) | Command::Release) => {
                    self.problem(failure.to_string()).await;
                    failed = Some(failure.to_string());
                }
                Err(failure) => {
                    failed = Some(failure.to_string());
                    result = Err(failure);
                    break;
                }
            }
        }
        let signaling = match &mut self.connection {
            // One that does not tell in time does not tell.
            Some(connection) => bounded(async { Ok(connection.signaling_state().await) }).await.unwrap_or_default(),
            None => None,
        };
        (self.setting.recorder)(Line::Step(Step {
            remote: self.setting.remote_id.clone(),
            event: event.into(),
            did,
            failed,
            signaling: signaling.map(str::to_owned),
        }));
        result
    }

    async fn report(&self, make: impl FnOnce(String) -> Report) {
        // Nobody may be interested any more.
        self.setting.reports.send(make(self.setting.remote_id.clone())).await.ok();
    }

    async fn problem(&self, message: String) {
        self.report(|remote| Report::Problem { remote: Some(remote), message }).await;
    }
}
