//! The suite in memory: exact, and without false alarms against the model's own rules.

use std::time::Duration;

use glare_conformance::{
    driver::{Settings, drive},
    oracle::judge,
    scenario::{library, parse},
    transport::{Memory, Transport},
    verdict::Verdict,
};

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
