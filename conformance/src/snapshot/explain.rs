//! Differences in the protocol's terms: what changed, and which clause it is about.
//!
//! Whether a clause is broken is what the oracles say of the new run. The table here only says which clause a message is
//! about, so that a legal change can be found in the document too.

use std::{collections::BTreeMap, fmt::Write};

use glare_model::requirement::{RequirementId, ids as id};
use serde_json::Value;

use super::{
    Change, Kind, Recorded, Transcript, compare,
    compare::{data, event, members},
};
use crate::{limits::NAMES_SHOWN_MAX, oracle::Violation, verdict::Verdict};

/// A difference with its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The case.
    pub case: String,
    /// The difference.
    pub change: Change,
    /// What it is about, such as `user-left $B to A: removed`.
    pub what: String,
    /// The clause that it is about; none if the protocol leaves it open.
    pub clause: Option<RequirementId>,
    /// Whether that clause is broken now, by this difference.
    pub breaks: bool,
    /// Whether the new run judged that clause, and found it kept in the whole case.
    pub is_kept: bool,
}

/// All differences of a case from what it was, explained.
#[must_use]
pub fn explain(old: &Transcript, new: &Recorded) -> Vec<Explained> {
    let changes = compare(old, &new.transcript);
    changes.into_iter().map(|change| one(change, old, new)).collect()
}

fn one(change: Change, old: &Transcript, new: &Recorded) -> Explained {
    let subject = clause_of(&change, &old.covers);
    let broken = broken_by(&change, subject, &new.judgement.violations);
    let clause = broken.or(subject);
    let is_kept = clause.is_some_and(|clause| keeps(new, clause));
    Explained { case: old.case.clone(), what: words(&change), clause, breaks: broken.is_some(), is_kept, change }
}

/// The clause that the new run breaks where the difference is, and by what differs: the one that the difference is about
/// before any other.
fn broken_by(change: &Change, subject: Option<RequirementId>, violations: &[Violation]) -> Option<RequirementId> {
    let here =
        || violations.iter().filter(|one| one.phase + 1 == change.place.moment).map(|one| (one, one.requirement));
    let receiver = change.place.receiver.as_deref().unwrap_or_default();
    let tells_of_it = |one: &Violation| {
        let said = |text: &str| one.expected.contains(text) || one.actual.contains(text);
        said(receiver) && line_of(&change.kind).is_some_and(|line| said(event(line)))
    };
    let of_subject = here().find(|(_, clause)| Some(*clause) == subject);
    of_subject.or_else(|| here().find(|(one, _)| tells_of_it(one))).map(|(_, clause)| clause)
}

/// Whether a run judged a clause, and found it kept. A case that was cut short says nothing of what it was to show.
fn keeps(new: &Recorded, clause: RequirementId) -> bool {
    let judgement = &new.judgement;
    let is_judged = match judgement.verdict {
        Verdict::Pass => true,
        Verdict::Fail | Verdict::ExpectedFail => !judgement.cut_short,
        Verdict::Flaky | Verdict::Inconclusive | Verdict::NotApplicable | Verdict::NotExercised => false,
    };
    let covers = new.transcript.covers.iter().any(|covered| covered == clause.as_str());
    is_judged && covers && judgement.violations.iter().all(|one| one.requirement != clause)
}

fn line_of(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Removed(line) | Kind::Added(line) | Kind::Reordered(line) | Kind::Changed { to: line, .. } => Some(line),
        Kind::CutShort(_) => None,
    }
}

/// What a message is about, by its kind and what caused it. `covers` are the clauses of the case, the main one first.
fn clause_of(change: &Change, covers: &[String]) -> Option<RequirementId> {
    let line = line_of(&change.kind).filter(|_| change.place.receiver.is_some())?;
    let main = covers.first().and_then(|clause| clause.parse().ok());
    let left = change.place.step.contains("> leave-room");
    let by_event = match event(line) {
        "user-joined" => id::ROOM_07,
        "user-left" if left => id::ROOM_08,
        "user-left" => id::ROOM_10,
        "room-closed" => id::CAP_HOST_CLOSE_01,
        "host-changed" => id::CAP_HOST_TRANSFER_01,
        "offer" | "answer" | "ice-candidate" => id::RELAY_01,
        "ack" | "error" => main?,
        // An end of a connection, or an event that the protocol does not name.
        "is" | "cannot" | "gets" => id::ERR_03,
        _ => return None,
    };
    match &change.kind {
        Kind::Removed(_) | Kind::Added(_) => Some(by_event),
        Kind::Reordered(_) => Some(order_of(event(line))),
        Kind::Changed { from, to } => of_members(from, to, by_event),
        Kind::CutShort(_) => None,
    }
}

fn order_of(event: &str) -> RequirementId {
    match event {
        "ack" => id::ORDER_02,
        "offer" | "answer" | "ice-candidate" => id::ORDER_03,
        _ => id::ORDER_04,
    }
}

/// The clause about the members that differ; none where only what is free does.
fn of_members(from: &str, to: &str, by_event: RequirementId) -> Option<RequirementId> {
    let (members, is_ack) = (members(from, to), event(to) == "ack");
    let differs = |name: &str| members.contains_key(name);
    if differs("success") || differs("type") {
        Some(by_event)
    } else if differs("existingUsers") {
        Some(id::ROOM_06)
    } else if differs("roomId") && is_ack {
        Some(id::ROOM_01)
    } else if differs("from") {
        Some(id::RELAY_03)
    } else if ["offer", "answer", "candidate"].into_iter().any(differs) {
        Some(id::RELAY_02)
    } else if differs("userId") {
        Some(by_event)
    } else if differs("timestamp") {
        Some(id::ROOM_14)
    } else {
        None
    }
}

fn words(change: &Change) -> String {
    let place = match &change.place.receiver {
        Some(receiver) => format!(" to {receiver}"),
        None => String::new(),
    };
    match &change.kind {
        Kind::Removed(line) => format!("{}{place}: removed", subject(line)),
        Kind::Added(line) => format!("{}{place}: added", subject(line)),
        Kind::Reordered(line) => format!("{}{place}: reordered", subject(line)),
        Kind::Changed { from, to } => {
            let parts = members(from, to).into_iter().map(|(name, (before, after))| {
                let none = || "nothing".to_owned();
                format!("{name} from {} to {}", before.unwrap_or_else(none), after.unwrap_or_else(none))
            });
            let parts: Vec<_> = parts.collect();
            let said = if parts.is_empty() { format!("from {} to {}", data(from), data(to)) } else { parts.join(", ") };
            format!("{}{place}: changed, {said}", event(to))
        }
        Kind::CutShort(count) => format!("a promise was not kept: {count} further steps were not played"),
    }
}

/// An event with the user that it is about.
fn subject(line: &str) -> String {
    let data: Value = serde_json::from_str(data(line)).unwrap_or_default();
    let word = match event(line) {
        "ack" => match data.get("success") {
            Some(Value::Bool(true)) => Some("of success"),
            Some(Value::Bool(false)) => Some("of refusal"),
            _ => None,
        },
        "is" | "cannot" | "gets" => return format!("{line:?}"),
        "offer" | "answer" | "ice-candidate" => data.get("from").and_then(Value::as_str),
        "error" => data.get("type").and_then(Value::as_str),
        _ => data.get("userId").and_then(Value::as_str),
    };
    let from = if matches!(event(line), "offer" | "answer" | "ice-candidate") { "from " } else { "" };
    word.map_or_else(|| event(line).to_owned(), |word| format!("{} {from}{word}", event(line)))
}

/// All differences for people: those that are alike are told once, with the first case in full and the others by name.
#[must_use]
pub fn summarise(all: &[Explained]) -> String {
    let mut groups: BTreeMap<(bool, Option<RequirementId>, bool, String), Vec<&Explained>> = BTreeMap::new();
    for one in all.iter().filter(|one| !matches!(one.change.kind, Kind::CutShort(_))) {
        groups.entry((!one.breaks, one.clause, one.is_kept, shape(one))).or_default().push(one);
    }
    let mut page = String::new();
    for group in groups.values() {
        let first = group[0];
        let meaning = match first.clause {
            Some(clause) if first.breaks => format!("breaks {clause} ({}): {}", clause.level(), clause.clause().text),
            Some(clause) if first.is_kept => format!("about {clause}, which is kept"),
            Some(clause) => format!("about {clause}, which the case does not show to be kept"),
            None => "the protocol leaves it open".to_owned(),
        };
        let (case, step, moment) = (&first.case, &first.change.place.step, first.change.place.moment);
        let _infallible = write!(page, "{}\n  {meaning}\n  in   {case}, step {moment}: {step}\n", first.what);
        let mut others: Vec<&str> =
            group[1..].iter().map(|one| one.case.as_str()).filter(|other| other != case).collect();
        others.dedup();
        if !others.is_empty() {
            let more = others.len().saturating_sub(NAMES_SHOWN_MAX);
            let shown = others.iter().take(NAMES_SHOWN_MAX).copied().collect::<Vec<_>>().join(" ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _infallible = writeln!(page, "  also {shown}{more}");
        }
    }
    let cut: Vec<&str> =
        all.iter().filter(|one| matches!(one.change.kind, Kind::CutShort(_))).map(|one| one.case.as_str()).collect();
    if !cut.is_empty() {
        let _infallible =
            writeln!(page, "after that, a promise was not kept and {} cases were not played to their end", cut.len());
    }
    page
}

/// What is alike about differences: all but names.
fn shape(one: &Explained) -> String {
    let kind = match &one.change.kind {
        Kind::Removed(line) => format!("removed {}", event(line)),
        Kind::Added(line) => format!("added {}", event(line)),
        Kind::Reordered(line) => format!("reordered {}", event(line)),
        Kind::Changed { from, to } => {
            let names: Vec<_> = members(from, to).into_keys().collect();
            format!("changed {} {}", event(to), names.join(" "))
        }
        Kind::CutShort(_) => String::new(),
    };
    format!("{kind} {}", one.change.place.receiver.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        oracle::{Judgement, Oracle},
        snapshot::Moment,
        verdict::Evidence,
    };

    /// What two clients get in one moment, of a case of ROOM-01.
    fn transcript(a: &str, b: &str) -> Transcript {
        let seen = [("A", a), ("B", b)].map(|(name, line)| (name.to_owned(), vec![line.to_owned()]));
        let moment = Moment { steps: vec!["A > create-room \"#r\"".to_owned()], seen: seen.into() };
        let covers = vec![id::ROOM_01.to_string()];
        Transcript { case: "c".to_owned(), title: String::new(), covers, moments: vec![moment], is_cut: false }
    }

    /// A run in which `ack` of A and `user-joined` of B are other than they were, and what the oracles say of it.
    fn explained(broken: &[(RequirementId, &str)], cut_short: bool) -> Vec<Explained> {
        let violation = |(requirement, actual): &(RequirementId, &str)| Violation {
            requirement: *requirement,
            phase: 0,
            expected: String::new(),
            actual: (*actual).to_owned(),
            missing: false,
            oracle: Oracle::Invariants,
        };
        let judgement = Judgement {
            verdict: if broken.is_empty() { Verdict::Pass } else { Verdict::Fail },
            evidence: Evidence::Fenced,
            violations: broken.iter().map(violation).collect(),
            cut_short,
            reason: None,
            frontier: Default::default(),
        };
        let old = transcript("ack {\"success\":true}", "user-joined {\"userId\":\"$A\"}");
        let new = transcript("ack {\"success\":false}", "user-joined {\"userId\":\"$B\"}");
        explain(&old, &Recorded { transcript: new, judgement })
    }

    fn of_event(all: &[Explained], name: &str) -> (Option<RequirementId>, bool, bool) {
        let one = all.iter().find(|one| line_of(&one.change.kind).is_some_and(|line| event(line) == name)).unwrap();
        (one.clause, one.breaks, one.is_kept)
    }

    #[test]
    fn a_violation_of_another_message_in_the_same_step_is_not_that_of_a_difference() {
        let all = explained(&[(id::ROOM_01, "A is refused")], false);
        assert_eq!(of_event(&all, "ack"), (Some(id::ROOM_01), true, false));
        assert_eq!(of_event(&all, "user-joined"), (Some(id::ROOM_07), false, false));
    }

    #[test]
    fn a_violation_that_names_the_message_is_that_of_the_difference() {
        let all = explained(&[(id::ID_01, "B gets user-joined of itself")], false);
        assert_eq!(of_event(&all, "user-joined"), (Some(id::ID_01), true, false));
    }

    #[test]
    fn a_clause_is_kept_only_where_the_case_judges_it_to_its_end() {
        assert_eq!(of_event(&explained(&[], false), "ack"), (Some(id::ROOM_01), false, true));
        assert_eq!(of_event(&explained(&[], false), "user-joined"), (Some(id::ROOM_07), false, false));
        let cut = explained(&[(id::ERR_03, "somebody else")], true);
        assert_eq!(of_event(&cut, "ack"), (Some(id::ROOM_01), false, false));
        assert!(summarise(&cut).contains("about ROOM-01, which the case does not show to be kept"));
    }
}
