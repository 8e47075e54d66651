//! What a peer did, as lines of JSON: the form in which the model judges it ([`crate::judge`]) and which the browser's peer
//! writes too.
//!
//! The first line says who wrote it. Each following one is a new identity, or one event of the negotiation with one remote and
//! the commands that were carried out for it, in their order.

use glare_model::{
    message::SignalKind,
    negotiation::{Command, Event, Ignored, Side},
};
use serde::{Deserialize, Serialize};

use crate::payload::Numbers;

/// The version of the form.
pub const VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// The first line.
    Peer {
        /// [`VERSION`].
        version: u32,
        /// The strategy's name ([`glare_model::negotiation::Strategy::NAMED`]).
        strategy: String,
        /// Who wrote it, for people.
        implementation: String,
    },
    /// The signaling connection got this user id. Whatever was known of remotes before is void.
    Identity(String),
    /// An event and what was done.
    Step(Step),
    /// The peer closed, and this many of its peer connections were still open.
    Closed {
        /// How many.
        open_connections: usize,
    },
}

/// One event with one remote, and what was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The remote's user id.
    pub remote: String,
    /// What happened.
    pub event: Happened,
    /// What was done, in order.
    pub did: Vec<Did>,
    /// The command that failed, if one did, in the implementation's words; commands after it were not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// The signaling state by the WebRTC implementation's own account, after it all; absent if it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signaling: Option<String>,
}

/// [`Event`] in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the event of the same name")]
pub enum Happened {
    MetResident,
    MetJoiner,
    MetOutside,
    Gone,
    Offer(Numbers),
    Answer(Numbers),
    Candidate(Numbers),
    Ready,
    Gathered,
    ChangeTracks,
    ReplaceTrack,
    IceConnected,
    IceDisconnected,
    IceFailed,
    ChannelOpened,
}

/// [`Command`] in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the command of the same name")]
pub enum Did {
    Build,
    Attach,
    AddTracks,
    Close,
    Orphan,
    Rollback,
    ApplyOffer(Numbers),
    ApplyAnswer(Numbers),
    Prepare,
    Restart,
    SendOffer(Numbers),
    SendAnswer(Numbers),
    SendCandidate(Numbers),
    Add(Numbers),
    Keep(Numbers),
    Release,
    Discard,
    Replace,
    Fail,
    IgnoreStale,
    IgnoreLostGlare,
    IgnoreNotOutstanding,
    IgnoreSuperseded,
    IgnoreTooMany,
    IgnoreNoConnection,
}

impl From<Event> for Happened {
    fn from(event: Event) -> Self {
        match event {
            Event::Met(Side::Resident) => Self::MetResident,
            Event::Met(Side::Joiner) => Self::MetJoiner,
            Event::Met(Side::Outside) => Self::MetOutside,
            Event::Gone => Self::Gone,
            Event::Offer(it) => Self::Offer(it.into()),
            Event::Answer(it) => Self::Answer(it.into()),
            Event::Candidate(it) => Self::Candidate(it.into()),
            Event::Ready => Self::Ready,
            Event::Gathered => Self::Gathered,
            Event::ChangeTracks => Self::ChangeTracks,
            Event::ReplaceTrack => Self::ReplaceTrack,
            Event::IceConnected => Self::IceConnected,
            Event::IceDisconnected => Self::IceDisconnected,
            Event::IceFailed => Self::IceFailed,
            Event::ChannelOpened => Self::ChannelOpened,
        }
    }
}

impl From<Happened> for Event {
    fn from(happened: Happened) -> Self {
        match happened {
            Happened::MetResident => Self::Met(Side::Resident),
            Happened::MetJoiner => Self::Met(Side::Joiner),
            Happened::MetOutside => Self::Met(Side::Outside),
            Happened::Gone => Self::Gone,
            Happened::Offer(it) => Self::Offer(it.into()),
            Happened::Answer(it) => Self::Answer(it.into()),
            Happened::Candidate(it) => Self::Candidate(it.into()),
            Happened::Ready => Self::Ready,
            Happened::Gathered => Self::Gathered,
            Happened::ChangeTracks => Self::ChangeTracks,
            Happened::ReplaceTrack => Self::ReplaceTrack,
            Happened::IceConnected => Self::IceConnected,
            Happened::IceDisconnected => Self::IceDisconnected,
            Happened::IceFailed => Self::IceFailed,
            Happened::ChannelOpened => Self::ChannelOpened,
        }
    }
}

impl From<Command> for Did {
    fn from(command: Command) -> Self {
        match command {
            Command::Build => Self::Build,
            Command::Attach => Self::Attach,
            Command::AddTracks => Self::AddTracks,
            Command::Close => Self::Close,
            Command::Orphan => Self::Orphan,
            Command::Rollback => Self::Rollback,
            Command::Apply(SignalKind::Offer, it) => Self::ApplyOffer(it.into()),
            Command::Apply(SignalKind::Answer | SignalKind::Candidate, it) => Self::ApplyAnswer(it.into()),
            Command::Prepare => Self::Prepare,
            Command::Restart => Self::Restart,
            Command::Send(SignalKind::Offer, it) => Self::SendOffer(it.into()),
            Command::Send(SignalKind::Answer, it) => Self::SendAnswer(it.into()),
            Command::Send(SignalKind::Candidate, it) => Self::SendCandidate(it.into()),
            Command::Add(it) => Self::Add(it.into()),
            Command::Keep(it) => Self::Keep(it.into()),
            Command::Release => Self::Release,
            Command::Discard => Self::Discard,
            Command::Replace => Self::Replace,
            Command::Fail(..) => Self::Fail,
            Command::Ignore(Ignored::Stale) => Self::IgnoreStale,
            Command::Ignore(Ignored::LostGlare) => Self::IgnoreLostGlare,
            Command::Ignore(Ignored::NotOutstanding) => Self::IgnoreNotOutstanding,
            Command::Ignore(Ignored::Superseded) => Self::IgnoreSuperseded,
            Command::Ignore(Ignored::TooMany) => Self::IgnoreTooMany,
            Command::Ignore(Ignored::NoConnection) => Self::IgnoreNoConnection,
        }
    }
}
