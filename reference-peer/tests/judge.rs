//! The judge of traces: a right one passes, and each departure is found under the clause that it breaks.

use glare_model::requirement::{RequirementId, ids};
use glare_peer::{
    judge::{judge, read, unconnected},
    trace::Line,
};

/// A trace of the peer `b`, with the lines in between.
fn trace(steps: &[&str]) -> Vec<Line> {
    let mut text = String::from(r#"{"peer":{"version":1,"strategy":"perfect-negotiation","implementation":"test"}}"#);
    text += "\n{\"identity\":\"b\"}\n";
    for step in steps {
        text += step;
        text.push('\n');
    }
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn step(remote: &str, event: &str, did: &[&str]) -> String {
    format!(r#"{{"step":{{"remote":"{remote}","event":{event},"did":[{}]}}}}"#, did.join(","))
}

fn numbers(kind: &str, [meeting, connection, number, answers, ice]: [u32; 5]) -> String {
    format!(
        r#"{{"{kind}":{{"meeting":{meeting},"connection":{connection},"number":{number},"answers":{answers},"ice":{ice}}}}}"#
    )
}

/// The clauses that a trace breaks by the second oracle.
fn broken(steps: &[String]) -> Vec<RequirementId> {
    let steps: Vec<_> = steps.iter().map(String::as_str).collect();
    let verdict = judge(&trace(&steps)).unwrap();
    assert!(!verdict.findings.is_empty(), "nothing is found");
    let mut clauses: Vec<_> = verdict.findings.iter().filter_map(|finding| finding.clause).collect();
    clauses.sort_unstable();
    clauses.dedup();
    clauses
}

const BUILT: [&str; 3] = ["\"build\"", "\"attach\"", "\"add-tracks\""];

/// `b` meets `remote` and offers.
fn met(remote: &str) -> String {
    let offer = numbers("send-offer", [1, 1, 1, 0, 1]);
    step(remote, "\"met-resident\"", &[&BUILT[..], &[&offer]].concat())
}

fn gone(remote: &str) -> String {
    step(remote, "\"gone\"", &["\"close\""])
}

const ANSWER: [u32; 5] = [1, 1, 1, 1, 1];
const OFFER: [u32; 5] = [1, 1, 1, 0, 1];

#[test]
fn a_run_that_follows_the_rules_passes() {
    let apply = numbers("apply-answer", ANSWER);
    let steps = [
        met("a"),
        step("a", &numbers("answer", ANSWER), &[&apply]),
        step("a", "\"ice-connected\"", &[]),
        gone("a"),
        r#"{"closed":{"open_connections":0}}"#.to_owned(),
    ];
    let steps: Vec<_> = steps.iter().map(String::as_str).collect();
    let verdict = judge(&trace(&steps)).unwrap();
    assert_eq!(verdict.findings, []);
    assert_eq!((verdict.steps, verdict.stays.len(), verdict.stays[0].is_connected), (4, 1, true));
}

#[test]
fn neg_01_a_second_connection_beside_a_living_one() {
    let again = step("a", "\"met-resident\"", &BUILT);
    assert_eq!(broken(&[met("a"), again]), [ids::NEG_01]);
}

#[test]
fn neg_01_a_connection_that_is_lost_sight_of() {
    let (apply, orphan) = (numbers("apply-offer", OFFER), "\"orphan\"");
    let did = [&[orphan][..], &BUILT[..], &[&apply]].concat();
    assert!(broken(&[met("a"), step("a", &numbers("offer", OFFER), &did)]).contains(&ids::NEG_01));
}

#[test]
fn neg_02_the_higher_id_does_not_yield() {
    let offer = numbers("offer", OFFER);
    assert_eq!(broken(&[met("a"), step("a", &offer, &["\"ignore-lost-glare\""])]), [ids::NEG_02]);
}

#[test]
fn neg_02_the_lower_id_yields() {
    let (offer, apply) = (numbers("offer", OFFER), numbers("apply-offer", OFFER));
    let steps = [met("c"), step("c", &offer, &["\"rollback\"", &apply, "\"prepare\""])];
    assert_eq!(broken(&steps), [ids::NEG_02]);
}

#[test]
fn a_glare_is_told_from_an_offer_that_crosses_nothing_and_counted_at_one_end() {
    let apply = numbers("apply-offer", OFFER);
    let glares = |steps: &[String]| {
        let steps: Vec<_> = steps.iter().map(String::as_str).collect();
        judge(&trace(&steps)).unwrap().glares
    };
    let offer = numbers("offer", OFFER);
    let plain = step("a", &offer, &[&BUILT[..], &[&apply, "\"prepare\""]].concat());
    assert_eq!(glares(&[step("a", "\"met-outside\"", &[]), plain]), 0);
    assert_eq!(glares(&[met("a"), step("a", &offer, &["\"rollback\"", &apply, "\"prepare\""])]), 1);
    assert_eq!(glares(&[met("c"), step("c", &offer, &["\"ignore-lost-glare\""])]), 0);
}

#[test]
fn neg_03_an_answer_to_another_offer_is_applied() {
    let other = [1, 1, 1, 7, 1];
    let steps = [met("a"), step("a", &numbers("answer", other), &[&numbers("apply-answer", other)])];
    assert_eq!(broken(&steps), [ids::NEG_03]);
}

#[test]
fn neg_04_a_candidate_is_added_before_its_description() {
    let early = [1, 1, 0, 0, 1];
    let steps = [met("a"), step("a", &numbers("candidate", early), &[&numbers("add", early)])];
    assert_eq!(broken(&steps), [ids::NEG_04]);
}

#[test]
fn neg_04_an_early_candidate_is_dropped() {
    let steps = [met("a"), step("a", &numbers("candidate", [1, 1, 0, 0, 1]), &[])];
    assert_eq!(broken(&steps), [ids::NEG_04]);
}

#[test]
fn neg_05_a_connection_outlives_its_member() {
    assert_eq!(broken(&[met("a"), step("a", "\"gone\"", &[])]), [ids::NEG_05]);
}

#[test]
fn neg_05_candidates_outlive_their_member() {
    let early = [1, 1, 0, 0, 1];
    let steps = [met("a"), step("a", &numbers("candidate", early), &[&numbers("keep", early)]), gone("a")];
    assert_eq!(broken(&steps), [ids::NEG_05]);
}

#[test]
fn neg_07_an_answer_of_an_earlier_stay_is_applied() {
    let steps = [
        met("a"),
        gone("a"),
        step("a", "\"met-resident\"", &[&BUILT[..], &[&numbers("send-offer", [2, 2, 2, 0, 2])]].concat()),
        step("a", &numbers("answer", ANSWER), &[&numbers("apply-answer", ANSWER)]),
    ];
    assert!(broken(&steps).contains(&ids::NEG_07));
}

#[test]
fn neg_08_an_offer_without_tracks() {
    let offer = numbers("send-offer", OFFER);
    let did = ["\"build\"", "\"attach\"", offer.as_str(), "\"add-tracks\""];
    assert_eq!(broken(&[step("a", "\"met-resident\"", &did)]), [ids::NEG_08]);
}

#[test]
fn neg_09_a_connection_is_left_open_at_the_end() {
    let closed = |open: usize| format!(r#"{{"closed":{{"open_connections":{open}}}}}"#);
    assert_eq!(broken(&[met("a"), closed(0)]), [ids::NEG_09]);
    assert_eq!(broken(&[closed(1)]), [ids::NEG_09]);
}

/// The pairs that the trace of `b` alone leaves unconnected.
fn alone(steps: &[String]) -> Vec<(String, String)> {
    let steps: Vec<_> = steps.iter().map(String::as_str).collect();
    unconnected(&[judge(&trace(&steps)).unwrap()])
}

fn pair(one: &str, other: &str) -> Vec<(String, String)> {
    vec![(one.to_owned(), other.to_owned())]
}

#[test]
fn neg_06_a_stay_that_goes_on_counts_as_it_stands() {
    let answer = step("a", &numbers("answer", ANSWER), &[&numbers("apply-answer", ANSWER)]);
    assert_eq!(alone(&[met("a"), answer.clone()]), pair("a", "b"));
    assert_eq!(alone(&[met("a"), answer, step("a", "\"ice-connected\"", &[])]), []);
}

#[test]
fn neg_06_a_pair_of_which_either_end_wrote_the_only_trace_is_judged() {
    assert_eq!(alone(&[met("a"), gone("a")]), pair("a", "b"));
    assert_eq!(alone(&[met("c"), gone("c")]), pair("b", "c"));
}

#[test]
fn neg_06_a_pair_that_never_negotiated_is_not_connected() {
    let closed = r#"{"closed":{"open_connections":0}}"#.to_owned();
    let (met, gone) = (step("a", "\"met-joiner\"", &[]), step("a", "\"gone\"", &[]));
    for end in [vec![], vec![gone], vec![closed], vec![r#"{"identity":"d"}"#.to_owned()]] {
        assert_eq!(alone(&[vec![met.clone()], end].concat()), pair("a", "b"));
    }
    assert_eq!(alone(&[step("a", "\"met-outside\"", &[])]), [], "who is outside meets nobody");
}

#[test]
fn neg_06_whoever_wrote_a_trace_and_knows_of_no_stay_is_not_connected() {
    let answer = step("a", &numbers("answer", ANSWER), &[&numbers("apply-answer", ANSWER)]);
    let steps = [met("a"), answer, step("a", "\"ice-connected\"", &[])];
    let steps: Vec<_> = steps.iter().map(String::as_str).collect();
    let near = judge(&trace(&steps)).unwrap();
    let peer = r#"{"peer":{"version":1,"strategy":"perfect-negotiation","implementation":"test"}}"#;
    let far = judge(&read(format!("{peer}\n{{\"identity\":\"a\"}}\n").as_bytes()).unwrap()).unwrap();
    assert_eq!(unconnected(&[near, far]), pair("a", "b"));
}

#[test]
fn a_command_that_failed_and_a_state_that_differs_are_found() {
    for detail in [r#""failed":"no""#, r#""signaling":"stable""#] {
        let line = met("a").replace("]}}", &format!("],{detail}}}}}"));
        let verdict = judge(&trace(&[&line])).unwrap();
        assert_eq!(verdict.findings.len(), 1, "{line}");
        assert_eq!(verdict.findings[0].clause, None);
    }
}

#[test]
fn what_is_no_trace_is_refused_with_its_line() {
    assert!(read("{}".as_bytes()).unwrap_err().to_string().contains("line 1"));
    assert!(judge(&[]).unwrap_err().to_string().contains("begins with"));
    let unknown = r#"{"peer":{"version":1,"strategy":"hope","implementation":""}}"#;
    assert!(judge(&read(unknown.as_bytes()).unwrap()).unwrap_err().to_string().contains("hope"));
}
