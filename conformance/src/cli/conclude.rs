//! From results to reports and the exit code: the same for a run, a replay and saved traces.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use glare_model::requirement::Level;
use jiff::{Timestamp, tz::TimeZone};

use super::{Exit, Failure, LevelArg, colours, file_failure, print};
use crate::{
    baseline::{self, Baseline},
    capability::Profile,
    report::{Across, NoReport, Place, RaceShare, Run, SuiteResult, Wanted, console::Console, summarise},
    run::CaseResult,
    scenario::Scenario,
    shard::Shard,
    suite::Made,
};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The lowest level of a broken clause that fails the run. All levels are judged and shown.
    #[arg(long, value_enum, default_value_t = LevelArg::Must)]
    level: LevelArg,
    /// Write a report: json=FILE, junit=FILE, markdown=FILE, html=FILE (one page that needs nothing else), or github
    /// (annotations on standard output); - as FILE is standard output. May be given several times.
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<String>,
    /// Failures that are expected: a TOML file (docs/conformance.md). Only what is new fails the run, and what is stale.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write this run's failures as a baseline, for you to explain.
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
}

/// What was asked of the reports, read before anything runs.
pub(super) struct Terms {
    level: Level,
    reports: Vec<Wanted>,
    baseline: Baseline,
    write_baseline: Option<PathBuf>,
}

/// What was found, before it is reported.
pub(super) struct Findings<'a> {
    pub(super) target: String,
    pub(super) profile: Profile,
    pub(super) seed: Option<u64>,
    pub(super) interrupted: bool,
    pub(super) shard: Option<Shard>,
    pub(super) suites: &'a [Made],
    /// What was seen of races, if they were among what ran.
    pub(super) races: Option<RaceShare>,
    /// What breaks between nodes, where there are several.
    pub(super) across: Option<Across>,
    pub(super) results: Vec<CaseResult>,
    /// The small forms of failures, by case.
    pub(super) shrunk: BTreeMap<String, String>,
    /// The command that shows a case again.
    pub(super) replay: &'a dyn Fn(&str) -> String,
}

impl ReportArgs {
    /// The lowest level of a broken clause that counts.
    pub(super) fn level(&self) -> Level {
        self.level.into()
    }

    pub(super) fn terms(&self) -> Result<Terms, Failure> {
        let wanted = self.report.iter().map(|text| text.parse());
        let reports = wanted.collect::<Result<_, _>>().map_err(|error: NoReport| Failure::Usage(error.to_string()))?;
        let baseline = self.baseline.as_deref().map(read_baseline).transpose()?.unwrap_or_default();
        Ok(Terms { level: self.level.into(), reports, baseline, write_baseline: self.write_baseline.clone() })
    }
}

fn read_baseline(path: &Path) -> Result<Baseline, Failure> {
    let text = std::fs::read_to_string(path).map_err(|source| file_failure("read", path, source))?;
    Baseline::read(&text).map_err(|error| Failure::Usage(format!("{}, {error}", path.display())))
}

impl Terms {
    /// Writes the reports, and says how the command ends.
    pub(super) fn conclude(&self, mut findings: Findings<'_>) -> Result<Exit, Failure> {
        let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
        let mut results = std::mem::take(&mut findings.results);
        let all: Vec<Arc<Scenario>> = match findings.suites {
            [] => results.iter().map(|result| Arc::clone(&result.case)).collect(),
            made => made.iter().flat_map(|one| one.all.iter().cloned()).collect(),
        };
        let all: Vec<&Scenario> = all.iter().map(AsRef::as_ref).collect();
        let assessment = self.baseline.assess(&mut results, &all, today);
        if let Some(path) = &self.write_baseline {
            let text = baseline::write(&findings.target, &results, &assessment);
            std::fs::write(path, text).map_err(|source| file_failure("write", path, source))?;
        }
        let results = &results;
        let summary = summarise(results, &assessment, &findings.profile);
        let suites: Vec<_> =
            findings.suites.iter().map(|made| SuiteResult::of(made, results, findings.races)).collect();
        let run = Run {
            target: findings.target.clone(),
            profile: findings.profile,
            seed: findings.seed,
            interrupted: findings.interrupted,
            shard: findings.shard,
            level: self.level,
            results,
            summary: &summary,
            baseline: &assessment,
            suites: &suites,
            across: findings.across.as_ref(),
            shrunk: &findings.shrunk,
            replay: findings.replay,
        };
        print(&Console { colours: colours() }.render(&run))?;
        for Wanted { format, place } in &self.reports {
            let text = format.write(&run);
            match place {
                Place::Stdout => print(&text)?,
                Place::File(path) => {
                    std::fs::write(path, text).map_err(|source| file_failure("write", path, source))?
                }
            }
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
    } else if run.summary.fails(run.level) || run.baseline.fails() {
        Exit::Fail
    } else if run.summary.is_incomplete() {
        Exit::Incomplete
    } else {
        Exit::Pass
    }
}
