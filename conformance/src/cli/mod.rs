//! The `glare` command: arguments in, text and an exit code out.

mod adapters;
mod bindings;
mod check;
mod cluster;
mod conclude;
mod interrupt;
mod judge;
mod list;
mod matrix;
mod reach;
mod replay;
mod shell;
mod snapshot;
mod suite;
mod test;
mod test_peer;

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use glare_model::requirement::Level;

use crate::capability::Declaration;
use crate::limits::{
    JOBS_DEFAULT, JOBS_MAX, REPLAY_TIMES_DEFAULT, REPLAY_TIMES_MAX, THREADS_DEFAULT_MAX, THREADS_MAX, TIMEOUT_DEFAULT,
};

/// How a command ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for passed.
    Pass = 0,
    /// The target, or the protocol, fails.
    Fail = 1,
    /// The command line or the target's address is wrong.
    Usage = 2,
    /// Some of what was asked for has no verdict.
    Incomplete = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A formal protocol model and conformance suite for WebRTC room signaling.
#[derive(Debug, Parser)]
#[command(name = "glare", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Subcommands,
}

const EXAMPLES: &str = "\
Examples:
  glare test                                        judge the embedded reference server
  glare test tutorial:http://127.0.0.1:3000         judge a Socket.IO server
  glare test ws://127.0.0.1:3000/ws                 judge a JSON WebSocket server
  glare test-peer --process 'node peer.js {url} {room}'   judge a peer
  glare check reference                             explore the model of the protocol
  glare list requirements                           every clause with its level

Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 incomplete.";

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Judge a signaling server, clause by clause.
    Test(TestArgs),
    /// Judge a peer instead: be its server and its remotes, and drive it through crossing offers, late answers and the like.
    TestPeer(test_peer::TestPeerArgs),
    /// Run the cases of a scenario file against a server, several times each: FIXED, FAILED or ERROR.
    Replay(ReplayArgs),
    /// Judge saved traces, of this program or of another one.
    Judge(judge::JudgeArgs),
    /// Explore the model of a protocol variant and show what it breaks.
    Check(CheckArgs),
    /// Record what a server says in each case as snapshots, or compare it with them and explain what differs.
    Snapshot(snapshot::SnapshotArgs),
    /// Play the same cases on two servers, and show where they differ in the protocol's terms.
    Diff(snapshot::DiffArgs),
    /// Show the reports of several runs together.
    Report(matrix::ReportArgs),
    /// Show what there is.
    List(ListArgs),
    /// Show, check and begin bindings: how a server's wire carries the protocol.
    Bindings(bindings::BindingsArgs),
    /// Print completions for a shell.
    Completions(shell::CompletionsArgs),
    /// Write man pages.
    Man(shell::ManArgs),
}

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
struct TestArgs {
    /// The server to judge [default: embedded].
    target: Option<String>,
    /// Another node of the same server; may be given several times. Clients are spread over all of them, and the report says
    /// which clauses hold on the first node alone and break only across nodes.
    #[arg(long = "target", value_name = "TARGET", requires = "target", conflicts_with = "process")]
    nodes: Vec<String>,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    suites: suite::SuiteArgs,
    /// Of which failures to find the smallest form: at most one of each clause, and a few in all.
    #[arg(long, value_enum, default_value_t = ShrinkArg::Generated)]
    shrink: ShrinkArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShrinkArg {
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
struct ReplayArgs {
    /// A file of cases, as `glare test --trace-dir` writes them or as you wrote it (docs/conformance.md).
    file: PathBuf,
    /// The server to judge [default: embedded].
    target: Option<String>,
    /// How often each case runs.
    #[arg(long, value_name = "N", default_value_t = REPLAY_TIMES_DEFAULT, value_parser = parse_times)]
    times: usize,
    #[command(flatten)]
    run: RunArgs,
}

fn parse_times(text: &str) -> Result<usize, String> {
    let times: usize = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (1..=REPLAY_TIMES_MAX).contains(&times) { Ok(times) } else { Err(format!("expected 1 to {REPLAY_TIMES_MAX}")) }
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Start the server with this command, and again when a case stopped it. {port} in the command and in TARGET is its
    /// port, and so is PORT in its environment.
    #[arg(long, value_name = "CMD")]
    process: Option<String>,
    #[command(flatten)]
    report: conclude::ReportArgs,
    /// A capability that the server declares, such as host-close or capacity=8; may be given several times. What is not
    /// declared has to be absent.
    #[arg(long, value_name = "NAME")]
    capability: Vec<Declaration>,
    /// Orders the cases and makes the random ones; printed, random unless given.
    #[arg(long)]
    seed: Option<u64>,
    /// How many cases run side by side.
    #[arg(long, value_name = "N", default_value_t = JOBS_DEFAULT, value_parser = parse_jobs)]
    jobs: usize,
    /// How long to wait for what the protocol promises, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = default_timeout_ms(), value_parser = clap::value_parser!(u64).range(10..=600_000))]
    timeout_ms: u64,
    /// Save every trace as NDJSON, and the scenario of every failure, below this folder.
    #[arg(long, value_name = "DIR")]
    trace_dir: Option<PathBuf>,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  glare check                 all variants; exits with 1, for some are broken on purpose
  glare check reference       the proof that a CI wants: exits with 0
  glare check tutorial --property NEG-06 --diagram glare.svg
  glare check reference --strategy both-offer --peers 2 --faults leave=1 --faults drop=1
  glare check reference --format junit > check.xml
  glare check tutorial --world rejoin --explore 127.0.0.1:3000

`glare list variants` shows variants and their worlds.
With --peers, --rooms or --faults one world of that shape takes their place;
create=1 and join=PEERS-1 are in it unless given. A world is explored whole:
each peer, room and fault more multiplies its states.

Kinds of --faults: create, join, leave, drop, reconnect, second-room, no-ack,
stray, renegotiate, invalid-request, stray-leave, candidate, early-candidate,
slow-answer, ice-loss, overtake.

Exit codes: 0 proved, 1 violated, 2 usage, 3 incomplete or without occasion.";

#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
struct CheckArgs {
    /// Which variants [default: all].
    variants: Vec<String>,
    /// Let peers negotiate by this strategy instead of the variant's: both-offer, lower-id-guard, lower-id-offers (the
    /// reference's), joiner-offers, perfect-negotiation or send-again.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// Explore this world in place of the variant's own; may be given several times.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["peers", "rooms", "faults"])]
    world: Vec<String>,
    /// How many peers there are: 2 to 5, and 5 only without reconnects.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=5))]
    peers: Option<u8>,
    /// How many rooms have names: 1 to 3.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    rooms: Option<u8>,
    /// How often a kind of action may happen; may be given several times.
    #[arg(long, value_name = "KIND=N")]
    faults: Vec<String>,
    /// Report on these clauses only; may be given several times.
    #[arg(long, value_name = "ID")]
    property: Vec<String>,
    /// How many threads explore: 1 to 16 [default: one for each processor, up to 4]. The result does not depend on it.
    #[arg(long, value_name = "N", default_value_t = default_threads(), hide_default_value = true, value_parser = parse_threads)]
    threads: usize,
    /// Give up a world beyond this many states: the result is then incomplete.
    #[arg(long, value_name = "N", default_value_t = glare_model::explore::Options::default().states_max, value_parser = parse_max_states)]
    max_states: usize,
    /// What to print.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
    /// Draw the counterexample of the first violated property into a file that ends with .svg or .mmd (Mermaid).
    #[arg(long, value_name = "FILE")]
    diagram: Option<PathBuf>,
    /// Open a web page that walks through one world by hand, instead of checking: PORT or HOST:PORT. Ctrl-C ends it.
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["format", "diagram"])]
    explore: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people, with counterexamples as lanes.
    Text,
    /// For programs.
    Json,
    /// For a CI that reads JUnit.
    Junit,
    /// For a page or a CI step summary.
    Markdown,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// What to show.
    #[arg(value_enum)]
    what: ListWhat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ListWhat {
    /// Every clause of the protocol, with its level and its cases.
    Requirements,
    /// Every suite, with the number of its cases.
    Suites,
    /// Every case that was written by hand.
    Cases,
    /// Every variant of the protocol that `glare check` knows.
    Variants,
    /// Every capability that a target can declare, with its clauses.
    Capabilities,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelArg {
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

fn parse_jobs(text: &str) -> Result<usize, String> {
    let jobs: usize = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (1..=JOBS_MAX).contains(&jobs) { Ok(jobs) } else { Err(format!("expected 1 to {JOBS_MAX}")) }
}

fn parse_threads(text: &str) -> Result<usize, String> {
    let threads: usize = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (1..=THREADS_MAX).contains(&threads) { Ok(threads) } else { Err(format!("expected 1 to {THREADS_MAX}")) }
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_DEFAULT_MAX)
}

fn parse_max_states(text: &str) -> Result<usize, String> {
    let states = text.parse().map_err(|_| "expected a number".to_owned())?;
    if states == 0 { Err("expected 1 or more".to_owned()) } else { Ok(states) }
}

fn default_timeout_ms() -> u64 {
    u64::try_from(TIMEOUT_DEFAULT.as_millis()).expect("the default is a few seconds")
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    // clap prints its own errors and help, and exits with 2 and 0.
    let cli = Cli::parse();
    let outcome = match cli.command {
        Subcommands::Test(args) => test::test(&args),
        Subcommands::TestPeer(args) => test_peer::test_peer(&args).map(|never| match never {}),
        Subcommands::Replay(args) => replay::replay(&args),
        Subcommands::Judge(args) => judge::judge(&args),
        Subcommands::Check(args) => check::check(&args),
        Subcommands::Snapshot(args) => snapshot::snapshot(&args),
        Subcommands::Diff(args) => snapshot::diff(&args),
        Subcommands::Report(args) => matrix::report(&args),
        Subcommands::List(args) => list::list(&args),
        Subcommands::Bindings(args) => bindings::bindings(&args),
        Subcommands::Completions(args) => shell::completions(&args),
        Subcommands::Man(args) => shell::man(&args),
    };
    match outcome {
        Ok(exit) => exit.into(),
        // A reader that has seen enough, such as `head`, is not an error.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Incomplete.into(),
        Err(failure) => {
            let mut stderr = std::io::stderr().lock();
            // Nobody is left to be told if even this fails.
            writeln!(stderr, "error: {failure}").ok();
            Exit::Usage.into()
        }
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Capability(#[from] crate::capability::DeclarationError),
    #[error(transparent)]
    Target(#[from] crate::target::TargetError),
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
    #[error(transparent)]
    Process(#[from] crate::process::ProcessError),
    #[error(transparent)]
    Requirement(#[from] glare_model::requirement::UnknownRequirement),
    #[error(transparent)]
    Store(#[from] crate::snapshot::StoreError),
    #[error("cannot write the output: {0}")]
    Output(#[source] std::io::Error),
    #[error("cannot start the runtime: {0}")]
    Runtime(#[source] std::io::Error),
    #[error("cannot {action} {}: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
}

fn file_failure(action: &'static str, path: &std::path::Path, source: std::io::Error) -> Failure {
    Failure::File { action, path: path.to_owned(), source }
}

/// Writes to standard output.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// Colours only where a person looks: standard output is a terminal, and NO_COLOR is not set.
fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
