//! How two transcripts of a case differ.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{Moment, Transcript};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: Kind,
}

/// Where two transcripts differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the moment, from 1, in the one in which it is.
    pub moment: usize,
    /// Its last step.
    pub step: String,
    /// Who got, or did not get, something; none where the steps themselves differ.
    pub receiver: Option<String>,
}

/// Kinds of differences. A line is an event with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is no longer there.
    Removed(String),
    /// It is new.
    Added(String),
    /// It is there at another place among what its receiver gets.
    Reordered(String),
    /// The same event has other data.
    Changed {
        /// As it was.
        from: String,
        /// As it is.
        to: String,
    },
    /// The scenario was played no further, since a promise was not kept; the moments that are therefore missing.
    CutShort(usize),
}

/// All differences from one transcript to another, in the order of the scenario.
#[must_use]
pub fn compare(old: &Transcript, new: &Transcript) -> Vec<Change> {
    let (before, after) = (keys(&old.moments), keys(&new.moments));
    let mut changes = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &before, &after) {
        match op {
            DiffOp::Equal { old_index, new_index, len } => {
                for step in 0..len {
                    let (old, new) = (&old.moments[old_index + step], &new.moments[new_index + step]);
                    lanes(new_index + step, old, new, &mut changes);
                }
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                removed(&old.moments, new, old_index..old_index + old_len, &mut changes);
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                added(&new.moments, new_index..new_index + new_len, &mut changes)
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                removed(&old.moments, new, old_index..old_index + old_len, &mut changes);
                added(&new.moments, new_index..new_index + new_len, &mut changes);
            }
        }
    }
    changes
}

fn keys(moments: &[Moment]) -> Vec<&[String]> {
    moments.iter().map(|moment| moment.steps.as_slice()).collect()
}

fn place(index: usize, moment: &Moment, receiver: Option<&str>) -> Place {
    let step = moment.steps.last().cloned().unwrap_or_else(|| "(no step)".to_owned());
    Place { moment: index + 1, step, receiver: receiver.map(str::to_owned) }
}

fn removed(moments: &[Moment], new: &Transcript, range: std::ops::Range<usize>, changes: &mut Vec<Change>) {
    let is_tail = range.end == moments.len();
    if new.is_cut && is_tail {
        let kind = Kind::CutShort(range.len());
        changes.push(Change { place: place(range.start, &moments[range.start], None), kind });
        return;
    }
    for index in range {
        let steps = moments[index].steps.join("; ");
        changes.push(Change { place: place(index, &moments[index], None), kind: Kind::Removed(steps) });
    }
}

fn added(moments: &[Moment], range: std::ops::Range<usize>, changes: &mut Vec<Change>) {
    for index in range {
        let steps = moments[index].steps.join("; ");
        changes.push(Change { place: place(index, &moments[index], None), kind: Kind::Added(steps) });
    }
}

/// What each receiver gets at one moment.
fn lanes(index: usize, old: &Moment, new: &Moment, changes: &mut Vec<Change>) {
    let receivers: BTreeSet<&String> = old.seen.keys().chain(new.seen.keys()).collect();
    let none = Vec::new();
    for receiver in receivers {
        let (before, after) = (old.seen.get(receiver).unwrap_or(&none), new.seen.get(receiver).unwrap_or(&none));
        for kind in lines(before, after) {
            changes.push(Change { place: place(index, new, Some(receiver)), kind });
        }
    }
}

fn lines(before: &[String], after: &[String]) -> Vec<Kind> {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for op in capture_diff_slices(Algorithm::Myers, before, after) {
        match op {
            DiffOp::Equal { .. } => {}
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                gone.extend(before[op.old_range()].iter().cloned());
                come.extend(after[op.new_range()].iter().cloned());
            }
        }
    }
    let mut kinds = Vec::new();
    pair(&mut gone, &mut come, |gone, come| gone == come, |gone, _| kinds.push(Kind::Reordered(gone)));
    let same_event = |gone: &String, come: &String| event(gone) == event(come);
    pair(&mut gone, &mut come, same_event, |from, to| kinds.push(Kind::Changed { from, to }));
    kinds.extend(gone.into_iter().map(Kind::Removed));
    kinds.extend(come.into_iter().map(Kind::Added));
    kinds
}

/// Takes out of both lists, in order, what belongs together.
fn pair(
    gone: &mut Vec<String>,
    come: &mut Vec<String>,
    belong: impl Fn(&String, &String) -> bool,
    mut found: impl FnMut(String, String),
) {
    gone.retain(|one| match come.iter().position(|other| belong(one, other)) {
        Some(place) => {
            found(one.clone(), come.remove(place));
            false
        }
        None => true,
    });
}

/// The event of a line.
pub(super) fn event(line: &str) -> &str {
    line.split(' ').next().unwrap_or(line)
}

/// The data of a line, as JSON text; empty if there is none.
pub(super) fn data(line: &str) -> &str {
    line.split_once(' ').map_or("", |(_, data)| data)
}

/// The members of an object that differ between two lines of one event: as they were, and as they are.
pub(super) fn members(from: &str, to: &str) -> BTreeMap<String, (Option<String>, Option<String>)> {
    let read =
        |line: &str| -> BTreeMap<String, serde_json::Value> { serde_json::from_str(data(line)).unwrap_or_default() };
    let (before, after) = (read(from), read(to));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let text = |value: Option<&serde_json::Value>| value.map(ToString::to_string);
    differ.map(|name| (name.clone(), (text(before.get(name)), text(after.get(name))))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(lanes: &[(&str, &[&str])]) -> Transcript {
        let seen =
            lanes.iter().map(|(name, lines)| ((*name).to_owned(), lines.iter().map(|one| (*one).to_owned()).collect()));
        let moment = Moment { steps: vec!["B > leave-room".to_owned()], seen: seen.collect() };
        Transcript { case: "c".into(), title: "t".into(), covers: Vec::new(), moments: vec![moment], is_cut: false }
    }

    fn kinds(old: &[&str], new: &[&str]) -> Vec<Kind> {
        let changes = compare(&transcript(&[("A", old)]), &transcript(&[("A", new)]));
        changes.into_iter().map(|change| change.kind).collect()
    }

    #[test]
    fn what_is_gone_new_moved_or_other_is_told_apart() {
        assert_eq!(kinds(&["a", "b"], &["a", "b"]), []);
        assert_eq!(kinds(&["a", "b"], &["b"]), [Kind::Removed("a".into())]);
        assert_eq!(kinds(&["b"], &["b", "a"]), [Kind::Added("a".into())]);
        assert_eq!(kinds(&["a 1", "b"], &["b", "a 1"]).len(), 1);
        assert!(matches!(kinds(&["a 1", "b"], &["b", "a 1"])[0], Kind::Reordered(_)));
        assert_eq!(kinds(&["a 1"], &["a 2"]), [Kind::Changed { from: "a 1".into(), to: "a 2".into() }]);
    }

    #[test]
    fn a_case_that_ends_early_is_one_difference() {
        let mut old = transcript(&[("A", &["a"])]);
        old.moments.push(Moment { steps: vec!["A > x".into()], seen: BTreeMap::new() });
        old.moments.push(Moment { steps: vec!["A > y".into()], seen: BTreeMap::new() });
        let new = Transcript { is_cut: true, ..transcript(&[]) };
        let kinds: Vec<_> = compare(&old, &new).into_iter().map(|change| change.kind).collect();
        assert_eq!(kinds, [Kind::Removed("a".into()), Kind::CutShort(2)]);
    }
}
