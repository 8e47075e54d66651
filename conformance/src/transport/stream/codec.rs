//! What the frames of a wire look like.

use std::time::Duration;

use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::transport::{BrokenFrame, Incoming};

/// How deep [`BrokenFrame::DeepNesting`] goes; the frame stays below the protocol's limit of a transport message.
pub(super) const NESTING_DEPTH: usize = 100_000;

/// How a wire writes events as frames, and reads them, on one connection.
pub(in crate::transport) trait Codec: Send + 'static {
    /// Frames that are not of the wire's form.
    fn misspoken(&self) -> Misspoken;

    /// Whether such a frame can be sent.
    fn can_say(&self, _kind: BrokenFrame) -> bool {
        true
    }

    /// What is said before the WebSocket is closed.
    fn farewell(&self) -> &'static [&'static str] {
        &[]
    }

    /// What is sent again and again, and how often.
    fn keepalive(&self) -> Option<(Message, Duration)> {
        None
    }

    /// The frames of an event, and what is known without an answer.
    fn encode(&mut self, event: &str, data: Option<&serde_json::Value>, ack: Option<u64>, out: &mut Encoded);

    /// The frames of a fence that is answered under this number. Where the wire has none of its own, it is a request for a room
    /// that has to be refused.
    fn fence(&mut self, ack: u64, room: String, out: &mut Encoded) {
        self.encode("join-room", Some(&room.into()), Some(ack), out);
    }

    /// The meaning of a text frame. Returns whether it is of the wire's form.
    fn decode(&mut self, text: &str, out: &mut Vec<Decoded>) -> bool;

    /// What a close with this code answers.
    fn decode_close(&mut self, _code: u16) -> Option<Incoming> {
        None
    }

    /// The meaning of a binary frame. Returns whether it is of the wire's form.
    fn decode_binary(&mut self, _bytes: &[u8], _out: &mut Vec<Decoded>) -> bool {
        false
    }
}

/// What is written for an event.
#[derive(Debug, Default)]
pub(in crate::transport) struct Encoded {
    pub(in crate::transport) frames: Vec<Message>,
    pub(in crate::transport) incoming: Vec<Incoming>,
}

/// Frames that are not of the wire's form.
pub(in crate::transport) struct Misspoken {
    /// A packet whose JSON ends too early.
    pub(in crate::transport) truncated_json: String,
    /// A packet whose JSON is of another shape.
    pub(in crate::transport) wrong_shape: String,
    /// A packet of a type that does not exist.
    pub(in crate::transport) unknown_type: String,
    /// An ack that nobody asked for.
    pub(in crate::transport) stray_ack: String,
    /// A packet up to where its data starts.
    pub(in crate::transport) before_data: String,
    /// See [`BrokenFrame::BareRequest`] and those after it.
    pub(in crate::transport) bare_request: String,
    pub(in crate::transport) null_request: String,
    pub(in crate::transport) mistyped_request: String,
    pub(in crate::transport) bare_signal: String,
    pub(in crate::transport) null_signal: String,
}

/// The meaning of a server's frame.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::transport) enum Decoded {
    /// Something to record, or the end of the connection.
    Incoming(Incoming),
    /// A question of the transport, with its answer.
    AnswerWith(Message),
}

/// A frame that is not of the wire's form.
pub(super) fn broken(codec: &impl Codec, kind: BrokenFrame) -> Message {
    let words = codec.misspoken();
    let raw = |payload: &'static [u8], data| Message::Frame(Frame::message(payload, OpCode::Data(data), true));
    match kind {
        BrokenFrame::Garbage => Message::text("hello"),
        BrokenFrame::TruncatedJson => Message::text(words.truncated_json),
        BrokenFrame::WrongShape => Message::text(words.wrong_shape),
        BrokenFrame::UnknownType => Message::text(words.unknown_type),
        BrokenFrame::Binary => Message::binary(&b"\x00\x01\xfe\xff"[..]),
        BrokenFrame::InvalidUtf8 => raw(b"\xff\xfe", Data::Text),
        // Never closed: a parser has to go down all the same, and the frame is surely not of the wire's form.
        BrokenFrame::DeepNesting => Message::text(words.before_data + &"[".repeat(NESTING_DEPTH)),
        BrokenFrame::Empty => Message::text(""),
        BrokenFrame::StrayAck => Message::text(words.stray_ack),
        BrokenFrame::BareRequest => Message::text(words.bare_request),
        BrokenFrame::NullRequest => Message::text(words.null_request),
        BrokenFrame::MistypedRequest => Message::text(words.mistyped_request),
        BrokenFrame::BareSignal => Message::text(words.bare_signal),
        BrokenFrame::NullSignal => Message::text(words.null_signal),
        BrokenFrame::ReservedOpcode => raw(b"reserved", Data::Reserved(3)),
    }
}
