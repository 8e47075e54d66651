use super::*;
use crate::negotiation::FirstOffer;

const REFERENCE: Strategy = Strategy::REFERENCE;

fn run(state: Negotiation, strategy: &Strategy, role: Role, event: Event) -> (Negotiation, Vec<Command>) {
    let mut commands = Vec::new();
    let next = step(state, strategy, role, event, &mut |command| commands.push(command));
    (next, commands)
}

fn describe_sent(commands: &[Command]) -> Description {
    let sent =
        commands.iter().find_map(|it| if let Command::Send(_, description) = it { Some(*description) } else { None });
    sent.expect("the step sends a description")
}

/// A lower and a higher id that met and are connected.
fn connected() -> (Negotiation, Negotiation) {
    let (lower, commands) = run(Negotiation::default(), &REFERENCE, Role::Impolite, Event::Met(Side::Resident));
    let offer = Event::Offer(describe_sent(&commands));
    let (higher, commands) = run(Negotiation::default(), &REFERENCE, Role::Polite, Event::Met(Side::Joiner));
    assert_eq!(commands, []);
    let (higher, commands) = run(higher, &REFERENCE, Role::Polite, offer);
    let (lower, _) = run(lower, &REFERENCE, Role::Impolite, Event::Answer(describe_sent(&commands)));
    (lower, higher)
}

#[test]
fn a_lower_and_a_higher_id_that_meet_get_connected() {
    let (lower, higher) = connected();
    assert!(lower.is_connected_with(&higher));
}

#[test]
fn the_higher_id_rolls_back_answers_and_offers_again_on_glare() {
    let (lower, higher) = connected();
    let (_, commands) = run(lower, &REFERENCE, Role::Impolite, Event::Renegotiate);
    let offer = describe_sent(&commands);
    let (higher, _) = run(higher, &REFERENCE, Role::Polite, Event::Renegotiate);
    let (higher, commands) = run(higher, &REFERENCE, Role::Polite, Event::Offer(offer));
    assert!(matches!(
        commands[..],
        [
            Command::Rollback,
            Command::Apply(SignalKind::Offer, _),
            Command::Send(SignalKind::Answer, _),
            Command::Send(SignalKind::Offer, _)
        ]
    ));
    assert_eq!(higher.signaling(), Signaling::HaveLocalOffer);
}

#[test]
fn the_lower_id_ignores_the_offer_that_crosses_its_own() {
    let (lower, higher) = connected();
    let (lower, _) = run(lower, &REFERENCE, Role::Impolite, Event::Renegotiate);
    let (_, commands) = run(higher, &REFERENCE, Role::Polite, Event::Renegotiate);
    let (after, commands) = run(lower, &REFERENCE, Role::Impolite, Event::Offer(describe_sent(&commands)));
    assert_eq!((after, &commands[..]), (lower, &[Command::Ignore(Ignored::LostGlare)][..]));
}

#[test]
fn an_answer_to_another_offer_is_ignored() {
    let (lower, higher) = connected();
    let (lower, _) = run(lower, &REFERENCE, Role::Impolite, Event::Renegotiate);
    let answer = Description { meeting: 1, connection: higher.connection, number: higher.made, answers: 1 };
    let (after, commands) = run(lower, &REFERENCE, Role::Impolite, Event::Answer(answer));
    assert_eq!((after, &commands[..]), (lower, &[Command::Ignore(Ignored::NotOutstanding)][..]));
}

#[test]
fn an_offer_of_an_earlier_meeting_is_ignored() {
    let (_, higher) = connected();
    let (higher, _) = run(higher, &REFERENCE, Role::Polite, Event::Gone);
    let (higher, _) = run(higher, &REFERENCE, Role::Polite, Event::Met(Side::Joiner));
    let stale = Description { meeting: 1, connection: 1, number: 1, answers: 0 };
    let (_, commands) = run(higher, &REFERENCE, Role::Polite, Event::Offer(stale));
    assert_eq!(commands, [Command::Ignore(Ignored::Stale)]);
}

#[test]
fn an_offer_of_another_connection_resets_the_local_one() {
    let (_, higher) = connected();
    let other = Description { meeting: 1, connection: 2, number: 2, answers: 0 };
    let (after, commands) = run(higher, &REFERENCE, Role::Polite, Event::Offer(other));
    assert_eq!(commands[..2], [Command::Close, Command::Build]);
    assert_eq!(after.remote_connection, 2);
}

#[test]
fn the_tutorials_peer_overwrites_its_connection_and_then_fails_on_the_answer() {
    let strategy = Strategy::BOTH_OFFER;
    let (state, _) = run(Negotiation::default(), &strategy, Role::Impolite, Event::Met(Side::Resident));
    let offer = Description { meeting: 1, connection: 1, number: 1, answers: 0 };
    let (state, commands) = run(state, &strategy, Role::Impolite, Event::Offer(offer));
    assert_eq!(commands[..2], [Command::Orphan, Command::Build]);
    let answer = Description { meeting: 1, connection: 2, number: 2, answers: 1 };
    let (_, commands) = run(state, &strategy, Role::Impolite, Event::Answer(answer));
    assert_eq!(commands, [Command::Fail(answer)]);
}

#[test]
fn each_rule_of_the_first_offer_names_who_offers() {
    let offers = |first_offer, side, role| {
        let strategy = Strategy { first_offer, ..REFERENCE };
        run(Negotiation::default(), &strategy, role, Event::Met(side)).1.len() == 2
    };
    // Impolite and polite resident, impolite and polite joiner.
    let row = |rule| {
        [Side::Resident, Side::Joiner].map(|side| [Role::Impolite, Role::Polite].map(|role| offers(rule, side, role)))
    };
    assert_eq!(row(FirstOffer::Both), [[true, true], [true, true]]);
    assert_eq!(row(FirstOffer::JoinerAndLowerResident), [[true, false], [true, true]]);
    assert_eq!(row(FirstOffer::Joiner), [[false, false], [true, true]]);
    assert_eq!(row(FirstOffer::LowerId), [[true, false], [true, false]]);
}

#[test]
fn what_was_counted_survives_the_stay() {
    let (lower, _) = connected();
    let (after, commands) = run(lower, &REFERENCE, Role::Impolite, Event::Gone);
    assert_eq!(commands, [Command::Close]);
    assert_eq!(after, Negotiation { met: 1, made: 1, ..Negotiation::default() });
}
