//! A server that the suite starts itself: `--process 'node server.js --port {port}'`.
//!
//! The command gets a process group of its own, because `npm start` and its kind start the server as a grandchild; what
//! ends the command ends the group. So a Ctrl-C in the terminal does not reach it: whoever holds a [`ServerProcess`] has to
//! drop or stop it. [`Group`] and [`Tail`] are for other programs that are started, too.

mod error;
mod group;
mod tail;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    process::Command,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

pub use error::ProcessError;
pub use group::Group;
pub use tail::Tail;

use crate::{limits, port::is_free};

/// Pause between two looks at a server that is starting, or a port that is becoming free.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How long the output of a process that ended may take to arrive; a grandchild can hold it open for ever.
const OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);
/// Lines of output that an error message quotes.
const TAIL_LINES_MAX: usize = 50;
/// Bytes of output that are kept.
const TAIL_BYTES_MAX: usize = 16 << 10;

/// A running command. Dropping it kills its process group.
#[derive(Debug)]
pub struct ServerProcess {
    words: Vec<String>,
    env: BTreeMap<String, String>,
    port: u16,
    group: Group,
    tail: Tail,
    readers: Vec<JoinHandle<()>>,
}

impl ServerProcess {
    /// Starts a command line, split as a shell does, with `{port}` replaced in it and `PORT` in its environment.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn start(command: &str, port: u16) -> Result<Self, ProcessError> {
        Self::start_with(command, &BTreeMap::new(), port)
    }

    /// The same, with more in its environment.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn start_with(command: &str, env: &BTreeMap<String, String>, port: u16) -> Result<Self, ProcessError> {
        let words = shlex::split(command).ok_or_else(|| ProcessError::UnclosedQuote { command: command.to_owned() })?;
        let words = words.into_iter().map(|word| word.replace("{port}", &port.to_string())).collect();
        Self::spawn(words, env.clone(), port)
    }

    fn spawn(words: Vec<String>, env: BTreeMap<String, String>, port: u16) -> Result<Self, ProcessError> {
        let (program, arguments) = words.split_first().ok_or(ProcessError::Empty)?;
        if !is_free(port) {
            return Err(ProcessError::PortTaken { port });
        }
        let cannot = |source| ProcessError::Spawn { program: program.clone(), source };
        let mut command = Command::new(program);
        command.args(arguments).env("PORT", port.to_string()).envs(&env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command).map_err(cannot)?;
        let tail = Tail::new(TAIL_BYTES_MAX);
        let (_, stdout, stderr) = group.take_pipes();
        let stdout = stdout.map(|pipe| tokio::spawn(tail.clone().drain(pipe)));
        let stderr = stderr.map(|pipe| tokio::spawn(tail.clone().drain(pipe)));
        let readers = stdout.into_iter().chain(stderr).collect();
        Ok(Self { words, env, port, group, tail, readers })
    }

    /// Waits until a TCP connection to `addr` succeeds.
    ///
    /// # Errors
    /// [`ProcessError::Exited`] at once if the command ends, [`ProcessError::NotReady`] after
    /// [`limits::PROCESS_READY_TIMEOUT`].
    pub async fn wait_until_ready(&mut self, addr: SocketAddr) -> Result<(), ProcessError> {
        self.wait_until_ready_within(addr, limits::PROCESS_READY_TIMEOUT).await
    }

    async fn wait_until_ready_within(&mut self, addr: SocketAddr, limit: Duration) -> Result<(), ProcessError> {
        let deadline = Instant::now() + limit;
        loop {
            let accepted = timeout(limit, TcpStream::connect(addr)).await;
            if let Some(exited) = self.exited().await {
                return Err(exited);
            }
            // Where nobody listens, a connection can by chance get the port as its own, and meet itself.
            if let Ok(Ok(tcp)) = accepted
                && tcp.local_addr().is_ok_and(|own| own != addr)
            {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let (command, output) = (self.command(), self.output());
                return Err(ProcessError::NotReady { command, addr, waited: limit, output });
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Whether the command has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.status(), Ok(None))
    }

    /// A command that puts its server in the background and ends is not supported: with the leader the group goes, or
    /// the server would outlive the run.
    fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.group.try_wait()?;
        if status.is_some() {
            self.group.kill()?;
        }
        Ok(status)
    }

    /// How the command ended, if it did: [`ProcessError::Exited`] with its last output.
    pub async fn exited(&mut self) -> Option<ProcessError> {
        let status = match self.status() {
            Ok(status) => status?,
            Err(source) => return Some(ProcessError::Control { command: self.command(), source }),
        };
        let deadline = Instant::now() + OUTPUT_TIMEOUT;
        while self.readers.iter().any(|reader| !reader.is_finished()) && Instant::now() < deadline {
            sleep(Duration::from_millis(1)).await;
        }
        Some(ProcessError::Exited { command: self.command(), status, output: self.output() })
    }

    /// Asks the group to end, waits for [`limits::PROCESS_STOP_TIMEOUT`], and kills what is left of it.
    ///
    /// # Errors
    /// [`ProcessError::Control`].
    pub async fn stop(&mut self) -> Result<(), ProcessError> {
        let stopped = self.group.stop(limits::PROCESS_STOP_TIMEOUT).await;
        stopped.map(drop).map_err(|source| ProcessError::Control { command: self.command(), source })
    }

    /// Stops the command and starts it anew on the same port. Does not wait until it is ready.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn restart(&mut self) -> Result<(), ProcessError> {
        self.stop().await?;
        let deadline = Instant::now() + limits::PROCESS_STOP_TIMEOUT;
        while !is_free(self.port) && Instant::now() < deadline {
            sleep(POLL_INTERVAL).await;
        }
        *self = Self::spawn(self.words.clone(), self.env.clone(), self.port)?;
        Ok(())
    }

    /// The last lines that the command wrote to its standard output and error.
    pub fn output(&self) -> String {
        self.tail.text(TAIL_LINES_MAX)
    }

    fn command(&self) -> String {
        self.words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::port::free_port;

    fn start(command: &str) -> ServerProcess {
        ServerProcess::start(command, free_port().unwrap()).unwrap()
    }

    /// Waits for the command to say that it is this far.
    async fn said(process: &ServerProcess, word: &str) {
        let saying = async {
            while !process.output().contains(word) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), saying).await.unwrap();
    }

    #[tokio::test]
    async fn the_port_is_in_the_command_and_in_the_environment() {
        let port = free_port().unwrap();
        let mut process = ServerProcess::start("sh -c 'echo \"{port} $PORT\" >&2; exit 3'", port).unwrap();
        let error = process.wait_until_ready((Ipv4Addr::LOCALHOST, port).into()).await.unwrap_err().to_string();
        assert!(error.ends_with(&format!("ended with exit status: 3; its last output:\n{port} {port}")), "{error}");
        assert!(!process.is_running());
        process.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_accepts_is_ready() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut process = start("sleep 60");
        process.wait_until_ready(listener.local_addr().unwrap()).await.unwrap();
        assert!(process.is_running());
        assert!(process.exited().await.is_none());
    }

    #[tokio::test]
    async fn a_server_that_does_not_listen_is_not_ready() {
        let mut process = start("sleep 60");
        let addr = (Ipv4Addr::LOCALHOST, process.port).into();
        let error = process.wait_until_ready_within(addr, Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(error, ProcessError::NotReady { .. }));
        assert!(error.to_string().contains("PORT and in place of {port}"), "{error}");
    }

    #[tokio::test]
    async fn stopping_is_a_request_first_and_reaches_the_whole_group() {
        let mut process = start("sh -c 'trap \"echo bye; exit 0\" TERM; (sleep 60; :) & echo up; wait'");
        said(&process, "up").await;
        process.stop().await.unwrap();
        assert!(!process.is_running());
        // The grandchild held the pipes too: that both ended shows that it is gone.
        for reader in process.readers.drain(..) {
            timeout(Duration::from_secs(10), reader).await.unwrap().unwrap();
        }
        assert!(process.output().ends_with("bye"), "{}", process.output());
        process.stop().await.unwrap();
    }

    #[tokio::test]
    async fn dropping_kills_the_whole_group() {
        let mut process = start("sh -c '(sleep 60; :) & echo up; wait'");
        said(&process, "up").await;
        let readers = std::mem::take(&mut process.readers);
        drop(process);
        for reader in readers {
            timeout(Duration::from_secs(10), reader).await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_restart_is_another_process_with_the_same_port() {
        let mut process = start("sh -c 'echo up $$ {port}; exec sleep 60'");
        let (port, group) = (process.port, process.group.number());
        said(&process, &format!("up {group} {port}")).await;
        process.restart().await.unwrap();
        assert_ne!(process.group.number(), group);
        said(&process, &format!("up {} {port}", process.group.number())).await;
    }

    #[tokio::test]
    async fn what_cannot_be_started_is_said_so() {
        let port = free_port().unwrap();
        let error = |command: &str| ServerProcess::start(command, port).unwrap_err().to_string();
        assert!(error("").contains("needs a command"));
        assert!(error("node 'server.js").contains("a quote is not closed"));
        assert!(error("/no/such/program --x").starts_with("cannot start `/no/such/program`"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert!(
            matches!(ServerProcess::start("sleep 60", taken), Err(ProcessError::PortTaken { port }) if port == taken)
        );
    }
}
