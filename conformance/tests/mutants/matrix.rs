//! docs/mutants.md.

use std::{collections::BTreeMap, fmt::Write};

use glare_conformance::oracle::Oracle;
use glare_model::requirement::{RequirementId, Role};

use crate::trial::Trial;

pub(crate) const HOW_TO_UPDATE: &str =
    "`GLARE_UPDATE=1 cargo test -p glare-conformance --test mutants` writes it again";

/// The document.
pub(crate) fn render(trials: &[Trial]) -> String {
    let mut text = format!(
        "# Mutants

<!-- Generated: {HOW_TO_UPDATE}. -->

Every check of the suite is proved by a server that it catches. Each mutant below is the reference server's room core with
one fault (`conformance/tests/mutants/`). The suite runs against it in memory, and the test demands that at least one case
fails with a violation of the clause that the mutant breaks.

- **cases**: how many cases name that clause. The four cases that move up to ten million bytes run only against mutants of
  the clause that they are named after.
- **oracles**: which of the two names that clause by itself; *(other clause)* where the second one objects too, and
  names another. The frontier knows what is sent and in which order, not the form of ids and timestamps, so it cannot see
  every fault.
- **also named**: other clauses that cases name, each with its number of cases: what the same fault breaks as well by the
  letter (a target that is a list makes a malformed signal, so relaying it breaks ERR-01 beside RELAY-06; a server that
  stops breaks ERR-07), or the closest legal course where several messages raced.

"
    );
    let alone = trials.iter().filter(|trial| trial.flagged().len() == 1).count();
    let total = trials.len();
    writeln!(text, "{total} mutants, all killed; {alone} of them under the named clause and no other.\n")
        .expect("a String takes all");
    text += "| mutant | what it does wrong | breaks | cases | oracles | also named |\n|---|---|---|---|---|---|\n";
    for trial in trials {
        let mutant = trial.mutant;
        let clause = mutant.breaks;
        let cases = trial.cases(clause).len();
        let others: Vec<_> = trial
            .flagged()
            .into_iter()
            .filter(|(other, _)| *other != clause)
            .map(|(other, cases)| format!("{other} ({cases})"))
            .collect();
        let (oracles, others) = (oracles(trial), others.join(", "));
        writeln!(text, "| `{}` | {} | {} | {cases} | {oracles} | {others} |", mutant.name, mutant.fault, link(clause))
            .expect("a String takes all");
    }
    text += "\n## Mutants of each clause\n\n| clause | mutants |\n|---|---|\n";
    for (clause, names) in by_clause(trials) {
        assert!(!names.is_empty(), "{clause} has no mutant");
        writeln!(text, "| {} | {} |", link(clause), names.join(", ")).expect("a String takes all");
    }
    text
}

fn oracles(trial: &Trial) -> &'static str {
    let word = |oracle| match (trial.named_by(oracle), trial.seen_by(oracle)) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    };
    match (word(Oracle::Invariants), word(Oracle::Frontier)) {
        (2, 2) => "both",
        (2, 1) => "invariants; frontier (other clause)",
        (2, _) => "invariants",
        (1, 2) => "frontier; invariants (other clause)",
        (0, 2) => "frontier",
        _ => "none",
    }
}

fn by_clause(trials: &[Trial]) -> BTreeMap<RequirementId, Vec<String>> {
    let servers = RequirementId::all().iter().filter(|clause| clause.role() == Role::Server);
    let mut mutants: BTreeMap<_, Vec<_>> = servers.map(|clause| (*clause, Vec::new())).collect();
    for trial in trials {
        mutants.entry(trial.mutant.breaks).or_default().push(format!("`{}`", trial.mutant.name));
    }
    mutants
}

fn link(clause: RequirementId) -> String {
    format!("[{clause}](protocol.md#{clause})")
}
