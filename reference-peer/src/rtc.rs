//! What the shell needs of a WebRTC implementation. [`crate::native`] is the real one; tests have a strict fake.
//!
//! Each method is one command of the negotiation. Whatever happens by itself is told by [`Notices`].

use glare_model::message::SignalKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{limits, local::Local};

/// A call of the WebRTC implementation failed, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// A call of the WebRTC implementation, which is not waited for for ever.
pub(crate) async fn bounded<T>(call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = |_elapsed| Failure(format!("no answer within {} s", limits::CALL_TIMEOUT.as_secs()));
    timeout(limits::CALL_TIMEOUT, call).await.map_err(late)?
}

/// Builds peer connections.
pub trait Factory: Send + Sync + 'static {
    /// What it builds.
    type Connection: Connection;

    /// Builds a peer connection to a remote. `local` says what is shown, now and later.
    fn build(
        &self,
        remote: &str,
        local: watch::Receiver<Local>,
        notices: Notices,
    ) -> impl Future<Output = Result<Self::Connection, Failure>> + Send;
}

/// One peer connection, with the data channel of [`crate::limits::CHANNEL_ID`].
pub trait Connection: Send + Sync + 'static {
    /// Puts the handlers in place; before, nothing is noticed.
    fn attach(&mut self);
    /// Adds the local tracks.
    fn add_tracks(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Makes an offer or answer and applies it locally. `ice` is its ICE generation: candidates that are found from now on
    /// are noticed with it.
    fn make(&mut self, kind: SignalKind, ice: u32) -> impl Future<Output = Result<Value, Failure>> + Send;
    /// Applies a remote offer or answer.
    fn apply(&mut self, payload: &Value) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Adds a remote candidate.
    fn add(&mut self, payload: &Value) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Rolls the own offer back.
    fn rollback(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Restarts ICE with the next offer.
    fn restart(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Puts another source into the place of the video track's.
    fn replace(&mut self, source: Source) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Adds one more track of a kind.
    fn add_track(&mut self, kind: MediaKind) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Says something on the data channel.
    fn say(&mut self, text: &str) -> impl Future<Output = Result<(), Failure>> + Send;
    /// What the implementation counts.
    fn stats(&mut self) -> impl Future<Output = Result<Stats, Failure>> + Send;
    /// The signaling state by the implementation's own account, in JSEP's words; `None` if it does not tell.
    fn signaling_state(&mut self) -> impl Future<Output = Option<&'static str>> + Send;
    /// Closes the connection, and waits until nothing of it is left.
    fn close(self) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Audio or video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

/// What the video track shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The camera.
    #[default]
    Camera,
    /// The screen.
    Screen,
}

/// Counters of one connection (W3C webrtc-stats), added up over its streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// Payload bytes sent.
    pub bytes_sent: u64,
    /// Payload bytes received.
    pub bytes_received: u64,
    /// RTP packets that were lost on the way to us, as far as is known.
    pub packets_lost: i64,
    /// The round-trip time of the path in use, in microseconds; 0 if it was not measured.
    pub round_trip_us: u64,
}

/// Media of one kind that arrived from a remote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// RTP packets.
    pub packets: u64,
    /// Key frames whose size could be read; video only.
    pub key_frames: u64,
    /// The size of the last of them, width and height in pixels.
    pub size: Option<(u16, u16)>,
}

/// Something that happens on a connection by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The ICE agent found a candidate, of this generation.
    Gathered(u32, Value),
    /// The ICE connection changed its state.
    Ice(IceState),
    /// The connection as a whole changed its state (W3C `RTCPeerConnectionState`).
    State(&'static str),
    /// The data channel opened.
    ChannelOpened,
    /// A text came on the data channel.
    Said(String),
    /// The remote sends a track.
    Track(MediaKind),
    /// Media arrived.
    Received(MediaKind, Received),
    /// Tracks were added that the descriptions in force do not carry.
    TracksUnnegotiated,
    /// Something went wrong that no event of the negotiation stands for, in words for people.
    Problem(String),
}

/// ICE's states, as far as the negotiation looks at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceState {
    /// A pair of candidates works.
    Connected,
    /// It stopped working, and may recover.
    Disconnected,
    /// It will not recover by itself.
    Failed,
}

/// Where a connection puts its notices. It never waits: an implementation's own tasks are not to be held up.
#[derive(Clone, Debug)]
pub struct Notices {
    epoch: u32,
    sender: mpsc::Sender<(u32, Notice)>,
}

impl Notices {
    /// Notices of the connection number `epoch`.
    #[must_use]
    pub fn new(epoch: u32, sender: mpsc::Sender<(u32, Notice)>) -> Self {
        Self { epoch, sender }
    }

    /// Puts a notice. One that finds no room, or nobody who listens, is lost; the queue holds
    /// [`crate::limits::INBOX_MAX`].
    pub fn put(&self, notice: Notice) {
        self.sender.try_send((self.epoch, notice)).ok();
    }
}
