//! Every bound of the shell, in one place. The protocol's own bounds are in [`glare_model::limits`].

use std::time::Duration;

/// The heartbeat of npm `socket.io`, so that clients which know its defaults feel at home.
pub const PING_INTERVAL: Duration = Duration::from_secs(25);

/// See [`PING_INTERVAL`].
pub const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long an Engine.IO connection may stay outside the namespace (npm `socket.io`'s `connectTimeout`).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(45);

/// How long a probing WebSocket may take to complete its upgrade (npm `engine.io`'s `upgradeTimeout`).
pub const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections in the sense of the protocol: Engine.IO sessions and JSON WebSockets.
pub const CONNECTIONS_MAX: usize = 10_000;

/// TCP connections that speak HTTP, for each connection of the protocol: a polling client uses two at a time.
pub const HTTP_CONNECTIONS_PER_CONNECTION: usize = 2;

/// TCP connections that speak HTTP beyond those of clients: health checks, handshakes that will be refused.
pub const HTTP_CONNECTIONS_SPARE: usize = 64;

/// What may wait for one reader, in bytes. A healthy reader's burst of descriptions fits many times.
pub const OUTBOX_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What may wait for one reader, in messages.
pub const OUTBOX_MESSAGES_MAX: usize = 16_384;

/// What a queued message costs beside its text; without it, a million tiny messages would count as little.
pub const OUTBOX_MESSAGE_OVERHEAD_BYTES: usize = 64;

/// What is handed from a queue to a WebSocket at once. Beyond it the queue's own accounting holds.
pub const WRITE_BATCH_BYTES: usize = 64 * 1024;

/// How long a write may make no way before its connection counts as dead.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long sent bytes may stay unacknowledged before the kernel gives the connection up (`TCP_USER_TIMEOUT`).
pub const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);

/// The read buffer of a WebSocket. The library's default is 128 KiB, for each of many silent connections.
pub const READ_BUFFER_BYTES: usize = 2 * 1024;

/// The buffer of an HTTP connection, and so the largest request head.
pub const HTTP_BUFFER_BYTES: usize = 32 * 1024;

/// How long a request's head may take to arrive, the idle time before it included.
pub const HTTP_HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a request's body may take to arrive.
pub const HTTP_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a shutdown waits for clients before it cuts them off.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long a closed WebSocket is read on, so that the peer gets to see why it was closed.
pub const LINGER: Duration = Duration::from_secs(2);

/// How much of a closed WebSocket is read on.
pub const LINGER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The pause after the system refused to accept (out of file descriptors): others have to end first.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A close frame's reason: a control frame has 125 bytes, two of them for the code (RFC 6455, section 5.5).
pub const CLOSE_REASON_BYTES_MAX: usize = 123;

/// The shortest duration that can be configured.
pub const DURATION_MIN: Duration = Duration::from_millis(1);

/// The longest duration that can be configured: as good as for ever.
pub const DURATION_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);
