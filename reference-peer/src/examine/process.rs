//! The program under test, as a process group of its own: what starts it may be a script, and what ends it ends them all.

use std::{
    collections::VecDeque,
    io,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
    time::timeout,
};

use crate::limits;

/// How a peer under test is started: a program and its arguments, in which `{url}`, `{ws}` and `{room}` are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    words: Vec<String>,
}

/// The program cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Not a shell command line.
    #[error("cannot split the command `{0}` into words: a quote is not closed")]
    UnclosedQuote(String),
    /// Nothing to start.
    #[error("--process needs a command, such as 'glare-peer join {{url}} {{room}}'")]
    Empty,
    /// The room is not told to it, so that it cannot join.
    #[error("the command `{0}` does not contain {{room}}, so that the program cannot know which room to join")]
    NoRoom(String),
    /// The system refuses.
    #[error("cannot start `{program}`: {source}; is it installed, and is the path right from here?")]
    Spawn {
        /// The first word of the command.
        program: String,
        /// What the system says.
        source: io::Error,
    },
}

/// What is put into a command.
pub(super) struct Addresses {
    pub(super) url: String,
    pub(super) ws: String,
}

impl Start {
    /// Reads a command line; a shell's quotes work, and nothing else of a shell does.
    ///
    /// # Errors
    /// [`StartError`] if it cannot be a peer's.
    pub fn new(line: &str) -> Result<Self, StartError> {
        let words = shlex::split(line).ok_or_else(|| StartError::UnclosedQuote(line.to_owned()))?;
        if words.is_empty() {
            return Err(StartError::Empty);
        }
        if !words.iter().any(|word| word.contains("{room}")) {
            return Err(StartError::NoRoom(line.to_owned()));
        }
        Ok(Self { words })
    }

    pub(super) fn spawn(&self, addresses: &Addresses, room: &str) -> Result<Process, StartError> {
        let fill = |word: &String| {
            word.replace("{url}", &addresses.url).replace("{ws}", &addresses.ws).replace("{room}", room)
        };
        let words: Vec<_> = self.words.iter().map(fill).collect();
        let (program, arguments) = words.split_first().ok_or(StartError::Empty)?;
        let spawned = Command::new(program)
            .args(arguments)
            // Never closed before the process ends: a peer may leave at the end of its input.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = spawned.map_err(|source| StartError::Spawn { program: program.clone(), source })?;
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(read(stdout, Arc::clone(&tail)));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.spawn(read(stderr, Arc::clone(&tail)));
        }
        // Not waited for yet, so it has an id.
        let group = child.id().unwrap_or_default();
        Ok(Process { child, group, words, tail, readers, is_swept: false })
    }
}

/// A running program. Dropping it kills its group.
pub(super) struct Process {
    child: Child,
    group: u32,
    words: Vec<String>,
    tail: Arc<Mutex<VecDeque<String>>>,
    readers: JoinSet<()>,
    /// The group was killed. Its number may become another group's from then on.
    is_swept: bool,
}

impl Process {
    /// Completes when it ended, with how.
    pub(super) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => format!("unknown status: {error}"),
        }
    }

    /// Asks the group to end.
    pub(super) fn ask_to_end(&self) {
        signal(self.group, "TERM");
    }

    /// Asks it to end, and kills what is left of it.
    pub(super) async fn stop(&mut self) {
        self.ask_to_end();
        // One that does not obey is killed like one that does: grandchildren may be left.
        timeout(limits::EXAMINE_STOP_PATIENCE, self.child.wait()).await.ok();
        signal(self.group, "KILL");
        self.is_swept = true;
        self.child.wait().await.ok();
    }

    pub(super) fn command(&self) -> String {
        self.words.join(" ")
    }

    /// The last lines that it wrote, this many at most. Once it has ended, nothing is missing at the end.
    pub(super) async fn output(&mut self, lines_max: usize) -> String {
        if self.child.id().is_none() {
            // A grandchild may hold the pipes open for ever.
            let drained = async { while self.readers.join_next().await.is_some() {} };
            timeout(limits::EXAMINE_STOP_PATIENCE, drained).await.ok();
        }
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().skip(tail.len().saturating_sub(lines_max)).map(|line| format!("  {line}\n")).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_swept {
            signal(self.group, "KILL");
        }
    }
}

/// By way of the shell, whose `kill` knows process groups. A group that is gone is no error, and nobody is left to be told of
/// another one: `kill_on_drop` ends the program at least.
fn signal(group: u32, name: &str) {
    if group == 0 {
        return;
    }
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("kill -s {name} -- -{group}")]);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
}

async fn read(pipe: impl AsyncRead + Unpin, tail: Arc<Mutex<VecDeque<String>>>) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        let bounded = &mut pipe;
        let mut bounded = bounded.take(limits::EXAMINE_LINE_BYTES_MAX);
        // A pipe that breaks has ended.
        if bounded.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() == limits::EXAMINE_TAIL_LINES_MAX {
            tail.pop_front();
        }
        tail.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_peers_command_is_explained() {
        for (line, culprit) in [("", "needs a command"), ("peer 'join", "quote"), ("peer join {url}", "{room}")] {
            let error = Start::new(line).unwrap_err().to_string();
            assert!(error.contains(culprit), "{line}: {error}");
        }
        assert!(Start::new("peer join '{url}' {room}").is_ok());
    }
}
