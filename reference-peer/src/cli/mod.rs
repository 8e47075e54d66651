//! The command line.

mod console;
mod examine;
mod interrupts;
mod join;
mod judge;
mod table;
mod typed;

use std::{io::Write, path::Path, process::ExitCode};

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  glare-peer join http://127.0.0.1:3000 kitchen --name Ada --chat     a test picture, and a chat in the terminal
  glare-peer join ws://127.0.0.1:3000/ws kitchen --media echo         send back what is received
  glare-peer join ./mine.toml:http://127.0.0.1:3000 kitchen           a server of another wire, by its binding
  glare-peer join http://127.0.0.1:3000 kitchen --format ndjson --trace ada.ndjson --leave-after 10
  glare-peer judge ada.ndjson bob.ndjson --settled                    hold what they did against the model

Exit codes: 0 left, or the room was closed, or nothing is wrong; 1 the server was lost or refused the room, or something is \
wrong; 2 wrong usage, or a file that cannot be read";

/// The reference peer of the room signaling protocol: webrtc-rs around the model's negotiation rules.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Join a room, or create it, and stay until Ctrl-C.
    Join(Box<join::Join>),
    /// Judge traces of peers by the model.
    Judge(judge::Judge),
    /// Examine a peer: be its server and its remotes, and drive it through what the clauses of negotiation are about.
    Examine(examine::Examine),
    /// Print the transition table of the negotiation as JSON, for implementations in other languages.
    Table,
}

/// Runs a command.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Join(join) => join::run(*join),
        Command::Judge(judge) => judge::run(&judge),
        Command::Examine(examine) => examine::run(&examine),
        Command::Table => table::run(),
    }
}

/// The exit code for wrong usage and unreadable files.
const USAGE: u8 = 2;

/// Tells what is wrong with the command line, or a file that it names.
fn complain(message: &str) -> ExitCode {
    // When nobody reads stderr, the exit code still says it.
    writeln!(std::io::stderr(), "error: {message}").ok();
    ExitCode::from(USAGE)
}

/// A file of the command line.
fn name(path: &Path) -> String {
    path.display().to_string()
}
