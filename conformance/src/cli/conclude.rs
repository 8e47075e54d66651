//! From results to reports and the exit code: the same for a run, a replay and saved traces.

use std::path::PathBuf;

use clap::Args;
use glare_model::requirement::Level;

use super::{Exit, Failure, LevelArg, colours, file_failure, print};
use crate::{
    report::{Run, SuiteResult, console::Console, json, summarise},
    run::CaseResult,
    shard::Shard,
    suite::Made,
};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The lowest level of a broken clause that fails the run. All levels are judged and shown.
    #[arg(long, value_enum, default_value_t = LevelArg::Must)]
    level: LevelArg,
    /// Write a report: json=FILE.
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<String>,
}

/// What was asked of the reports, read before anything runs.
pub(super) struct Terms {
    level: Level,
    files: Vec<PathBuf>,
}

/// What was found, before it is reported.
pub(super) struct Findings<'a> {
    pub(super) target: String,
    pub(super) seed: Option<u64>,
    pub(super) interrupted: bool,
    pub(super) shard: Option<Shard>,
    pub(super) suites: &'a [Made],
    pub(super) results: Vec<CaseResult>,
    /// The command that shows a case again.
    pub(super) replay: &'a dyn Fn(&str) -> String,
}

impl ReportArgs {
    pub(super) fn terms(&self) -> Result<Terms, Failure> {
        let file = |text: &String| match text.split_once('=') {
            Some(("json", path)) if !path.is_empty() => Ok(PathBuf::from(path)),
            _ => Err(Failure::Usage(format!("--report takes json=FILE, not {text:?}"))),
        };
        let files = self.report.iter().map(file).collect::<Result<_, _>>()?;
        Ok(Terms { level: self.level.into(), files })
    }
}

impl Terms {
    /// Writes the reports, and says how the command ends.
    pub(super) fn conclude(&self, findings: &Findings<'_>) -> Result<Exit, Failure> {
        let results = &findings.results;
        let summary = summarise(results);
        let suites: Vec<_> = findings.suites.iter().map(|made| SuiteResult::of(made, results)).collect();
        let run = Run {
            target: findings.target.clone(),
            seed: findings.seed,
            interrupted: findings.interrupted,
            shard: findings.shard,
            level: self.level,
            results,
            summary: &summary,
            suites: &suites,
            replay: findings.replay,
        };
        print(&Console { colours: colours() }.render(&run))?;
        let report = json::report(&run);
        for path in &self.files {
            let text = serde_json::to_string_pretty(&report).expect("a report is strings and numbers") + "\n";
            std::fs::write(path, text).map_err(|source| file_failure("write", path, source))?;
        }
        if findings.interrupted {
            print("interrupted: this is not the whole run\n")?;
        }
        Ok(exit(&run))
    }
}

fn exit(run: &Run<'_>) -> Exit {
    if run.interrupted {
        Exit::Incomplete
    } else if run.summary.fails(run.level) {
        Exit::Fail
    } else if run.summary.is_incomplete() {
        Exit::Incomplete
    } else {
        Exit::Pass
    }
}
