//! The suite in memory: exact, and without false alarms against the model's own rules.

use std::time::Duration;

use glare_conformance::{
    driver::{Settings, drive},
    oracle::judge,
    scenario::library,
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
