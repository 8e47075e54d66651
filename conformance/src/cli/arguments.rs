//! The arguments of the commands that judge a server.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use glare_model::requirement::Level;

use super::{conclude, suite};
use crate::{
    capability::Declaration,
    limits::{JOBS_DEFAULT, JOBS_MAX, REPLAY_TIMES_DEFAULT, REPLAY_TIMES_MAX, TIMEOUT_DEFAULT},
};

const TEST_EXAMPLES: &str = "\
Examples:
  glare test
  glare test tutorial:http://127.0.0.1:3000 --only 'ROOM-*' --skip room-13-silent-member
  glare test 'tutorial:http://127.0.0.1:{port}' --process 'node server.js'
  glare test ws://127.0.0.1:3000/ws --report json=report.json --trace-dir traces
  glare test ./mine.toml:http://127.0.0.1:3000
  glare test http://127.0.0.1:3001 --target http://127.0.0.1:3002
  glare test --suite full --seed 7 --shard 1/4 --budget 5m

TARGET is [binding:]url, `embedded` (the reference server, started for the run), memory:reference or exec:COMMAND.
A binding is one of `glare bindings list` or a file: ./mine.toml:http://127.0.0.1:3000. http means tutorial (Socket.IO),
ws means glare (JSON). docs/bindings.md binds any other server.";

#[derive(Debug, Args)]
#[command(after_help = TEST_EXAMPLES)]
pub(super) struct TestArgs {
    /// The server to judge [default: embedded].
    pub(super) target: Option<String>,
    /// Another node of the same server; may be given several times. Clients are spread over all of them, and the report says
    /// which clauses hold on the first node alone and break only across nodes.
    #[arg(long = "target", value_name = "TARGET", requires = "target", conflicts_with = "process")]
    pub(super) nodes: Vec<String>,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) suites: suite::SuiteArgs,
    /// Of which failures to find the smallest form: at most one of each clause, and a few in all.
    #[arg(long, value_enum, default_value_t = ShrinkArg::Generated)]
    pub(super) shrink: ShrinkArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ShrinkArg {
    /// Of cases that nobody wrote.
    Generated,
    /// Of all cases.
    All,
    /// Of none.
    None,
}

const REPLAY_EXAMPLES: &str = "\
Examples:
  glare replay traces/room-04-second-create.scenario tutorial:http://127.0.0.1:3000
  glare replay random-7-12.scenario ws://127.0.0.1:3000/ws --times 20

A case is FIXED if no run breaks a clause that counts, FAILED k/N if k of N do, and ERROR if some run has no verdict.
What counts is every MUST, the clauses that the case covers, and with --level should every clause.
Exit codes: 0 all fixed, 1 some failed, 2 file or target unusable, 3 none failed and some run has no verdict.";

#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(super) struct ReplayArgs {
    /// A file of cases, as `glare test --trace-dir` writes them or as you wrote it (docs/conformance.md).
    pub(super) file: PathBuf,
    /// The server to judge [default: embedded].
    pub(super) target: Option<String>,
    /// How often each case runs.
    #[arg(long, value_name = "N", default_value_t = REPLAY_TIMES_DEFAULT, value_parser = parse_times)]
    pub(super) times: usize,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

fn parse_times(text: &str) -> Result<usize, String> {
    let times: usize = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (1..=REPLAY_TIMES_MAX).contains(&times) { Ok(times) } else { Err(format!("expected 1 to {REPLAY_TIMES_MAX}")) }
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Start the server with this command, and again when a case stopped it. {port} in the command and in TARGET is its
    /// port, and so is PORT in its environment.
    #[arg(long, value_name = "CMD")]
    pub(super) process: Option<String>,
    #[command(flatten)]
    pub(super) report: conclude::ReportArgs,
    /// A capability that the server declares, such as host-close or capacity=8; may be given several times. What is not
    /// declared has to be absent.
    #[arg(long, value_name = "NAME")]
    pub(super) capability: Vec<Declaration>,
    /// Orders the cases and makes the random ones; printed, random unless given.
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// How many cases run side by side.
    #[arg(long, value_name = "N", default_value_t = JOBS_DEFAULT, value_parser = parse_jobs)]
    pub(super) jobs: usize,
    /// How long to wait for what the protocol promises, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = default_timeout_ms(), value_parser = clap::value_parser!(u64).range(10..=600_000))]
    pub(super) timeout_ms: u64,
    /// Save every trace as NDJSON, and the scenario of every failure, below this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) trace_dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LevelArg {
    /// Only broken MUST clauses fail the run.
    Must,
    /// Broken SHOULD clauses fail it as well.
    Should,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Must => Self::Must,
            LevelArg::Should => Self::Should,
        }
    }
}

pub(super) fn parse_jobs(text: &str) -> Result<usize, String> {
    let jobs: usize = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (1..=JOBS_MAX).contains(&jobs) { Ok(jobs) } else { Err(format!("expected 1 to {JOBS_MAX}")) }
}

pub(super) fn default_timeout_ms() -> u64 {
    u64::try_from(TIMEOUT_DEFAULT.as_millis()).expect("the default is a few seconds")
}
