//! Packets of Socket.IO protocol 5 in Engine.IO protocol 4, as text.

use serde_json::Value;

/// What a server sends.
#[derive(Debug, PartialEq)]
pub(in crate::transport) enum Packet {
    Close,
    Ping,
    Noop,
    /// `sid` is absent where it is no string.
    Connect {
        sid: Option<String>,
    },
    Disconnect,
    /// The event's name and its arguments.
    Event {
        message: Vec<Value>,
    },
    Ack {
        ack: u64,
        arguments: Vec<Value>,
    },
    ConnectError {
        message: String,
    },
}

impl Packet {
    /// Reads a packet of the namespace.
    pub(in crate::transport) fn parse(text: &str, namespace: &str) -> Option<Self> {
        match text {
            "1" => return Some(Self::Close),
            "2" => return Some(Self::Ping),
            "6" => return Some(Self::Noop),
            _ => {}
        }
        let message = text.strip_prefix('4')?;
        let kind = message.chars().next()?;
        let rest = in_namespace(&message[kind.len_utf8()..], namespace)?;
        match kind {
            '0' => Some(Self::Connect { sid: parse_connect(rest)? }),
            '1' => rest.is_empty().then_some(Self::Disconnect),
            '2' => {
                // A server may ask for an ack of its own; nothing in the protocol answers it.
                let (_ack, message) = parse_arguments(rest)?;
                message.first().is_some_and(Value::is_string).then_some(Self::Event { message })
            }
            '3' => {
                let (ack, arguments) = parse_arguments(rest)?;
                Some(Self::Ack { ack: ack?, arguments })
            }
            '4' => {
                let error: Value = serde_json::from_str(rest).ok()?;
                let message = error.get("message").and_then(Value::as_str).map(str::to_owned);
                Some(Self::ConnectError { message: message.unwrap_or_else(|| error.to_string()) })
            }
            _ => None,
        }
    }
}

/// What stands before the data of a packet of a namespace: nothing for the main one.
pub(in crate::transport) fn prefix(namespace: &str) -> String {
    if namespace == MAIN { String::new() } else { format!("{namespace},") }
}

/// The namespace that every client of a server may join.
pub(in crate::transport) const MAIN: &str = "/";

/// The main namespace may be named, and need not be; no other one was joined.
fn in_namespace<'a>(rest: &'a str, namespace: &str) -> Option<&'a str> {
    let named = rest.strip_prefix(namespace).and_then(|rest| rest.strip_prefix(','));
    // A disconnect from a namespace has no data, and so no comma.
    let bare = if rest == namespace { Some("") } else { None };
    named.or(bare).or_else(|| (namespace == MAIN).then_some(rest))
}

/// Without a usable id the connection still opens: that is for ID-01 to judge.
fn parse_connect(json: &str) -> Option<Option<String>> {
    if json.is_empty() {
        return Some(None);
    }
    let connect: Value = serde_json::from_str(json).ok()?;
    Some(connect.get("sid").and_then(Value::as_str).map(str::to_owned))
}

/// `12["a",1]`: a number if there is one, and a list.
pub(in crate::transport) fn parse_arguments(rest: &str) -> Option<(Option<u64>, Vec<Value>)> {
    let (digits, json) = rest.split_at(rest.find('[')?);
    let number = if digits.is_empty() { None } else { Some(digits.parse().ok()?) };
    Some((number, serde_json::from_str(json).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_no_text_is_read_as_absent() {
        for text in ["40", r#"40{}"#, r#"40{"sid":7}"#] {
            assert_eq!(Packet::parse(text, MAIN), Some(Packet::Connect { sid: None }), "{text}");
        }
        let named = Packet::Connect { sid: Some("u".to_owned()) };
        assert_eq!(Packet::parse(r#"40/,{"sid":"u"}"#, MAIN), Some(named));
    }

    #[test]
    fn packets_of_another_namespace_are_not_read() {
        let event = || Some(Packet::Event { message: vec!["a".into()] });
        assert_eq!(Packet::parse(r#"42/calls,["a"]"#, "/calls"), event());
        assert_eq!(Packet::parse(r#"42["a"]"#, "/calls"), None);
        assert_eq!(Packet::parse(r#"42/calls,["a"]"#, MAIN), None);
        assert_eq!(Packet::parse("41/calls", "/calls"), Some(Packet::Disconnect));
    }

    #[test]
    fn a_frame_of_another_shape_is_not_read() {
        for text in ["", "hello", "4", "42", "42{}", "42[]", "42[1]", "43[]", "43x[]", "45[1]", "42/other,[\"a\"]", "é"]
        {
            assert_eq!(Packet::parse(text, MAIN), None, "{text}");
        }
    }
}
