//! Why connections end.

use std::fmt;

use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, coding::CloseCode};

use crate::limits::CLOSE_REASON_BYTES_MAX;

/// Why a connection ended. Whatever it is, the rules see one disconnect (ROOM-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The client closed in the manner of its transport.
    Closed,
    /// The transport broke, or ended without a word.
    Lost(String),
    /// The client sent something that is no frame of its wire (ERR-06).
    Broken(String),
    /// The client sent a binary frame; both wires are text.
    Binary,
    /// The client sent a message over the limit.
    TooLarge,
    /// The client broke the rules of WebSocket itself.
    WebSocketFault(String),
    /// Nothing arrived for the ping interval plus the ping timeout (ROOM-13).
    Silent,
    /// An Engine.IO connection that did not enter the namespace in time.
    NeverConnected,
    /// The client reads so slowly that its queue overflowed (ERR-08).
    Overflow,
    /// A write made no way for too long (ERR-08).
    WriteTimeout,
    /// The server shuts down.
    Shutdown,
}

impl Ending {
    /// The close frame that tells a WebSocket's peer; none where nobody would read it, or where the peer closed first.
    pub(crate) fn close_frame(&self) -> Option<CloseFrame> {
        let code = match self {
            Self::Closed | Self::Lost(_) | Self::Overflow | Self::WriteTimeout => return None,
            Self::Broken(_) => CloseCode::Invalid,
            Self::Binary | Self::Silent | Self::NeverConnected => CloseCode::Policy,
            Self::TooLarge => CloseCode::Size,
            Self::WebSocketFault(_) => CloseCode::Protocol,
            Self::Shutdown => CloseCode::Away,
        };
        let mut reason = self.to_string();
        while reason.len() > CLOSE_REASON_BYTES_MAX {
            reason.pop();
        }
        Some(CloseFrame { code, reason: reason.into() })
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by the client"),
            Self::Lost(why) => write!(f, "transport lost: {why}"),
            Self::Broken(why) => f.write_str(why),
            Self::Binary => f.write_str("binary frames are not part of this wire"),
            Self::TooLarge => f.write_str("message too large"),
            Self::WebSocketFault(why) => write!(f, "not WebSocket: {why}"),
            Self::Silent => f.write_str("ping timeout"),
            Self::NeverConnected => f.write_str("connect timeout: in no namespace"),
            Self::Overflow => f.write_str("reads too slowly: queue overflow"),
            Self::WriteTimeout => f.write_str("reads too slowly: write timeout"),
            Self::Shutdown => f.write_str("the server is shutting down"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let frame = Ending::Broken("é".repeat(100)).close_frame().unwrap();
        assert_eq!(frame.reason.as_str(), "é".repeat(CLOSE_REASON_BYTES_MAX / 2));
    }
}
