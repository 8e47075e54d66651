//! Rules by which real servers legitimately differ from docs/protocol.md, one by one.

use glare_model::{
    message::{ClientMessage, Refusal, RequestKind, ServerMessage, Signal, SignalFault, SignalKind, Target},
    room::{Directory, Effect, Entry, HashDirectory, Input, Relay, RoomRules, SecondRoom, step},
};

type Message = ServerMessage<u8, u8, u8>;

/// Three connected users, A, B and C as 0, 1 and 2.
struct Server {
    rules: RoomRules,
    directory: HashDirectory<u8, u8>,
}

fn server(rules: RoomRules) -> Server {
    let mut directory = HashDirectory::default();
    (0..3).for_each(|user| directory.connect(user));
    Server { rules, directory }
}

impl Server {
    fn hear(&mut self, user: u8, message: ClientMessage<u8, u8, u8>) -> Vec<(u8, Message)> {
        let mut sent = Vec::new();
        step(&mut self.directory, &self.rules, Input::Message(user, message), &mut |effect| match effect {
            Effect::Send { to, message, .. } => sent.push((to, message)),
            Effect::Crash => unreachable!("no dialect ends the server"),
        });
        sent
    }

    fn request(&mut self, user: u8, kind: RequestKind, room: u8) -> Vec<(u8, Message)> {
        self.hear(user, ClientMessage::Request { kind, room: Ok(room), ack: true })
    }

    fn join(&mut self, user: u8, room: u8) -> Vec<(u8, Message)> {
        self.request(user, RequestKind::Join, room)
    }
}

const EITHER: RoomRules = RoomRules { entry: Entry::Either, ..RoomRules::REFERENCE };

#[test]
fn where_joining_makes_rooms_nobody_has_to_create_one() {
    let mut server = server(EITHER);
    assert_eq!(server.join(0, 7), [(0, ServerMessage::Joined(7, vec![]))]);
    let second = server.request(1, RequestKind::Create, 7);
    assert_eq!(second, [(0, ServerMessage::UserJoined(1)), (1, ServerMessage::Joined(7, vec![0]))]);
}

#[test]
fn where_members_move_they_leave_the_first_room_and_enter_the_second() {
    let mut server = server(RoomRules { second_room: SecondRoom::Move, ..EITHER });
    server.join(0, 7);
    server.join(1, 7);
    assert_eq!(server.join(1, 8), [(0, ServerMessage::UserLeft(1)), (1, ServerMessage::Joined(8, vec![]))]);
    assert_eq!(server.directory.members(&7), [0]);
}

#[test]
fn where_members_are_introduced_a_joiner_is_told_of_each() {
    let mut server = server(RoomRules { introduce_members: true, ..EITHER });
    server.join(0, 7);
    let sent = server.join(1, 7);
    assert!(sent.contains(&(1, ServerMessage::UserJoined(0))), "{sent:?}");
    assert!(sent.contains(&(0, ServerMessage::UserJoined(1))), "{sent:?}");
}

#[test]
fn where_nothing_is_announced_nobody_hears_of_others() {
    let mut server = server(RoomRules { announce_joins: false, announce_leaves: false, ..EITHER });
    server.join(0, 7);
    assert_eq!(server.join(1, 7), [(1, ServerMessage::Joined(7, vec![0]))]);
    assert_eq!(server.hear(1, ClientMessage::Leave), []);
}

#[test]
fn where_everybody_is_in_reach_a_signal_crosses_rooms_but_reaches_no_room() {
    let mut server = server(RoomRules { relay: Relay::Everybody, ..EITHER });
    server.join(0, 7);
    server.join(1, 8);
    let mut signal = |target| {
        server.hear(0, ClientMessage::Signal { kind: SignalKind::Offer, signal: Ok(Signal { target, payload: 5 }) })
    };
    let arrived = ServerMessage::Signal { kind: SignalKind::Offer, from: 0, payload: 5 };
    assert_eq!(signal(Target::User(1)), [(1, arrived)]);
    assert!(signal(Target::Room(8)).iter().all(|(to, _)| *to == 0));
}

#[test]
fn where_malformed_signals_pass_in_silence_nobody_hears_of_them() {
    let mut server = server(RoomRules { report_malformed: false, ..EITHER });
    let malformed = ClientMessage::Signal { kind: SignalKind::Offer, signal: Err(SignalFault::Malformed) };
    assert_eq!(server.hear(0, malformed), []);
}

#[test]
fn by_default_rooms_are_created_and_a_second_one_is_refused() {
    let mut server = server(RoomRules::REFERENCE);
    assert_eq!(server.join(0, 7), [(0, ServerMessage::Refused(Refusal::RoomNotFound))]);
    server.request(0, RequestKind::Create, 7);
    assert_eq!(server.join(0, 7), [(0, ServerMessage::Refused(Refusal::AlreadyInRoom))]);
}
