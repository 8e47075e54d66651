//! The suite in memory: exact, and without false alarms against the model's own rules.

use std::time::Duration;

use glare_conformance::{
    driver::{Settings, drive},
    oracle::judge,
    scenario::{library, parse},
    transport::{Memory, ModelCore, Transport},
    verdict::Verdict,
};
use glare_model::{requirement::ids::RELAY_07, room::RoomRules};

const SETTINGS: Settings = Settings { timeout: Duration::from_secs(2), nonce: 1 };

#[tokio::test(start_paused = true)]
async fn the_reference_rules_pass_every_case() {
    let transport = Transport::Memory(Memory::reference());
    let mut alarms = Vec::new();
    for case in library() {
        let trace = drive(&transport, case, SETTINGS).await;
        let judgement = judge(&trace, true);
        if judgement.verdict != Verdict::Pass {
            alarms.push(format!("{}: {:?} {:#?}", case.id, judgement.reason, judgement.violations));
        }
    }
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
}

/// B leaves before A comes back: of A's two stays B saw the first one begin, and C the second.
#[tokio::test(start_paused = true)]
async fn two_joins_of_one_client_are_not_one_notice_in_two_orders() {
    let text = "case: back-again\ntitle: t\ncovers: ORDER-04\n\
                B create r\nA join r\nC join r\nA leave\nB leave\nA join r\n\
                together\n  A leave\n  A join r\n  A leave\n  B join r\nend\n";
    let case = parse(text).unwrap().remove(0);
    let trace = drive(&Transport::Memory(Memory::reference()), &case, SETTINGS).await;
    assert_eq!(judge(&trace, true).violations, []);
}

/// A's own error reaches it before B's signal, and either may be served first.
#[tokio::test(start_paused = true)]
async fn an_error_that_precedes_anothers_signal_is_still_the_answer_to_ones_own() {
    let text = "case: own-error\ntitle: t\ncovers: RELAY-07\n\
                A create r\nB join r\ntogether\n  A answer A\n  B candidate A\nend\n";
    let case = parse(text).unwrap().remove(0);
    let trace = drive(&Transport::Memory(Memory::reference()), &case, SETTINGS).await;
    assert_eq!(judge(&trace, true).violations, []);
}

/// Whether a server knows yet that somebody in no room is gone makes no difference, and is not told apart: or every client
/// that comes and goes would double the states.
#[tokio::test(start_paused = true)]
async fn clients_that_come_and_go_do_not_multiply_what_may_be() {
    let visits = "A connect\nA join r\nA drop\nB connect\nB join r\nB close\n".repeat(12);
    let text = format!("case: visits\ntitle: t\ncovers: ROOM-05\n{visits}");
    let case = parse(&text).unwrap().remove(0);
    let trace = drive(&Transport::Memory(Memory::reference()), &case, SETTINGS).await;
    let judgement = judge(&trace, true);
    assert_eq!(judgement.verdict, Verdict::Pass, "{:?} {:?}", judgement.reason, judgement.violations);
    assert_eq!(judgement.frontier.max(), 1);
}

/// One alone in its room may be met there for as long as the server does not know that it is gone.
#[tokio::test(start_paused = true)]
async fn a_member_that_may_still_be_there_is_told_apart_from_one_that_is_gone() {
    let text = "case: ghost\ntitle: t\ncovers: ROOM-11\nA create r\nA drop\nB connect\n";
    let case = parse(text).unwrap().remove(0);
    let trace = drive(&Transport::Memory(Memory::reference()), &case, SETTINGS).await;
    assert_eq!(judge(&trace, true).frontier.max(), 2);
}

/// One error for two signals of one kind is the one that has to come, and the other one, which is recommended, is missing.
#[tokio::test(start_paused = true)]
async fn an_error_that_may_be_missing_does_not_take_the_place_of_one_that_may_not() {
    for steps in ["A offer B\n  A emit offer {\"offer\":{}}", "A emit offer {\"offer\":{}}\n  A offer B"] {
        let text = format!("case: two\ntitle: t\ncovers: RELAY-07\nB connect\nA connect\ntogether\n  {steps}\nend\n");
        let case = parse(&text).unwrap().remove(0);
        let rules = RoomRules { report_undeliverable: false, ..RoomRules::REFERENCE };
        let core = ModelCore::with_rules(rules);
        let trace = drive(&Transport::Memory(Memory::new(core)), &case, SETTINGS).await;
        let broken: Vec<_> = judge(&trace, true).violations.iter().map(|one| one.requirement).collect();
        assert_eq!(broken, [RELAY_07], "{}", trace.to_ndjson());
    }
}
