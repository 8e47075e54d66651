//! The adapter's process, and its lines.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{ChildStdin, ChildStdout, Command},
    sync::mpsc,
    time::timeout,
};

use super::protocol::{FromAdapter, ToAdapter};
use crate::{
    limits::{ADAPTER_LINE_BYTES_MAX, ADAPTER_WORDS_BYTES_MAX},
    process::{Group, Tail},
};

/// How long a process that closed its output has to end, so that its status can be told.
const STATUS_TIMEOUT: Duration = Duration::from_secs(1);

/// The process. It is killed when nobody holds it any more, and with it what it started.
pub(super) struct Adapter {
    group: Group,
    words: Tail,
}

/// What the adapter says.
pub(super) struct Output {
    pipe: BufReader<ChildStdout>,
    /// What came of a line whose end has not come yet: whoever waits for a line may be called away and come back.
    line: Vec<u8>,
}

impl Adapter {
    /// Starts a command line.
    pub(super) fn spawn(command: &str) -> Result<(Self, ChildStdin, Output), String> {
        let words = shlex::split(command).ok_or("cannot be started: a quote is not closed")?;
        let (program, arguments) = words.split_first().ok_or("cannot be started: there is no command")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command).map_err(|error| format!("cannot be started: {error}"))?;
        let (Some(input), Some(output), Some(errors)) = group.take_pipes() else {
            return Err("cannot be started: it has no pipes".to_owned());
        };
        let words = Tail::new(ADAPTER_WORDS_BYTES_MAX);
        tokio::spawn(words.clone().drain(errors));
        Ok((Self { group, words }, input, Output { pipe: BufReader::new(output), line: Vec::new() }))
    }

    /// What became of a process that says nothing more.
    pub(super) async fn obituary(&mut self) -> String {
        let how = match timeout(STATUS_TIMEOUT, self.group.wait()).await {
            Ok(Ok(status)) => format!("ended with {status}"),
            Ok(Err(error)) => format!("cannot be asked how it ended: {error}"),
            Err(_elapsed) => "closed its standard output".to_owned(),
        };
        format!("{how}; {}", self.last_words())
    }

    /// What it wrote to its standard error last.
    pub(super) fn last_words(&self) -> String {
        match self.words.text(usize::MAX).trim() {
            "" => "it wrote nothing to its standard error".to_owned(),
            text => format!("its last words:\n{text}"),
        }
    }
}

impl Output {
    /// The next line; none at the end. A wait that is given up loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<FromAdapter>, String> {
        let limit = u64::try_from(ADAPTER_LINE_BYTES_MAX.saturating_sub(self.line.len())).unwrap_or(u64::MAX);
        let mut bounded = (&mut self.pipe).take(limit);
        bounded.read_until(b'\n', &mut self.line).await.map_err(|error| format!("cannot be heard: {error}"))?;
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(None);
        }
        if line.len() >= ADAPTER_LINE_BYTES_MAX {
            return Err(format!("wrote a line of more than {ADAPTER_LINE_BYTES_MAX} bytes"));
        }
        let text = String::from_utf8_lossy(&line);
        let quote: String = text.trim().chars().take(QUOTE_CHARS_MAX).collect();
        let read = serde_json::from_str(&text);
        read.map(Some).map_err(|error| format!("wrote a line that is none of the protocol: {error}: {quote}"))
    }
}

/// As much of a line as an error message quotes.
const QUOTE_CHARS_MAX: usize = 200;

/// Writes lines until nobody has any more to say. An adapter that does not read is noticed by its silence.
pub(super) async fn write(mut lines: mpsc::Receiver<ToAdapter>, mut input: ChildStdin) {
    while let Some(line) = lines.recv().await {
        let mut text = serde_json::to_string(&line).expect("lines are strings, numbers and JSON values");
        text.push('\n');
        if input.write_all(text.as_bytes()).await.is_err() || input.flush().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_an_adapter_started_ends_with_it() {
        let (adapter, _input, mut output) = Adapter::spawn("sh -c '(echo up; sleep 60; :) & wait'").unwrap();
        let said = output.next().await.unwrap_err();
        assert!(said.ends_with("up"), "{said}");
        drop(adapter);
        // The grandchild holds the pipe, too: its end shows that both are gone.
        assert!(matches!(timeout(Duration::from_secs(10), output.next()).await, Ok(Ok(None))));
    }
}
