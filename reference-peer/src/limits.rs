//! Every bound of the shell, in one place. The protocol's own bounds are in [`glare_model::limits`].

use std::time::Duration;

/// How often a lost signaling connection is tried again before the session ends (tutorial's client: five times).
pub const RECONNECT_ATTEMPTS: u32 = 5;

/// The pause before each of these attempts.
pub const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// How long opening a signaling connection may take, handshakes included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the ack of a request may take.
pub const ACK_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a room is asked for in other words: `create-room` after "no such room", `join-room` after "it exists".
pub const ENTER_ATTEMPTS: u32 = 8;

/// The heartbeat that is assumed of a server that names none: npm `socket.io`'s interval plus its timeout.
pub const SILENCE_DEFAULT: Duration = Duration::from_secs(45);

/// The longest heartbeat that is believed.
pub const SILENCE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the farewell on a signaling connection may take.
pub const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);

/// Messages that wait to be sent to the server.
pub const OUTGOING_MAX: usize = 1024;

/// Messages of the server that wait to be handled.
pub const INCOMING_MAX: usize = 1024;

/// What waits for one remote: signals, notices of its connection, wishes.
pub const INBOX_MAX: usize = 1024;

/// What the application did not read yet. Beyond it a session waits for the application.
pub const REPORTS_MAX: usize = 4096;

/// Wishes of the application that wait.
pub const WISHES_MAX: usize = 64;

/// Members and former members of a room that a session remembers. A former one is remembered for its meeting number.
pub const REMOTES_MAX: usize = 512;

/// The id of the data channel that both ends open (RFC 8832 allows up to 65,534; browsers have 1,024 streams). Channels
/// that are opened in-band take the lowest free ids, so that this one stays out of their way.
pub const CHANNEL_ID: u16 = 100;

/// How long an open data channel waits for a first word of the other end before it is written to all the same.
pub const CHANNEL_GRACE: Duration = Duration::from_millis(500);

/// The longest text on the data channel, in bytes: what every implementation takes in one message.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// ICE generations and connections that are told apart of a remote that does not number its descriptions.
pub const OUTSIDER_MARKS_MAX: usize = 64;

/// How long one call of the WebRTC library may take. Candidates of a dead STUN server do not count: they trickle.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// Packets of the synthetic audio: 20 ms each.
pub const AUDIO_PERIOD: Duration = Duration::from_millis(20);

/// Audio packets between two frames of the synthetic video: ten frames a second.
pub const AUDIO_PERIODS_PER_FRAME: u32 = 5;

/// The payload of one RTP packet: below every usual path MTU with all headers.
pub const RTP_PAYLOAD_BYTES_MAX: usize = 1100;

/// The pause between two requests for a key frame by a peer that echoes.
pub const KEY_FRAME_PERIOD: Duration = Duration::from_secs(2);

/// How often what was received is reported, while it changes.
pub const RECEIVED_PERIOD: Duration = Duration::from_secs(1);

/// The longest line of a trace that is read, in bytes.
pub const TRACE_LINE_BYTES_MAX: usize = 1 << 20;

/// Lines of one trace that are read.
pub const TRACE_LINES_MAX: usize = 1_000_000;

/// The pause between two connectivity checks of webrtc-rs. Its own 200 ms make every connection wait.
pub const ICE_CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Checks of one pair of candidates before it is given up: ten seconds' worth.
pub const ICE_CHECKS_MAX: u16 = 500;

/// The longest frame of a test picture, in bytes.
pub const PATTERN_FRAME_BYTES_MAX: usize = 64 * 1024;

/// How long a program under test may take to start and to join its room: a browser takes its time.
pub const EXAMINE_JOIN_PATIENCE: Duration = Duration::from_secs(30);

/// How long a peer under test may take to connect, or to leave.
pub const EXAMINE_PATIENCE: Duration = Duration::from_secs(15);

/// How long its offer is waited for, where it need not make one, and an address of it.
pub const EXAMINE_OFFER_PATIENCE: Duration = Duration::from_secs(3);

/// How long it has to show that it applied what it must not apply. It decides nothing: if nothing shows, the case goes on, and
/// the connection that has to come decides.
pub const EXAMINE_EFFECT_PATIENCE: Duration = Duration::from_secs(1);

/// How long it may take to try the only candidate that it has.
pub const EXAMINE_CHECK_PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take to close a connection that it has to close.
pub const EXAMINE_CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take to end when it was asked to, after its case, before it is killed.
pub const EXAMINE_STOP_PATIENCE: Duration = Duration::from_secs(3);

/// How many times as long a case waits when it is played again, because something had not happened in time: a verdict by time is
/// not given on one measurement.
pub const EXAMINE_AGAIN_FACTOR: u32 = 4;

/// The pause between two looks at a socket that has to be closed.
pub const EXAMINE_PROBE_PERIOD: Duration = Duration::from_millis(10);

/// Connections that are opened until the server gives an id on the wanted side of the peer's.
pub const EXAMINE_IDS_MAX: usize = 200;

/// As much of what a program under test wrote last is kept.
pub const EXAMINE_TAIL_BYTES_MAX: usize = 16 << 10;

/// Lines of it that are shown of one that did not start or join.
pub const EXAMINE_TAIL_LINES_MAX: usize = 20;

/// Lines of it that are shown of a case that failed.
pub const EXAMINE_SHOWN_LINES_MAX: usize = 6;

/// The longest datagram that a played candidate reads.
pub const EXAMINE_DATAGRAM_BYTES_MAX: usize = 2048;
