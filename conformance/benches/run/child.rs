//! The servers, each a process of its own, and the processor time of a process.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use glare_server::{Config, Server as Reference};
use url::Url;

/// The argument with which this program serves instead of measuring.
pub(crate) const SERVE: &str = "--serve";
/// What the kernel counts processor time in.
const TICKS_PER_SECOND: u64 = 100;

/// A server that runs until this is dropped.
pub(crate) struct Server {
    child: Child,
    addr: SocketAddr,
    /// The reference server ends when this is closed.
    _stdin: Option<ChildStdin>,
}

impl Server {
    pub(crate) fn reference() -> Self {
        let own = std::env::current_exe().expect("this program is a file");
        Self::start(Command::new(own).arg(SERVE))
    }

    /// None where its packages are not installed.
    pub(crate) fn node(folder: &Path) -> Option<Self> {
        let installed = folder.join("node_modules/socket.io").is_dir();
        let port = glare_conformance::port::free_port().ok()?;
        installed
            .then(|| Self::start(Command::new("node").arg(folder.join("corrected.js")).env("PORT", port.to_string())))
    }

    /// Starts a server that prints `listening on http://ADDR` when it is ready.
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let addr = line.trim().rsplit("//").next().and_then(|addr| addr.parse().ok());
        let stdin = child.stdin.take();
        Self { child, addr: addr.unwrap_or_else(|| panic!("no address in {line:?}")), _stdin: stdin }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn url(&self) -> Url {
        Url::parse(&format!("http://{}", self.addr)).expect("an address makes a URL")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to save, and may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Serves until standard input ends.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(Reference::start(Config::default())).expect("loopback has a free port");
    println!("listening on http://{}", server.addr());
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).expect("standard input is a pipe");
}

/// The processor time that a process has used, in steps of ten milliseconds.
pub(crate) fn cpu_of(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs on Linux");
    // The name in brackets may hold anything; utime and stime are the 14th and 15th field.
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}
