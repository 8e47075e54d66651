//! `glare diff`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use super::{PlayArgs, Played};
use crate::{
    cli::{Exit, Failure, print},
    snapshot::{Explained, Recorded, explain, summarise},
};

const DIFF_EXAMPLES: &str = "\
Examples:
  glare diff tutorial:http://127.0.0.1:3000 tutorial:http://127.0.0.1:3001     two versions of a server
  glare diff embedded glare:embedded                                           one server over two wires
  glare diff memory:reference memory:tutorial --only 'ROOM-*'

A case that only one of them has words for is named, and not compared. Exit codes: 0 no difference, 1 some, 2 usage,
3 some case has no transcript, or is played on one of them only.";

#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(in crate::cli) struct DiffArgs {
    /// The server as it was.
    one: String,
    /// The server as it is, whose clauses are judged.
    other: String,
    #[command(flatten)]
    play: PlayArgs,
}

pub(in crate::cli) fn diff(args: &DiffArgs) -> Result<Exit, Failure> {
    let cases = args.play.choose()?.cases;
    let before = args.play.play(Some(&args.one), &cases)?;
    let after = args.play.play(Some(&args.other), &cases)?;
    let comparison = Comparison::new((&args.one, &before), (&args.other, &after));
    let differ: BTreeSet<&str> = comparison.explained.iter().map(|one| one.case.as_str()).collect();
    let unplayed: String = comparison.unplayed.iter().map(|line| format!("{line}\n")).collect();
    let (counts, compared) = (differ.len(), comparison.compared);
    let sum = format!("from {} to {}: {counts} of {compared} cases differ\n", args.one, args.other);
    print(&(unplayed + &summarise(&comparison.explained) + &sum))?;
    Ok(match (differ.is_empty(), comparison.unplayed.is_empty()) {
        (false, _) => Exit::Fail,
        (true, true) => Exit::Pass,
        (true, false) => Exit::Incomplete,
    })
}

/// What two servers said in the same cases.
#[derive(Default)]
struct Comparison {
    /// How many cases have a transcript of both.
    compared: usize,
    explained: Vec<Explained>,
    /// Cases that only one of them was played, and those of which there is no transcript, in words.
    unplayed: Vec<String>,
}

impl Comparison {
    /// Compares two servers, each with its name. What neither has words for is of no concern to them.
    fn new((one, before): (&str, &Played), (other, after): (&str, &Played)) -> Self {
        let mut comparison = Self::default();
        let mut unpaired = by_case(after);
        for (case, old) in by_case(before) {
            match unpaired.remove(case) {
                Some(new) => comparison.compare((one, old), (other, new)),
                None => comparison.only_on(one, other, case, after),
            }
        }
        for case in unpaired.keys() {
            comparison.only_on(other, one, case, before);
        }
        comparison
    }

    fn compare(&mut self, (one, old): (&str, &Recorded), (other, new): (&str, &Recorded)) {
        let case = &old.transcript.case;
        let failures = [(one, old.failure()), (other, new.failure())];
        let failures = failures
            .map(|(target, failure)| failure.map(|reason| format!("no transcript of {case} on {target}: {reason}")));
        if failures.iter().all(Option::is_none) {
            self.compared += 1;
            self.explained.extend(explain(&old.transcript, new));
        }
        self.unplayed.extend(failures.into_iter().flatten());
    }

    fn only_on(&mut self, target: &str, other: &str, case: &str, without: &Played) {
        let reason = without.unsaid.get(case).map_or("it was not played", String::as_str);
        self.unplayed.push(format!("{case} is played on {target} only, not on {other}: {reason}"));
    }
}

fn by_case(played: &Played) -> BTreeMap<&str, &Recorded> {
    played.recorded.iter().map(|one| (one.transcript.case.as_str(), one)).collect()
}
