//! The wire's golden bytes are those of docs/protocol.md: both transcripts there are replayed against the rules and the
//! codecs, and every frame has to come out to the letter.

use super::{Encoded, Names, WireClientMessage, decode, encode, json, socketio};
use crate::{
    id::RoomId,
    message::Target,
    requirement::PROTOCOL_DOCUMENT,
    room::{Directory, Effect, HashDirectory, Input, RoomRules, step},
};

/// The frames of a transcript: who (1 or 2), whether it was sent by the client, and the bytes.
fn transcript(name: &str) -> Vec<(u8, bool, &'static str)> {
    let (_, block) = PROTOCOL_DOCUMENT.split_once(&format!("<!-- golden:{name} -->\n```text\n")).expect("the block");
    let (block, _) = block.split_once("```").expect("its end");
    let frames = block.lines().map(|line| {
        let (head, frame) = line.split_once(": ").expect("`C1: frame`");
        (head[1..].parse().expect("a client's number"), head.starts_with('C'), frame)
    });
    frames.collect()
}

/// Steps one client message and renders its effects, in order, by the frame function of a wire.
fn answers(
    directory: &mut HashDirectory<u8, RoomId>,
    client: u8,
    message: WireClientMessage<u8>,
    render: impl Fn(&Encoded) -> Option<String>,
) -> Due {
    let names = Names { user: |user: u8| format!("u{user}"), timestamp: "2026-01-02T03:04:05.678Z".to_owned() };
    let mut out = Vec::new();
    step(directory, &RoomRules::REFERENCE, Input::Message(client, message), &mut |effect| match effect {
        Effect::Send { to, message, .. } => {
            out.push((to, render(&encode(&message, &names)).expect("an ack has its number")));
        }
        Effect::Crash => panic!("the reference never crashes"),
    });
    out
}

fn resolve(name: &str) -> Target<u8, RoomId> {
    match name {
        "u1" => Target::User(1),
        "u2" => Target::User(2),
        _ => Target::Unknown,
    }
}

/// Frames that are due, each with its receiver.
type Due = Vec<(u8, String)>;

fn replay(name: &str, mut pending: Due, mut perform: impl FnMut(&mut HashDirectory<u8, RoomId>, u8, &str) -> Due) {
    let mut directory = HashDirectory::default();
    directory.connect(1);
    directory.connect(2);
    for (client, sent, frame) in transcript(name) {
        if sent {
            assert_eq!(pending, [], "frames that the document does not show, before {frame}");
            pending = perform(&mut directory, client, frame);
        } else {
            assert!(!pending.is_empty(), "the document shows a frame that nobody sends: {frame}");
            assert_eq!(pending.remove(0), (client, frame.to_owned()));
        }
    }
    assert_eq!(pending, [], "frames that the document does not show, at its end");
}

#[test]
fn the_socket_io_transcript_of_the_document_comes_out_to_the_letter() {
    replay("socketio", Due::new(), |directory, client, frame| {
        let packet = frame.strip_prefix('4').expect("an Engine.IO message");
        match socketio::parse(packet).expect("a packet") {
            socketio::ClientPacket::Connect { .. } => {
                vec![(client, format!("4{}", socketio::connected(&format!("u{client}"))))]
            }
            socketio::ClientPacket::Event(event) => {
                let event = event.frame();
                let message = decode(event, resolve).expect("an event of the protocol");
                answers(directory, client, message, |encoded| {
                    socketio::packet(encoded, event.ack).map(|packet| format!("4{packet}"))
                })
            }
            other => panic!("{other:?} is not in the document"),
        }
    });
}

#[test]
fn the_json_transcript_of_the_document_comes_out_to_the_letter() {
    let greeting = vec![(1, json::connected("u1", 25_000, 20_000))];
    replay("websocket", greeting, |directory, client, frame| {
        let frame = json::ClientFrame::parse(frame).expect("a frame");
        let event = frame.event();
        let message = decode(event, resolve).expect("an event of the protocol");
        answers(directory, client, message, |encoded| json::frame(encoded, event.ack))
    });
}
