//! Suites that the model generates, in memory: they pass where the rules are kept, and say what they cover.

use std::{collections::BTreeMap, time::Duration};

use glare_conformance::{
    driver::{Settings, drive},
    oracle::{judge, outcomes},
    scenario::{Action, Scenario, generate, parse},
    transport::{Memory, Transport, virtual_time},
    verdict::Verdict,
};

const SETTINGS: Settings = Settings { timeout: Duration::from_secs(2), nonce: 1 };

/// What fails, and how, against the model's own rules.
fn alarms(scenarios: &[Scenario]) -> Vec<String> {
    let runtime = virtual_time().expect("a runtime");
    let judged = scenarios.iter().map(|case| {
        let transport = Transport::Memory(Memory::reference());
        (case, judge(&runtime.block_on(drive(&transport, case, SETTINGS)), true))
    });
    let failed = judged.filter(|(_, judgement)| judgement.verdict != Verdict::Pass);
    failed.map(|(case, judgement)| format!("{}: {judgement:#?}", case.id)).collect()
}

/// How large a suite is, for a snapshot.
fn size(scenarios: &[Scenario]) -> String {
    let steps = || scenarios.iter().flat_map(|case| &case.phases).flat_map(|phase| &phase.steps);
    let phases: usize = scenarios.iter().map(|case| case.phases.len()).sum();
    let acts = steps().filter(|step| step.action != Action::Connect).count();
    let connections = steps().filter(|step| step.action == Action::Connect).count();
    let longest = scenarios.iter().map(|case| case.phases.len()).max().unwrap_or(0);
    format!(
        "{} scenarios, {phases} phases (at most {longest} in one), {acts} acts, {connections} connections",
        scenarios.len()
    )
}

fn reads_again(scenarios: &[Scenario]) {
    for case in scenarios {
        let mut again = parse(&case.render()).expect("a rendered scenario").remove(0);
        again.source.clone_from(&case.source);
        assert_eq!(&again, case);
    }
}

fn ids_are_unique(scenarios: &[Scenario]) {
    let ids: std::collections::BTreeSet<_> = scenarios.iter().map(|case| &case.id).collect();
    assert_eq!(ids.len(), scenarios.len());
}

mod tours {
    use super::*;

    #[test]
    fn raise_no_alarm_against_the_rules() {
        let alarms = alarms(&generate::tours().scenarios);
        assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    }

    #[test]
    fn are_the_same_every_time_and_read_again() {
        let tours = generate::tours();
        assert_eq!(tours, generate::tours());
        reads_again(&tours.scenarios);
        ids_are_unique(&tours.scenarios);
    }

    #[test]
    fn are_small() {
        let tours = generate::tours();
        insta::assert_snapshot!("tours", format!("{}\n{}", size(&tours.scenarios), tours.claims.join("\n")));
        insta::assert_snapshot!("a_tour", tours.scenarios[1].render());
    }
}

mod complete {
    use super::*;

    #[test]
    fn raises_no_alarm_against_the_rules() {
        let alarms = alarms(&generate::complete(1).scenarios);
        assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    }

    #[test]
    fn is_the_same_every_time_and_reads_again() {
        let suite = generate::complete(1);
        assert_eq!(suite, generate::complete(1));
        reads_again(&suite.scenarios);
        ids_are_unique(&suite.scenarios);
    }

    #[test]
    fn is_small_for_one_extra_state_and_large_for_two() {
        let mut text = String::new();
        for extra in 0..=2 {
            let suite = generate::complete(extra);
            text += &format!("{}\n{}\n", size(&suite.scenarios), suite.claims.join("\n"));
        }
        insta::assert_snapshot!("complete", text);
        insta::assert_snapshot!("a_sequence", generate::complete(1).scenarios[1000].render());
    }
}

mod races {
    use super::*;

    #[test]
    fn raise_no_alarm_against_the_rules() {
        let alarms = alarms(&generate::races().scenarios);
        assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    }

    #[test]
    fn are_the_same_every_time_and_read_again() {
        let races = generate::races();
        assert_eq!(races, generate::races());
        reads_again(&races.scenarios);
        ids_are_unique(&races.scenarios);
    }

    /// Two counts of what a race may come to, which share no code: by the machine in advance, by the frontier from a trace.
    /// The frontier looks at no errors, which are all that is left to see of a signal to a client that goes.
    #[test]
    fn have_as_many_outcomes_as_the_oracle_allows() {
        let spots = generate::race_spots(&generate::races().scenarios);
        let runtime = virtual_time().expect("a runtime");
        let (mut same, mut several) = (0, 0);
        // The frontier begins anew for each phase, so a part of the suite has to do.
        for case in generate::races().scenarios.iter().step_by(4) {
            let trace = runtime.block_on(drive(&Transport::Memory(Memory::reference()), case, SETTINGS));
            let by_oracle = outcomes(&trace, |_| true);
            for spot in spots.iter().filter(|spot| spot.scenario == case.id) {
                let phase = by_oracle.iter().find(|one| one.phase == spot.phase).expect("two clients acted");
                let allowed = phase.allowed.as_ref().expect("two orders are few");
                assert!(allowed.contains(&phase.seen), "{}: {} is none of {allowed:?}", case.id, phase.seen);
                let count = allowed.len();
                let steps = &case.phases[spot.phase].steps;
                let goes = steps.iter().any(|step| matches!(step.action, Action::Close | Action::Drop));
                let only_an_error_tells = goes && (spot.outcomes, count) == (2, 1);
                if !only_an_error_tells {
                    assert_eq!(spot.outcomes, count, "{}: {} | {}", case.id, steps[0].text, steps[1].text);
                    same += 1;
                    several += usize::from(count > 1);
                }
            }
        }
        assert!(same > 200 && several > 5, "{same} races, {several} with several outcomes");
    }

    #[test]
    fn are_small() {
        let races = generate::races();
        insta::assert_snapshot!("races", format!("{}\n{}", size(&races.scenarios), races.claims.join("\n")));
        let titles: Vec<_> = races.scenarios.iter().step_by(10).map(|case| case.title.as_str()).collect();
        insta::assert_snapshot!("titles_of_races", titles.join("\n"));
        insta::assert_snapshot!("a_race", races.scenarios[60].render());
    }
}

/// 1234 as 1,234.
fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

#[test]
fn the_document_gives_the_sizes_of_the_suites() {
    let document = include_str!("../../docs/conformance.md");
    let acts = |scenarios: &[Scenario]| {
        let steps = scenarios.iter().flat_map(|case| &case.phases).flat_map(|phase| &phase.steps);
        with_commas(steps.filter(|step| step.action != Action::Connect).count())
    };
    let [tours, one, two] = [generate::tours(), generate::complete(1), generate::complete(2)].map(|it| it.scenarios);
    let cases = |scenarios: &[Scenario]| with_commas(scenarios.len());
    let races: BTreeMap<_, _> =
        generate::race_spots(&generate::races().scenarios).iter().map(|spot| (spot.race, spot.outcomes)).collect();
    for text in [
        format!("| {} cases, {} inputs |", cases(&tours), acts(&tours)),
        format!("{} cases, {} inputs for k = 1; {} and {} for k = 2", cases(&one), acts(&one), cases(&two), acts(&two)),
        format!(
            "{} races, of which {} may come out in two ways",
            with_commas(races.len()),
            races.values().filter(|outcomes| **outcomes > 1).count()
        ),
        format!("| {} cases |", cases(&generate::races().scenarios)),
    ] {
        assert!(document.contains(&text), "docs/conformance.md does not say {text:?}");
    }
}
