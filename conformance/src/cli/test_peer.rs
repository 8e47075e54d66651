//! `glare test-peer`: judge a peer instead of a server. What plays the remotes needs WebRTC, which this program does without, so
//! `glare-peer` does it.

use std::{convert::Infallible, env, io, os::unix::process::CommandExt, path::PathBuf, process::Command};

use clap::Args;

use super::Failure;

const PROGRAM: &str = "glare-peer";

pub(super) const EXAMPLES: &str = "\
Examples:
  glare test-peer --process 'glare-peer join {url} {room}'
  glare test-peer --process 'node my-peer.js --server {ws} --room {room}' --only late
  glare test-peer --process './open-my-page {url} {room}' --only NEG-02
  glare test-peer --list

For each case a server is started, a room is opened, and the program is started to join it: {url} is the server's http://
address (Socket.IO), {ws} its ws:// one (JSON), {room} the room. It has to stay, to negotiate with whoever comes, and to leave
on SIGTERM. Nothing that it prints is looked at.

The remotes are played by glare-peer, the program of the crate reference-peer: it has to lie beside glare, or in PATH.

Exit codes: 0 every clause is kept, 1 one is broken, 2 usage, or a program that does not start or join, 3 incomplete.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TestPeerArgs {
    /// How to start the peer.
    #[arg(long, value_name = "CMD", required_unless_present = "list")]
    process: Option<String>,
    /// Only the cases whose names, or clauses, contain this; may be given several times.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// The local address of the media sockets of played remotes [default: 127.0.0.1]. A browser that does not take loopback
    /// candidates needs another.
    #[arg(long, value_name = "ADDR")]
    bind: Option<String>,
    /// List the cases instead of playing them.
    #[arg(long)]
    list: bool,
}

/// Becomes `glare-peer`: its output, its exit code and its handling of Ctrl-C are this command's.
pub(super) fn test_peer(args: &TestPeerArgs) -> Result<Infallible, Failure> {
    let mut command = Command::new(beside().unwrap_or_else(|| PROGRAM.into()));
    command.arg("examine");
    for (name, values) in
        [("--process", args.process.as_slice()), ("--only", &args.only), ("--bind", args.bind.as_slice())]
    {
        command.args(values.iter().map(|value| format!("{name}={value}")));
    }
    if args.list {
        command.arg("--list");
    }
    let source = command.exec();
    Err(match source.kind() {
        io::ErrorKind::NotFound => Failure::Usage(format!(
            "the remotes are played by the program {PROGRAM}, which is neither beside this one nor in PATH: build it with \
             `cargo build --release -p glare-peer`"
        )),
        _ => Failure::Usage(format!("cannot run {}: {source}", command.get_program().display())),
    })
}

/// The program in the folder of this one.
fn beside() -> Option<PathBuf> {
    let path = env::current_exe().ok()?.with_file_name(PROGRAM);
    path.is_file().then_some(path)
}
