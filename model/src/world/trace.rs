//! A run told as lines between lanes, for any renderer: who sent what, what was served and delivered, and what came of it.

use super::{
    Fact, Facts, IceAction, World,
    packed::{Downward, Refused, Upward},
    state::sessions,
};
use crate::{
    message::{RequestKind, SignalKind, Target},
    negotiation::{Command, Description, Ignored, Role},
};

/// A participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// A peer, numbered from 0.
    Peer(u8),
    /// The server.
    Server,
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A participant puts a message on its way.
    Send {
        /// Who.
        by: Lane,
        /// What.
        text: String,
    },
    /// A message arrives and is handled.
    Arrow {
        /// Whose message.
        from: Lane,
        /// Who handles it.
        to: Lane,
        /// What.
        text: String,
    },
    /// Something that a participant does or is.
    Note {
        /// Who.
        at: Lane,
        /// What.
        text: String,
    },
}

/// What one action brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The number of peers.
    pub peers: u8,
    /// The number of actions, those that are repeated once.
    pub length: usize,
    /// What happened, without the steps that the next one tells.
    pub steps: Vec<TraceStep>,
    /// What comes then.
    pub then: Outlook,
    /// What is wrong with the final state, if a state and not a step is at fault; or what never comes true.
    pub conclusion: Vec<Line>,
}

/// What comes after the last step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// Whatever does: what has happened is wrong already.
    Open,
    /// Nothing, unless somebody acts.
    Stillness,
    /// These steps, for ever.
    Repetition(Vec<TraceStep>),
}

impl Trace {
    /// Makes a trace of replayed steps. A message that is handled in the very next step is told once, as an arrow.
    #[must_use]
    pub(super) fn of(peers: u8, mut steps: Vec<TraceStep>, mut then: Outlook, conclusion: Vec<Line>) -> Self {
        let mut length = steps.len();
        tell_once(&mut steps);
        if let Outlook::Repetition(round) = &mut then {
            length += round.len();
            tell_once(round);
        }
        Self { peers, length, steps, then, conclusion }
    }

    /// The steps that are repeated for ever; none if nothing is.
    #[must_use]
    pub fn repeated(&self) -> &[TraceStep] {
        match &self.then {
            Outlook::Repetition(round) => round,
            Outlook::Open | Outlook::Stillness => &[],
        }
    }

    /// All lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.steps.iter().chain(self.repeated()).flat_map(|step| &step.lines).chain(&self.conclusion)
    }

    /// Whether a participant does or suffers anything.
    #[must_use]
    pub fn involves(&self, lane: Lane) -> bool {
        self.lines().any(|line| match line {
            Line::Send { by, .. } => *by == lane,
            Line::Arrow { from, to, .. } => *from == lane || *to == lane,
            Line::Note { at, .. } => *at == lane,
        })
    }
}

fn tell_once(steps: &mut Vec<TraceStep>) {
    for place in 1..steps.len() {
        let (earlier, later) = steps.split_at_mut(place);
        let Some(Line::Arrow { from, text, .. }) = later[0].lines.first() else { continue };
        earlier[place - 1]
            .lines
            .retain(|line| !matches!(line, Line::Send { by, text: sent } if by == from && sent == text));
    }
    steps.retain(|step| !step.lines.is_empty());
}

/// Looks on while a step happens. The search wants facts only, and pays for nothing else.
pub(super) trait Watch {
    fn fact(&mut self, fact: Fact);
    fn line(&mut self, line: impl FnOnce() -> Line);

    fn fact_if(&mut self, condition: bool, fact: Fact) {
        if condition {
            self.fact(fact);
        }
    }

    /// A fact that deserves words.
    fn finding(&mut self, fact: Fact, at: Lane, text: impl FnOnce() -> String) {
        self.fact(fact);
        self.note(at, text);
    }

    fn note(&mut self, at: Lane, text: impl FnOnce() -> String) {
        self.line(|| Line::Note { at, text: text() });
    }

    fn send<const P: usize>(&mut self, session: u8, text: impl FnOnce() -> String) {
        self.line(|| Line::Send { by: lane::<P>(session), text: text() });
    }

    fn arrow_up<const P: usize>(&mut self, session: u8, text: impl FnOnce() -> String) {
        self.line(|| Line::Arrow { from: lane::<P>(session), to: Lane::Server, text: text() });
    }

    fn arrow_down<const P: usize>(&mut self, session: u8, text: impl FnOnce() -> String) {
        self.line(|| Line::Arrow { from: Lane::Server, to: lane::<P>(session), text: text() });
    }

    fn command<const P: usize>(&mut self, own: u8, remote: u8, command: Command) {
        // What is sent is told by its own line, and what every connection gets is no news.
        if matches!(command, Command::Send(..) | Command::Attach | Command::AddTracks | Command::Prepare) {
            return;
        }
        self.note(lane::<P>(own), || command_text::<P>(own, remote, command));
    }
}

impl Watch for Facts {
    fn fact(&mut self, fact: Fact) {
        self.add(fact);
    }

    fn line(&mut self, _: impl FnOnce() -> Line) {}
}

/// Writes the lines down.
#[derive(Default)]
pub(super) struct Recorder<'a> {
    pub(super) lines: Vec<Line>,
    /// The facts whose findings are wanted; all if none.
    pub(super) only: Option<&'a [Fact]>,
}

impl Watch for Recorder<'_> {
    fn fact(&mut self, _: Fact) {}

    fn finding(&mut self, fact: Fact, at: Lane, text: impl FnOnce() -> String) {
        if self.only.is_none_or(|wanted| wanted.contains(&fact)) {
            self.note(at, text);
        }
    }

    fn line(&mut self, line: impl FnOnce() -> Line) {
        self.lines.push(line());
    }
}

impl<const P: usize, const S: usize> World<P, S> {
    pub(super) fn lane(peer: u8) -> Lane {
        Lane::Peer(peer)
    }
}

fn lane<const P: usize>(session: u8) -> Lane {
    Lane::Peer(session % P as u8)
}

/// `A`, `B` and so on, with a stroke for each reconnect.
pub(super) fn session_name<const P: usize>(session: u8) -> String {
    let letter = char::from(b'A' + session % P as u8);
    format!("{letter}{}", "'".repeat(usize::from(session) / P))
}

/// `r1`, `r2` and so on.
pub(super) fn room_name(room: u8) -> String {
    format!("r{}", room + 1)
}

/// The rooms of a set of bits: `r1`, `r1 and r3`.
pub(super) fn room_names(rooms: u8) -> String {
    let names: Vec<_> = sessions(rooms).map(room_name).collect();
    names.join(" and ")
}

impl Upward {
    pub(super) fn text<const P: usize>(self, by: u8) -> String {
        match self {
            Self::Request(RequestKind::Create, room) => format!("create-room {}", room_name(room)),
            Self::Request(RequestKind::Join, room) => format!("join-room {}", room_name(room)),
            Self::RequestWithoutAck => "create-room \"\" without ack callback".into(),
            Self::InvalidRequest(RequestKind::Create) => "create-room \"\"".into(),
            Self::InvalidRequest(RequestKind::Join) => "join-room \"\"".into(),
            Self::Leave => "leave-room".into(),
            Self::LeaveOne(room) => format!("leave-room {}", room_name(room)),
            Self::Signal(kind, target, description) => {
                let (to, target) = match target {
                    Target::User(session) => (session, session_name::<P>(session)),
                    // Only candidates go there, and those name no description.
                    Target::Room(room) => (by, format!("\"{}\"", room_name(room))),
                    Target::Unknown => (by, "nobody".into()),
                    Target::Member(session, room) => {
                        (session, format!("{} in {}", session_name::<P>(session), room_name(room)))
                    }
                };
                let signal = signal_text::<P>(kind, by, to, description);
                // An answer names its target already.
                if kind == SignalKind::Answer { signal } else { format!("{signal} to {target}") }
            }
        }
    }
}

impl Downward {
    pub(super) fn text<const P: usize>(self, to: u8) -> String {
        match self {
            Self::Created(room) => format!("ack: {}", room_name(room)),
            Self::Joined(room, users) => {
                let users: Vec<_> = sessions(users).map(session_name::<P>).collect();
                format!("ack: {}, users [{}]", room_name(room), users.join(","))
            }
            Self::Refused(refused) => format!("ack: refused, {}", refused.text()),
            Self::UserJoined(session) => format!("user-joined {}", session_name::<P>(session)),
            Self::UserLeft(session) => format!("user-left {}", session_name::<P>(session)),
            Self::Entered(room, session) => {
                format!("user-joined {} in {}", session_name::<P>(session), room_name(room))
            }
            Self::Departed(room, session) => format!("user-left {} in {}", session_name::<P>(session), room_name(room)),
            Self::RoomClosed => "room-closed".into(),
            Self::HostChanged(session) => format!("host-changed {}", session_name::<P>(session)),
            Self::Signal(kind, from, description) => {
                let signal = signal_text::<P>(kind, from, to, description);
                // A description bears its maker's name already.
                if kind == SignalKind::Candidate {
                    format!("{signal} from {}", session_name::<P>(from))
                } else {
                    signal
                }
            }
            Self::Error(kind) => format!("error: {} undeliverable", kind_text(kind)),
        }
    }
}

impl Refused {
    fn text(self) -> &'static str {
        match self {
            Self::InvalidRoomId => "invalid room id",
            Self::AlreadyInRoom => "already in a room",
            Self::RoomExists => "room exists",
            Self::RoomNotFound => "room not found",
            Self::RoomFull => "room full",
        }
    }
}

fn kind_text(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate => "ice-candidate",
    }
}

/// What ICE did at one end, in words.
pub(super) fn ice_text<const P: usize>(remote: u8, ice: IceAction) -> String {
    let remote = session_name::<P>(remote);
    match ice {
        IceAction::Connect => format!("ICE to {remote}: connected"),
        IceAction::Disconnect => format!("ICE to {remote}: disconnected"),
        IceAction::Fail => format!("ICE to {remote}: failed"),
        IceAction::OpenChannel => format!("data channel to {remote}: open"),
    }
}

/// A description is named after its maker: `offer A1`, `answer B1 (to A1)`. A candidate names the description that
/// introduced its ICE generation: `candidate of A1`.
fn signal_text<const P: usize>(kind: SignalKind, by: u8, to: u8, description: Description) -> String {
    let (by, to) = (session_name::<P>(by), session_name::<P>(to));
    match kind {
        SignalKind::Offer => format!("offer {by}{}", description.number),
        SignalKind::Answer => format!("answer {by}{} (for {to}{})", description.number, description.answers),
        SignalKind::Candidate if description.ice == 0 => "ice-candidate".into(),
        SignalKind::Candidate => format!("ice-candidate of {by}{}", description.ice),
    }
}

fn command_text<const P: usize>(own: u8, remote: u8, command: Command) -> String {
    let name = session_name::<P>(remote);
    match command {
        Command::Build => format!("builds a connection to {name}"),
        Command::Close => format!("closes its connection to {name}"),
        Command::Orphan => format!("loses hold of its live connection to {name}"),
        Command::Rollback => "polite: rolls its own offer back".into(),
        Command::Apply(kind, description) => format!("applies {}", signal_text::<P>(kind, remote, own, description)),
        Command::Restart => "restarts ICE".into(),
        Command::Add(candidate) => {
            format!("adds {}", signal_text::<P>(SignalKind::Candidate, remote, own, candidate))
        }
        Command::Keep(_) => "keeps it until its description arrives".into(),
        Command::Release => "adds the candidates that it kept".into(),
        Command::Discard => "forgets the candidates that it kept".into(),
        Command::Replace => "replaces the source of a track".into(),
        Command::Fail(SignalKind::Candidate, _) => "error: remote description is not set".into(),
        Command::Fail(kind, description) => {
            let signal = signal_text::<P>(kind, remote, own, description);
            format!("InvalidStateError: {signal} finds no offer that waits")
        }
        Command::Ignore(Ignored::Stale) => "ignores it: of an earlier meeting".into(),
        Command::Ignore(Ignored::LostGlare) => {
            let role = if Role::between(&own, &remote) == Role::Impolite { "impolite: " } else { "" };
            format!("{role}ignores it, its own offer stands")
        }
        Command::Ignore(Ignored::NotOutstanding) => "ignores it: answers no offer that waits".into(),
        Command::Ignore(Ignored::Superseded) => "ignores it: of a description that was replaced".into(),
        Command::Ignore(Ignored::TooMany) => "ignores it: it keeps too many already".into(),
        Command::Ignore(Ignored::NoConnection) => "ignores it: there is no connection".into(),
        Command::Attach | Command::AddTracks | Command::Prepare | Command::Send(..) => String::new(),
    }
}
