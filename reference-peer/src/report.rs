//! What a session tells the application: one line of JSON each.

use serde::Serialize;

use crate::rtc::{MediaKind, Received, Stats};

/// Something that the application may want to know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Report {
    /// The signaling connection is open.
    SignalingConnected {
        /// Our user id.
        user_id: String,
    },
    /// It was lost.
    SignalingLost {
        /// Why.
        reason: String,
    },
    /// It will be tried again after a pause.
    Reconnecting {
        /// Which attempt comes, from 1.
        attempt: u32,
        /// How many there are.
        of: u32,
    },
    /// We are in the room.
    Entered {
        /// The room.
        room_id: String,
        /// Whether we created it.
        created: bool,
        /// Who was in it.
        existing_users: Vec<String>,
    },
    /// Somebody joined.
    UserJoined {
        /// Who.
        user_id: String,
    },
    /// Somebody left.
    UserLeft {
        /// Who.
        user_id: String,
    },
    /// The connection to a remote changed its state (W3C `RTCPeerConnectionState`).
    ConnectionState {
        /// The remote.
        remote: String,
        /// The state.
        state: &'static str,
    },
    /// The data channel to a remote is open.
    ChannelOpened {
        /// The remote.
        remote: String,
    },
    /// A remote says what it is called and what it sends.
    Profile {
        /// The remote.
        remote: String,
        /// Its name.
        name: String,
        /// Whether its microphone is on.
        audio: bool,
        /// Whether its camera, or its screen, is shown.
        video: bool,
    },
    /// A remote wrote something.
    Chat {
        /// The remote.
        remote: String,
        /// Its name, if it told one.
        name: Option<String>,
        /// What it wrote.
        text: String,
    },
    /// A remote sends a track.
    Track {
        /// The remote.
        remote: String,
        /// What.
        kind: MediaKind,
    },
    /// Media arrived, counted since the connection was built.
    Received {
        /// The remote.
        remote: String,
        /// What.
        kind: MediaKind,
        /// How much.
        #[serde(flatten)]
        received: Received,
    },
    /// What was asked for.
    Stats {
        /// The remote.
        remote: String,
        /// The counters.
        #[serde(flatten)]
        stats: Stats,
    },
    /// Something did not work; the session goes on.
    Problem {
        /// The remote concerned, if one is.
        remote: Option<String>,
        /// What, in words.
        message: String,
    },
    /// The session is over. Nothing follows.
    Ended(End),
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum End {
    /// The application left.
    Left,
    /// The host closed the room.
    RoomClosed {
        /// What the server says.
        message: String,
    },
    /// The server refused the room.
    Refused {
        /// What the server says.
        message: String,
    },
    /// No server could be reached, or not any more.
    Unreachable {
        /// Why.
        message: String,
    },
}
