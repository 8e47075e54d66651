//! The `glare` command: arguments in, text and an exit code out.

mod adapters;
mod arguments;
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

use clap::{Parser, Subcommand};

use self::arguments::{LevelArg, ReplayArgs, RunArgs, ShrinkArg, TestArgs};

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
    Check(check::CheckArgs),
    /// Record what a server says in each case as snapshots, or compare it with them and explain what differs.
    Snapshot(snapshot::SnapshotArgs),
    /// Play the same cases on two servers, and show where they differ in the protocol's terms.
    Diff(snapshot::DiffArgs),
    /// Show the reports of several runs together.
    Report(matrix::ReportArgs),
    /// Show what there is.
    List(list::ListArgs),
    /// Show, check and begin bindings: how a server's wire carries the protocol.
    Bindings(bindings::BindingsArgs),
    /// Print completions for a shell.
    Completions(shell::CompletionsArgs),
    /// Write man pages.
    Man(shell::ManArgs),
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
