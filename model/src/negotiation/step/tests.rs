use super::*;
use crate::negotiation::{Candidates, FirstOffer, Setup};

const REFERENCE: Strategy = Strategy::REFERENCE;

fn run(state: Negotiation, strategy: &Strategy, role: Role, event: Event) -> (Negotiation, Vec<Command>) {
    let mut commands = Vec::new();
    let next = step(state, strategy, role, event, &mut |command| commands.push(command));
    (next, commands)
}

/// An offer, answered as soon as it is applied.
fn run_offer(state: Negotiation, role: Role, offer: Description) -> (Negotiation, Vec<Command>) {
    let (state, mut commands) = run(state, &REFERENCE, role, Event::Offer(offer));
    let (state, answering) = run(state, &REFERENCE, role, Event::Ready);
    commands.extend(answering);
    (state, commands)
}

fn describe_sent(commands: &[Command]) -> Description {
    let sent =
        commands.iter().find_map(|it| if let Command::Send(_, description) = it { Some(*description) } else { None });
    sent.expect("the step sends a description")
}

/// A lower and a higher id that met and are connected.
fn connected() -> (Negotiation, Negotiation) {
    let (lower, commands) = run(Negotiation::default(), &REFERENCE, Role::Impolite, Event::Met(Side::Resident));
    let offer = describe_sent(&commands);
    let (higher, commands) = run(Negotiation::default(), &REFERENCE, Role::Polite, Event::Met(Side::Joiner));
    assert_eq!(commands, []);
    let (higher, commands) = run_offer(higher, Role::Polite, offer);
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
    let (_, commands) = run(lower, &REFERENCE, Role::Impolite, Event::ChangeTracks);
    let offer = describe_sent(&commands);
    let (higher, _) = run(higher, &REFERENCE, Role::Polite, Event::ChangeTracks);
    let (higher, commands) = run_offer(higher, Role::Polite, offer);
    assert!(matches!(
        commands[..],
        [
            Command::Rollback,
            Command::Apply(SignalKind::Offer, _),
            Command::Prepare,
            Command::Send(SignalKind::Answer, _),
            Command::Send(SignalKind::Offer, _)
        ]
    ));
    assert_eq!(higher.signaling(), Signaling::HaveLocalOffer);
}

#[test]
fn the_lower_id_ignores_the_offer_that_crosses_its_own() {
    let (lower, higher) = connected();
    let (lower, _) = run(lower, &REFERENCE, Role::Impolite, Event::ChangeTracks);
    let (_, commands) = run(higher, &REFERENCE, Role::Polite, Event::ChangeTracks);
    let (after, commands) = run(lower, &REFERENCE, Role::Impolite, Event::Offer(describe_sent(&commands)));
    assert_eq!((after, &commands[..]), (lower, &[Command::Ignore(Ignored::LostGlare)][..]));
}

#[test]
fn a_change_while_an_answer_is_due_is_offered_once_stable() {
    let (lower, higher) = connected();
    let (_, commands) = run(lower, &REFERENCE, Role::Impolite, Event::ChangeTracks);
    let (higher, _) = run(higher, &REFERENCE, Role::Polite, Event::Offer(describe_sent(&commands)));
    assert_eq!(higher.signaling(), Signaling::HaveRemoteOffer);
    let (higher, commands) = run(higher, &REFERENCE, Role::Polite, Event::ChangeTracks);
    assert_eq!(commands, []);
    let (_, commands) = run(higher, &REFERENCE, Role::Polite, Event::Ready);
    assert!(matches!(commands[..], [Command::Send(SignalKind::Answer, _), Command::Send(SignalKind::Offer, _)]));
}

#[test]
fn a_candidate_waits_for_its_description_and_is_added_then() {
    let (joined, _) = run(Negotiation::default(), &REFERENCE, Role::Polite, Event::Met(Side::Joiner));
    let offer = Description { meeting: 1, connection: 1, number: 1, answers: 0, ice: 1 };
    let candidate = Description { number: 0, ..offer };
    let (joined, commands) = run(joined, &REFERENCE, Role::Polite, Event::Candidate(candidate));
    assert_eq!(commands, [Command::Keep(candidate)]);
    let (joined, commands) = run(joined, &REFERENCE, Role::Polite, Event::Offer(offer));
    let place = |wanted: &Command| commands.iter().position(|it| it == wanted);
    assert!(place(&Command::Apply(SignalKind::Offer, offer)) < place(&Command::Release));
    assert_eq!(joined.kept, 0);
}

#[test]
fn a_candidate_of_a_generation_that_a_restart_replaced_is_dropped() {
    let (lower, higher) = connected();
    let (lower, commands) = run(lower, &REFERENCE, Role::Impolite, Event::IceFailed);
    assert_eq!(commands[0], Command::Restart);
    let offer = describe_sent(&commands);
    assert_eq!((offer.ice, lower.restarting), (offer.number, true));
    let (higher, _) = run_offer(higher, Role::Polite, offer);
    let late = Description { meeting: 1, connection: 1, ice: 1, ..Description::default() };
    let (_, commands) = run(higher, &REFERENCE, Role::Polite, Event::Candidate(late));
    assert_eq!(commands, [Command::Ignore(Ignored::Superseded)]);
}

#[test]
fn a_restart_that_is_rolled_back_is_offered_again() {
    let (lower, higher) = connected();
    let (_, commands) = run(lower, &REFERENCE, Role::Impolite, Event::ChangeTracks);
    let (higher, _) = run(higher, &REFERENCE, Role::Polite, Event::IceFailed);
    let (_, commands) = run_offer(higher, Role::Polite, describe_sent(&commands));
    assert_eq!(commands[0], Command::Rollback);
    let Some(Command::Send(SignalKind::Offer, again)) = commands.last() else { panic!("{commands:?}") };
    assert_eq!(again.ice, again.number);
}

#[test]
fn what_is_kept_is_bounded_and_forgotten_with_the_remote() {
    let candidate = Description { meeting: 0, connection: 1, ice: 1, ..Description::default() };
    let mut state = Negotiation::default();
    for _ in 0..crate::limits::CANDIDATES_KEPT_MAX {
        state = run(state, &REFERENCE, Role::Polite, Event::Candidate(candidate)).0;
    }
    let (state, commands) = run(state, &REFERENCE, Role::Polite, Event::Candidate(candidate));
    assert_eq!(commands, [Command::Ignore(Ignored::TooMany)]);
    let (state, commands) = run(state, &REFERENCE, Role::Polite, Event::Gone);
    assert_eq!((state.kept, &commands[..]), (0, &[Command::Discard][..]));
}

#[test]
fn the_tutorials_peer_fails_on_a_candidate_without_description() {
    let strategy = Strategy { candidates: Candidates::Dropped, ..REFERENCE };
    let candidate = Description { meeting: 0, connection: 1, ice: 1, ..Description::default() };
    let (_, commands) = run(Negotiation::default(), &strategy, Role::Polite, Event::Candidate(candidate));
    assert_eq!(commands, [Command::Fail(SignalKind::Candidate, candidate)]);
}

#[test]
fn each_rule_of_the_setup_puts_handlers_and_tracks_where_it_says() {
    let sequence = |setup| {
        let strategy = Strategy { setup, ..REFERENCE };
        let (_, commands) = run(Negotiation::default(), &strategy, Role::Impolite, Event::Met(Side::Resident));
        let wanted = [Command::Attach, Command::AddTracks];
        commands.into_iter().filter_map(|it| wanted.iter().position(|known| *known == it)).collect::<Vec<_>>()
    };
    assert_eq!(sequence(Setup::First), [0, 1]);
    assert_eq!(sequence(Setup::HandlersLast), [1, 0]);
    assert_eq!(sequence(Setup::TracksLast), [0, 1]);
}

#[test]
fn an_answer_to_another_offer_is_ignored() {
    let (lower, higher) = connected();
    let (lower, _) = run(lower, &REFERENCE, Role::Impolite, Event::ChangeTracks);
    let answer = Description { meeting: 1, connection: higher.connection, number: higher.made, answers: 1, ice: 1 };
    let (after, commands) = run(lower, &REFERENCE, Role::Impolite, Event::Answer(answer));
    assert_eq!((after, &commands[..]), (lower, &[Command::Ignore(Ignored::NotOutstanding)][..]));
}

#[test]
fn an_offer_of_an_earlier_meeting_is_ignored() {
    let (_, higher) = connected();
    let (higher, _) = run(higher, &REFERENCE, Role::Polite, Event::Gone);
    let (higher, _) = run(higher, &REFERENCE, Role::Polite, Event::Met(Side::Joiner));
    let stale = Description { meeting: 1, connection: 1, number: 1, answers: 0, ice: 1 };
    let (_, commands) = run(higher, &REFERENCE, Role::Polite, Event::Offer(stale));
    assert_eq!(commands, [Command::Ignore(Ignored::Stale)]);
}

#[test]
fn an_offer_of_another_connection_resets_the_local_one() {
    let (_, higher) = connected();
    let other = Description { meeting: 1, connection: 2, number: 2, answers: 0, ice: 2 };
    let (after, commands) = run(higher, &REFERENCE, Role::Polite, Event::Offer(other));
    assert_eq!(commands[..2], [Command::Close, Command::Build]);
    assert_eq!(after.remote_connection, 2);
}

#[test]
fn the_tutorials_peer_overwrites_its_connection_and_then_fails_on_the_answer() {
    let strategy = Strategy::BOTH_OFFER;
    let (state, _) = run(Negotiation::default(), &strategy, Role::Impolite, Event::Met(Side::Resident));
    let offer = Description { meeting: 1, connection: 1, number: 1, answers: 0, ice: 1 };
    let (state, commands) = run(state, &strategy, Role::Impolite, Event::Offer(offer));
    assert_eq!(commands[..2], [Command::Orphan, Command::Build]);
    let (state, _) = run(state, &strategy, Role::Impolite, Event::Ready);
    let answer = Description { meeting: 1, connection: 2, number: 2, answers: 1, ice: 1 };
    let (_, commands) = run(state, &strategy, Role::Impolite, Event::Answer(answer));
    assert_eq!(commands, [Command::Fail(SignalKind::Answer, answer)]);
}

#[test]
fn each_rule_of_the_first_offer_names_who_offers() {
    let offers = |first_offer, side, role| {
        let strategy = Strategy { first_offer, ..REFERENCE };
        run(Negotiation::default(), &strategy, role, Event::Met(side)).1.contains(&Command::Build)
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
