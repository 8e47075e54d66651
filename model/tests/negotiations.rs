//! The peer's rules are total: whatever happens, in whatever order, the state stays sound.

use glare_model::negotiation::{Command, Description, Event, Negotiation, Role, Side, Strategy, step};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy as _, any, prop_oneof},
    prop_assert, prop_assert_eq, proptest,
};

fn descriptions() -> impl proptest::strategy::Strategy<Value = Description> {
    // Small numbers hit what waits, and the largest show that nothing is computed with them.
    let number = || prop_oneof![8 => 0..4_u32, 1 => Just(u32::MAX)];
    (number(), number(), number(), number(), number()).prop_map(|(meeting, connection, number, answers, ice)| {
        Description { meeting, connection, number, answers, ice }
    })
}

fn events() -> impl proptest::strategy::Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => proptest::sample::select(vec![Side::Resident, Side::Joiner, Side::Outside]).prop_map(Event::Met),
        1 => Just(Event::Gone),
        3 => descriptions().prop_map(Event::Offer),
        3 => descriptions().prop_map(Event::Answer),
        3 => descriptions().prop_map(Event::Candidate),
        4 => proptest::sample::select(vec![
            Event::Ready,
            Event::Gathered,
            Event::ChangeTracks,
            Event::ReplaceTrack,
            Event::IceConnected,
            Event::IceDisconnected,
            Event::IceFailed,
            Event::ChannelOpened,
        ]),
    ];
    vec(event, 0..40)
}

proptest! {
    #[test]
    fn every_strategy_keeps_a_sound_state_whatever_happens(events in events(), is_polite in any::<bool>()) {
        let role = if is_polite { Role::Polite } else { Role::Impolite };
        for (_, strategy) in Strategy::NAMED {
            let mut state = Negotiation::default();
            for event in &events {
                state = step(state, &strategy, role, *event, &mut |_| {});
                prop_assert!(state.pending == 0 || state.pending_remote == 0, "one offer at a time: {state:?}");
                if state.connection == 0 {
                    let Negotiation { met, made, kept, kept_ice, .. } = state;
                    prop_assert_eq!(state, Negotiation { met, made, kept, kept_ice, ..Negotiation::default() });
                }
            }
        }
    }

    #[test]
    fn the_reference_opens_closes_and_forgets_in_pairs(events in events(), is_polite in any::<bool>()) {
        let role = if is_polite { Role::Polite } else { Role::Impolite };
        let (mut state, mut open, mut kept) = (Negotiation::default(), 0_i32, 0_u32);
        for event in events {
            state = step(state, &Strategy::REFERENCE, role, event, &mut |command| match command {
                Command::Build => open += 1,
                Command::Close => open -= 1,
                Command::Keep(_) => kept += 1,
                Command::Release | Command::Discard => kept = 0,
                _ => {}
            });
            prop_assert_eq!(open, i32::from(state.connection != 0), "connections that the shell holds");
            prop_assert_eq!(kept, state.kept, "candidates that the shell keeps");
        }
    }
}
