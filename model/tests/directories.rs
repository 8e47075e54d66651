//! The two stores of the server's state are one: the same inputs have the same effects, whatever the rules.

use std::num::NonZeroU16;

use glare_model::{
    id::InvalidRoomId,
    message::{ClientMessage, RequestKind, Signal, SignalFault, SignalKind, Target},
    room::{
        Directory, Effect, Entry, HashDirectory, HostLeaves, Input, RoomRules, SecondRoom, SmallDirectory,
        invariants::room_is_sound, step,
    },
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy as _, any, prop_oneof},
    prop_assert_eq, proptest,
};

const SESSIONS: u8 = 4;
const ROOMS: u8 = 2;

/// The rule sets, those of the capabilities and of dialects among them.
fn rule_sets() -> [RoomRules; 7] {
    let hosts = |host_leaves| RoomRules { host_leaves, ..RoomRules::REFERENCE };
    [
        RoomRules::REFERENCE,
        RoomRules::TUTORIAL,
        hosts(HostLeaves::CloseRoom),
        hosts(HostLeaves::HandOver),
        RoomRules { capacity: NonZeroU16::new(2), ..RoomRules::REFERENCE },
        RoomRules {
            second_room: SecondRoom::Move,
            entry: Entry::Either,
            introduce_members: true,
            ..RoomRules::REFERENCE
        },
        RoomRules { second_room: SecondRoom::Several, ..hosts(HostLeaves::CloseRoom) },
    ]
}

type AnInput = Input<u8, u8, u8>;

fn inputs() -> impl proptest::strategy::Strategy<Value = Vec<AnInput>> {
    let room = prop_oneof![9 => (0..ROOMS).prop_map(Ok), 1 => Just(Err(InvalidRoomId::Empty))];
    let kind = prop_oneof![Just(RequestKind::Create), Just(RequestKind::Join)];
    let request = (kind, room, any::<bool>()).prop_map(|(kind, room, ack)| ClientMessage::Request { kind, room, ack });
    let target = prop_oneof![
        6 => (0..SESSIONS).prop_map(Target::User),
        2 => (0..SESSIONS, 0..ROOMS).prop_map(|(session, room)| Target::Member(session, room)),
        2 => (0..ROOMS).prop_map(Target::Room),
        1 => Just(Target::Unknown)
    ];
    let good = (target, any::<u8>()).prop_map(|(target, payload)| Ok(Signal { target, payload }));
    let signal = prop_oneof![5 => good, 1 => Just(Err(SignalFault::Malformed)), 1 => Just(Err(SignalFault::TooLarge))];
    let signal = (proptest::sample::select(SignalKind::ALL.to_vec()), signal)
        .prop_map(|(kind, signal)| ClientMessage::Signal { kind, signal });
    let message = prop_oneof![4 => request, 1 => Just(ClientMessage::Leave), 1 => (0..ROOMS).prop_map(ClientMessage::LeaveOne), 3 => signal];
    let input = prop_oneof![
        2 => (0..SESSIONS).prop_map(Input::Connect),
        1 => (0..SESSIONS).prop_map(Input::Disconnect),
        9 => (0..SESSIONS, message).prop_map(|(session, message)| Input::Message(session, message))
    ];
    vec(input, 0..60)
}

fn effects<D: Directory<Session = u8, Room = u8>>(
    directory: &mut D,
    rules: &RoomRules,
    input: &AnInput,
) -> Vec<Effect<u8, u8, u8>> {
    let mut effects = Vec::new();
    step(directory, rules, input.clone(), &mut |effect| effects.push(effect));
    // Of several rooms that are left together, each store has an order of its own.
    if rules.second_room == SecondRoom::Several {
        effects.sort_by_key(|effect| format!("{effect:?}"));
    }
    effects
}

proptest! {
    #[test]
    fn small_and_hash_directory_agree_under_every_rule_set(inputs in inputs()) {
        for rules in rule_sets() {
            let mut small = SmallDirectory::<{ SESSIONS as usize }, { ROOMS as usize }>::default();
            let mut hash = HashDirectory::<u8, u8>::default();
            for input in &inputs {
                prop_assert_eq!(effects(&mut small, &rules, input), effects(&mut hash, &rules, input));
                for room in 0..ROOMS {
                    prop_assert_eq!(small.members(&room), hash.members(&room));
                }
                for session in 0..SESSIONS {
                    prop_assert_eq!(small.current(session), hash.current(session));
                    prop_assert_eq!(small.is_connected(session), hash.is_connected(session));
                    let mut rooms = hash.rooms_of(session);
                    rooms.sort_unstable();
                    prop_assert_eq!(small.rooms_of(session), rooms);
                }
            }
        }
    }

    #[test]
    fn rules_that_refuse_a_second_room_keep_every_room_sound(inputs in inputs()) {
        for rules in rule_sets().into_iter().filter(|rules| rules.second_room != SecondRoom::Accumulate) {
            let mut directory = HashDirectory::<u8, u8>::default();
            for input in &inputs {
                effects(&mut directory, &rules, input);
                for room in 0..ROOMS {
                    prop_assert_eq!(room_is_sound(&directory, &room, 0..SESSIONS), Ok(()));
                }
            }
        }
    }
}
