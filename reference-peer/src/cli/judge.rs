//! `glare-peer judge`.

use std::{fs::File, io::BufReader, path::PathBuf, process::ExitCode};

use clap::Args;
use glare_model::requirement::{RequirementId, ids};
use glare_peer::judge::{Coverage, Verdict, judge, read, unconnected};

use super::{complain, console::show_text, name};

#[derive(Args)]
pub(super) struct Judge {
    /// Traces, as `glare-peer join --trace` and the browser's peer write them.
    #[arg(required = true)]
    traces: Vec<PathBuf>,

    /// The traces are of one run in which everybody had the time to connect: then whoever is not connected breaks NEG-06.
    #[arg(long)]
    settled: bool,

    /// List the cells of the transition table that these runs did not exercise.
    #[arg(long)]
    coverage: bool,
}

pub(super) fn run(arguments: &Judge) -> ExitCode {
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut coverage = Coverage::default();
    for path in &arguments.traces {
        let lines = match File::open(path) {
            Ok(file) => read(BufReader::new(file)),
            Err(error) => return complain(&format!("cannot read {}: {error}", name(path))),
        };
        let verdict = match lines.and_then(|lines| judge(&lines)) {
            Ok(verdict) => verdict,
            Err(error) => return complain(&format!("{}: {error}", name(path))),
        };
        for finding in &verdict.findings {
            let clause = finding.clause.map_or_else(|| "the model".to_owned(), |id| id.to_string());
            show_text(&format!("FAIL {clause}  {}:{}  {}: {}", name(path), finding.line, finding.remote, finding.text));
        }
        coverage.merge(&verdict.coverage);
        verdicts.push(verdict);
    }
    let pairs = if arguments.settled { unconnected(&verdicts) } else { Vec::new() };
    for (one, other) in &pairs {
        show_text(&format!("FAIL {}  {one} and {other} did not end up connected with each other", ids::NEG_06));
    }
    show_text(&summary(&verdicts, arguments.settled));
    let (seen, all) = coverage.counts();
    show_text(&format!("{seen} of {all} cells of the transition table were exercised"));
    if arguments.coverage {
        coverage.missing().for_each(|cell| show_text(&format!("  not exercised: {cell}")));
    }
    let is_clean = pairs.is_empty() && verdicts.iter().all(|verdict| verdict.findings.is_empty());
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn summary(verdicts: &[Verdict], is_settled: bool) -> String {
    let times = |id: RequirementId| -> usize {
        verdicts.iter().map(|verdict| verdict.exercised.get(&id).copied().unwrap_or_default()).sum()
    };
    let all = [ids::NEG_01, ids::NEG_02, ids::NEG_03, ids::NEG_04, ids::NEG_05, ids::NEG_07, ids::NEG_08, ids::NEG_09];
    let clauses: Vec<_> = all.into_iter().map(|id| format!("{id} {}", times(id))).collect();
    let stays: usize = verdicts.iter().map(|verdict| verdict.stays.len() + verdict.open.len()).sum();
    let steps: usize = verdicts.iter().map(|verdict| verdict.steps).sum();
    let settled = if is_settled { format!(", NEG-06 {stays}") } else { String::new() };
    format!("{} traces, {steps} events; held against them: {}{settled}", verdicts.len(), clauses.join(", "))
}
