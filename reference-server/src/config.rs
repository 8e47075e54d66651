//! What can be set.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use glare_model::room::RoomRules;

use crate::{limits, outbox::OutboxLimits};

/// What a server is started with. The defaults are those of `glare-server` and of npm `socket.io`, save that
/// [`Config::listen`] is a free port of the loopback interface.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// How often a client is pinged.
    pub ping_interval: Duration,
    /// How much longer than [`Config::ping_interval`] a client may stay silent (ROOM-13).
    pub ping_timeout: Duration,
    /// How long an Engine.IO connection may stay outside the namespace.
    pub connect_timeout: Duration,
    /// The most connections of the protocol; a further one is answered with 503.
    pub connections_max: usize,
    /// What may wait for one reader (ERR-08).
    pub outbox: OutboxLimits,
    /// How long a write may make no way before its connection counts as dead (ERR-08).
    pub write_timeout: Duration,
    /// How long a shutdown waits for clients before it cuts them off.
    pub grace: Duration,
    /// Which variant of the protocol is served; [`RoomRules::REFERENCE`] is docs/protocol.md.
    pub rules: RoomRules,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            ping_interval: limits::PING_INTERVAL,
            ping_timeout: limits::PING_TIMEOUT,
            connect_timeout: limits::CONNECT_TIMEOUT,
            connections_max: limits::CONNECTIONS_MAX,
            outbox: OutboxLimits { bytes_max: limits::OUTBOX_BYTES_MAX, messages_max: limits::OUTBOX_MESSAGES_MAX },
            write_timeout: limits::WRITE_TIMEOUT,
            grace: limits::GRACE,
            rules: RoomRules::REFERENCE,
        }
    }
}

impl Config {
    /// The same with durations that timers can keep: none of zero, which would never rest, and none beyond the clock's
    /// reach.
    pub(crate) fn bounded(self) -> Self {
        let bounded = |duration: Duration| duration.clamp(limits::DURATION_MIN, limits::DURATION_MAX);
        Self {
            ping_interval: bounded(self.ping_interval),
            ping_timeout: bounded(self.ping_timeout),
            connect_timeout: bounded(self.connect_timeout),
            write_timeout: bounded(self.write_timeout),
            grace: bounded(self.grace),
            ..self
        }
    }

    /// The longest silence of a client that is not taken for its end.
    pub(crate) fn silence_max(&self) -> Duration {
        self.ping_interval + self.ping_timeout
    }

    /// The heartbeat as both wires announce it: interval and timeout in milliseconds.
    pub(crate) fn heartbeat_ms(&self) -> (u64, u64) {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        (ms(self.ping_interval), ms(self.ping_timeout))
    }
}
