//! The Socket.IO wire: packets of Socket.IO protocol 5, as text of an Engine.IO message (without the leading `4`).
//!
//! Transports and heartbeats are Engine.IO's and belong to a shell.

use serde_json::value::RawValue;

use super::{BrokenFrame, Encoded, EventFrame};

/// A packet from a client.
#[derive(Debug)]
pub enum ClientPacket<'a> {
    /// CONNECT to a namespace. Its authentication data is not looked at: the core profile has none.
    Connect {
        /// The namespace, `/` unless named.
        namespace: &'a str,
    },
    /// DISCONNECT from the namespace.
    Disconnect,
    /// EVENT, with owned parts since the array has to be taken apart.
    Event(ClientEvent<'a>),
    /// An ACK to something that this protocol never asks: ignored.
    Ack,
}

/// An EVENT packet, taken apart.
#[derive(Debug)]
pub struct ClientEvent<'a> {
    name: String,
    data: Option<&'a RawValue>,
    ack: Option<u64>,
}

impl ClientEvent<'_> {
    /// The event in the form that both wires share. Arguments after the first are ignored.
    #[must_use]
    pub fn frame(&self) -> EventFrame<'_> {
        EventFrame { event: &self.name, data: self.data, ack: self.ack }
    }
}

/// Reads a packet.
///
/// # Errors
/// [`BrokenFrame`] for an unknown type, a binary packet (this protocol has none), an ack number that does not fit, another
/// namespace's event, or an event that is no array starting with a string.
pub fn parse(packet: &str) -> Result<ClientPacket<'_>, BrokenFrame> {
    let mut chars = packet.chars();
    let kind = chars.next().ok_or_else(|| BrokenFrame("an empty packet".to_owned()))?;
    let rest = chars.as_str();
    let (namespace, rest) = split_namespace(rest);
    match kind {
        '0' => Ok(ClientPacket::Connect { namespace }),
        _ if namespace != "/" => Err(BrokenFrame(format!("a packet to the unknown namespace {namespace}"))),
        '1' => Ok(ClientPacket::Disconnect),
        '2' => parse_event(rest).map(ClientPacket::Event),
        '3' => Ok(ClientPacket::Ack),
        '5' | '6' => Err(BrokenFrame("binary packets are not part of this protocol".to_owned())),
        other => Err(BrokenFrame(format!("unknown packet type {other:?}"))),
    }
}

/// A namespace other than `/` stands before the data and ends with a comma.
fn split_namespace(rest: &str) -> (&str, &str) {
    if !rest.starts_with('/') {
        return ("/", rest);
    }
    let (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    (namespace.split_once('?').map_or(namespace, |(path, _query)| path), rest)
}

fn parse_event(rest: &str) -> Result<ClientEvent<'_>, BrokenFrame> {
    let array_at = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, array) = rest.split_at(array_at);
    let ack = match digits {
        "" => None,
        digits => Some(digits.parse().map_err(|_| BrokenFrame("the ack number is too large".to_owned()))?),
    };
    let arguments: Vec<&RawValue> = serde_json::from_str(array).map_err(|error| BrokenFrame(error.to_string()))?;
    let name = arguments.first().and_then(|name| serde_json::from_str(name.get()).ok());
    let name = name.ok_or_else(|| BrokenFrame("an event starts with its name".to_owned()))?;
    Ok(ClientEvent { name, data: arguments.get(1).copied(), ack })
}

/// The CONNECT packet that admits a client under its user id.
#[must_use]
pub fn connected(user_id: &str) -> String {
    format!("0{}", serde_json::json!({ "sid": user_id }))
}

/// The CONNECT_ERROR packet for a namespace that does not exist.
#[must_use]
pub fn invalid_namespace(namespace: &str) -> String {
    format!("4{namespace},{}", serde_json::json!({ "message": "Invalid namespace" }))
}

/// Puts a server's message into a packet. `ack` is the number of the request that is being answered.
#[must_use]
pub fn packet(encoded: &Encoded, ack: Option<u64>) -> Option<String> {
    match (encoded, ack) {
        (Encoded::Event(event, data), _) => Some(format!("2[\"{event}\",{data}]")),
        (Encoded::Ack(data), Some(ack)) => Some(format!("3{ack}[{data}]")),
        (Encoded::Ack(_), None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_packets_are_errors() {
        for packet in [
            "",
            "2",
            "2null",
            "2{}",
            "2[]",
            "2[1]",
            "2[null]",
            "2[\"x\"",
            "7",
            "9[\"x\"]",
            "51-[\"x\"]",
            "2/a,[\"x\"]",
            "é",
        ] {
            assert!(parse(packet).is_err(), "{packet}");
        }
        assert!(parse("299999999999999999999[\"x\"]").is_err(), "an ack number that does not fit");
    }

    #[test]
    fn the_namespace_of_a_connect_is_read_without_its_query() {
        let Ok(ClientPacket::Connect { namespace }) = parse("0/admin?token=1,{}") else { panic!("a connect") };
        assert_eq!(namespace, "/admin");
    }

    #[test]
    fn an_event_has_its_name_its_first_argument_and_its_ack_number() {
        let Ok(ClientPacket::Event(event)) = parse("212[\"a\",{\"b\":1},3]") else { panic!("an event") };
        let frame = event.frame();
        assert_eq!((frame.event, frame.data.map(RawValue::get), frame.ack), ("a", Some("{\"b\":1}"), Some(12)));
    }
}
