//! The program under test.

use std::{io, process::Stdio};

use glare_conformance::process::{Group, Tail};
use tokio::{
    process::{ChildStdin, Command},
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
        let mut command = Command::new(program);
        // The input is never closed before the process ends: a peer may leave at the end of it.
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = Group::spawn(&mut command);
        let mut group = spawned.map_err(|source| StartError::Spawn { program: program.clone(), source })?;
        let (input, stdout, stderr) = group.take_pipes();
        let tail = Tail::new(limits::EXAMINE_TAIL_BYTES_MAX);
        let mut readers = JoinSet::new();
        if let Some(stdout) = stdout {
            readers.spawn(tail.clone().drain(stdout));
        }
        if let Some(stderr) = stderr {
            readers.spawn(tail.clone().drain(stderr));
        }
        Ok(Process { group, _input: input, words, tail, readers })
    }
}

/// A running program. Dropping it kills its group.
pub(super) struct Process {
    group: Group,
    _input: Option<ChildStdin>,
    words: Vec<String>,
    tail: Tail,
    readers: JoinSet<()>,
}

impl Process {
    /// Completes when it ended, with how.
    pub(super) async fn ended(&mut self) -> String {
        match self.group.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => format!("unknown status: {error}"),
        }
    }

    /// Asks the group to end. One that cannot be asked does not end, which shows.
    pub(super) fn ask_to_end(&self) {
        self.group.ask_to_end().ok();
    }

    /// Asks it to end, and kills what is left of it.
    pub(super) async fn stop(&mut self) {
        // What cannot be stopped here is tried once more when it is dropped.
        self.group.stop(limits::EXAMINE_STOP_PATIENCE).await.ok();
    }

    pub(super) fn command(&self) -> String {
        self.words.join(" ")
    }

    /// The last lines that it wrote, this many at most. Once it has ended, nothing is missing at the end.
    pub(super) async fn output(&mut self, lines_max: usize) -> String {
        if matches!(self.group.try_wait(), Ok(Some(_))) {
            // A grandchild may hold the pipes open for ever.
            let drained = async { while self.readers.join_next().await.is_some() {} };
            timeout(limits::EXAMINE_STOP_PATIENCE, drained).await.ok();
        }
        self.tail.text(lines_max).lines().map(|line| format!("  {line}\n")).collect()
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
