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
fn where_members_may_be_in_several_rooms_each_room_hears_of_what_happens_in_it() {
    let mut server = server(RoomRules { second_room: SecondRoom::Several, ..EITHER });
    server.join(0, 7);
    server.join(2, 8);
    server.join(1, 7);
    assert_eq!(server.join(1, 8), [(2, ServerMessage::UserJoined(1)), (1, ServerMessage::Joined(8, vec![2]))]);
    // A set has nobody twice.
    assert_eq!(server.join(1, 8), [(1, ServerMessage::Joined(8, vec![2]))]);
    assert_eq!((server.directory.members(&7), server.directory.members(&8)), (&[0, 1][..], &[2, 1][..]));
    assert_eq!(server.hear(1, ClientMessage::LeaveOne(9)), []);
    assert_eq!(server.hear(1, ClientMessage::LeaveOne(7)), [(0, ServerMessage::UserLeft(1))]);
    assert_eq!(server.hear(1, ClientMessage::LeaveOne(7)), []);
    assert_eq!(server.directory.rooms_of(1), [8]);
    server.join(0, 8);
    server.join(1, 7);
    server.join(0, 7);
    let twice = ServerMessage::UserLeft(1);
    assert_eq!(server.hear(1, ClientMessage::Leave), [(2, twice.clone()), (0, twice.clone()), (0, twice)]);
    assert_eq!(server.hear(1, ClientMessage::Leave), []);
}

#[test]
fn where_members_share_several_rooms_a_signal_arrives_once_and_one_that_is_sent_in_a_room_stays_in_it() {
    let mut server = server(RoomRules { second_room: SecondRoom::Several, ..EITHER });
    for (user, room) in [(0, 7), (0, 8), (1, 7), (1, 8), (2, 8)] {
        server.join(user, room);
    }
    let mut signal = |target| {
        server.hear(0, ClientMessage::Signal { kind: SignalKind::Offer, signal: Ok(Signal { target, payload: 5 }) })
    };
    let arrived = ServerMessage::Signal { kind: SignalKind::Offer, from: 0, payload: 5 };
    for (target, to) in
        [(Target::User(1), 1), (Target::User(2), 2), (Target::Member(1, 7), 1), (Target::Member(2, 8), 2)]
    {
        assert_eq!(signal(target), [(to, arrived.clone())]);
    }
    for nobody in [Target::Member(2, 7), Target::Member(1, 9), Target::Member(0, 7)] {
        assert!(matches!(signal(nobody)[..], [(0, ServerMessage::Error(..))]), "{nobody:?}");
    }
}

#[test]
fn a_disconnect_tells_each_of_several_rooms() {
    let mut server = server(RoomRules { second_room: SecondRoom::Several, ..RoomRules::REFERENCE });
    server.request(0, RequestKind::Create, 7);
    server.request(1, RequestKind::Create, 8);
    server.join(2, 7);
    server.join(2, 8);
    assert_eq!(server.request(2, RequestKind::Create, 7), [(2, ServerMessage::Refused(Refusal::RoomExists))]);
    let mut told = Vec::new();
    step::<_, u8>(&mut server.directory, &server.rules, Input::Disconnect(2), &mut |effect| told.push(effect));
    let told: Vec<_> =
        told.iter().filter_map(|it| if let Effect::Send { to, .. } = it { Some(*to) } else { None }).collect();
    assert_eq!(told, [0, 1]);
    assert!(!server.directory.is_connected(2) && server.directory.rooms_of(2).is_empty());
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
