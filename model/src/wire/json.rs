//! The JSON wire: one object a WebSocket text frame.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{BrokenFrame, Encoded, EventFrame};
use crate::limits::ACK_ID_MAX;

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    event: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    ack: Option<u64>,
}

/// A client's frame, read. Borrow it with [`ClientFrame::event`].
pub struct ClientFrame<'a>(Frame<'a>);

impl<'a> ClientFrame<'a> {
    /// Reads a text frame.
    ///
    /// # Errors
    /// [`BrokenFrame`] if it is no object with a string `event` and, where present, a whole number `ack` in range.
    pub fn parse(text: &'a str) -> Result<Self, BrokenFrame> {
        if !text.trim_start().starts_with('{') {
            return Err(BrokenFrame("expected one JSON object".to_owned()));
        }
        let frame: Frame<'a> = serde_json::from_str(text).map_err(|error| BrokenFrame(error.to_string()))?;
        match frame.ack {
            Some(ack) if ack > ACK_ID_MAX => Err(BrokenFrame(format!("`ack` is over {ACK_ID_MAX}"))),
            _ => Ok(Self(frame)),
        }
    }

    /// The frame's event.
    #[must_use]
    pub fn event(&self) -> EventFrame<'_> {
        EventFrame { event: &self.0.event, data: self.0.data, ack: self.0.ack }
    }
}

/// The server's first frame.
#[must_use]
pub fn connected(user_id: &str, ping_interval_ms: u64, ping_timeout_ms: u64) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Connected<'a> {
        user_id: &'a str,
        ping_interval: u64,
        ping_timeout: u64,
    }
    let data = Connected { user_id, ping_interval: ping_interval_ms, ping_timeout: ping_timeout_ms };
    let data = serde_json::to_string(&data).expect("strings and numbers always serialise");
    format!("{{\"event\":\"connected\",\"data\":{data}}}")
}

/// Puts a server's message into a frame. `ack` is the number of the request that is being answered.
#[must_use]
pub fn frame(encoded: &Encoded, ack: Option<u64>) -> Option<String> {
    match (encoded, ack) {
        (Encoded::Event(event, data), _) => Some(format!("{{\"event\":\"{event}\",\"data\":{data}}}")),
        (Encoded::Ack(data), Some(ack)) => Some(format!("{{\"event\":\"ack\",\"ack\":{ack},\"data\":{data}}}")),
        (Encoded::Ack(_), None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_with_an_event_is_broken() {
        for text in
            ["", "null", "[]", "[\"create-room\"]", "{}", "{\"event\":1}", "{\"event\":\"x\"", "{\"event\":\"x\"}x"]
        {
            assert!(ClientFrame::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_ack_that_is_no_whole_number_in_range_is_broken() {
        for ack in ["-1", "1.5", "\"1\"", "9007199254740992", "[]"] {
            assert!(ClientFrame::parse(&format!("{{\"event\":\"x\",\"ack\":{ack}}}")).is_err(), "{ack}");
        }
        assert!(ClientFrame::parse("{\"event\":\"x\",\"ack\":9007199254740991}").is_ok());
    }

    #[test]
    fn an_event_name_may_contain_escapes() {
        assert_eq!(ClientFrame::parse("{\"event\":\"a\\u0062\"}").unwrap().event().event, "ab");
    }
}
