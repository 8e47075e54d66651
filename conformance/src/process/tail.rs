use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::io::{AsyncRead, AsyncReadExt};

/// The last output of a process. Clones are the same one, for the readers of several pipes.
#[derive(Clone, Debug)]
pub struct Tail {
    bytes: Arc<Mutex<VecDeque<u8>>>,
    bytes_max: usize,
}

impl Tail {
    /// Keeps this many bytes, the last ones.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes: Arc::default(), bytes_max }
    }

    /// Reads a pipe until it ends.
    pub async fn drain(self, mut pipe: impl AsyncRead + Unpin) {
        let mut chunk = [0; 4096];
        // A pipe that breaks has no more output, like one that ends.
        while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
            self.push(&chunk[..length]);
        }
    }

    fn push(&self, chunk: &[u8]) {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.extend(chunk);
        let excess = bytes.len().saturating_sub(self.bytes_max);
        bytes.drain(..excess);
    }

    /// The last lines, this many at most.
    #[must_use]
    pub fn text(&self, lines_max: usize) -> String {
        let bytes: Vec<u8> = self.bytes.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(lines_max)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_tail_of_the_output_is_bounded() {
        let tail = Tail::new(1000);
        let output: String = (0..10_000).map(|number| format!("line {number}\n")).collect();
        tail.clone().drain(output.as_bytes()).await;
        assert_eq!(tail.bytes.lock().unwrap().len(), 1000);
        assert_eq!(tail.text(3), "line 9997\nline 9998\nline 9999");
        assert!(tail.text(usize::MAX).lines().count() < 1000);
    }
}
