//! The text form of a transcript, which people review.
//!
//! ```text
//! room-08-leave: on leave every other member is told
//! covers ROOM-08
//!
//! C > leave-room
//!     A < user-left {"timestamp":"<timestamp>","userId":"$C"}
//!     B < user-left {"timestamp":"<timestamp>","userId":"$C"}
//! ```

use std::fmt;

use super::{Moment, Transcript};

const SEEN: &str = "    ";
const CUT: &str = "(a promise was not kept; the rest was not played)";

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\ncovers {}", self.case, self.title, self.covers.join(" "))?;
        for moment in &self.moments {
            writeln!(f)?;
            for (line, count) in counted(&moment.steps) {
                writeln!(f, "{line}{}", times(count))?;
            }
            for (receiver, lines) in &moment.seen {
                for (line, count) in counted(lines) {
                    writeln!(f, "{SEEN}{receiver} < {line}{}", times(count))?;
                }
            }
        }
        if self.is_cut { writeln!(f, "\n{CUT}") } else { Ok(()) }
    }
}

/// Equal lines that follow each other, as one.
fn counted(lines: &[String]) -> Vec<(&str, usize)> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for line in lines {
        match counted.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => counted.push((line, 1)),
        }
    }
    counted
}

fn times(count: usize) -> String {
    if count > 1 { format!("  ({count} times)") } else { String::new() }
}

/// A line as it was, and how often it was there.
fn uncounted(line: &str) -> (&str, usize) {
    let parts = line.strip_suffix(" times)").and_then(|line| line.rsplit_once("  ("));
    parts.and_then(|(line, count)| Some((line, count.parse().ok()?))).unwrap_or((line, 1))
}

/// A text is no transcript. Carries the line, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is none of a transcript")]
pub struct NoTranscript(pub usize);

impl std::str::FromStr for Transcript {
    type Err = NoTranscript;

    fn from_str(text: &str) -> Result<Self, NoTranscript> {
        let mut lines = text.lines().enumerate();
        let head = lines.next().and_then(|(_, line)| line.split_once(": ")).ok_or(NoTranscript(1))?;
        let covers = lines.next().and_then(|(_, line)| line.strip_prefix("covers")).ok_or(NoTranscript(2))?;
        let mut transcript = Self {
            case: head.0.to_owned(),
            title: head.1.to_owned(),
            covers: covers.split_whitespace().map(str::to_owned).collect(),
            moments: Vec::new(),
            is_cut: false,
        };
        for (index, line) in lines {
            if line.is_empty() {
                transcript.moments.push(Moment::default());
                continue;
            }
            let moment = transcript.moments.last_mut().ok_or(NoTranscript(index + 1))?;
            match line.strip_prefix(SEEN) {
                _ if line == CUT => transcript.is_cut = true,
                Some(seen) => {
                    let (receiver, line) = seen.split_once(" < ").ok_or(NoTranscript(index + 1))?;
                    let (line, count) = uncounted(line);
                    let lane = moment.seen.entry(receiver.to_owned()).or_default();
                    lane.extend(std::iter::repeat_n(line.to_owned(), count));
                }
                None => {
                    let (line, count) = uncounted(line);
                    moment.steps.extend(std::iter::repeat_n(line.to_owned(), count));
                }
            }
        }
        if transcript.is_cut {
            transcript.moments.pop();
        }
        Ok(transcript)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_is_read_again_as_it_was() {
        let line = |text: &str| text.to_owned();
        let seen = |receiver: &str, lines: &[&str]| (receiver.to_owned(), lines.iter().map(|one| line(one)).collect());
        let transcript = Transcript {
            case: line("c"),
            title: line("a: b"),
            covers: vec![line("ROOM-01")],
            moments: vec![
                Moment {
                    steps: vec![line("A connects"), line("A > create-room \"#r\", wants an ack")],
                    seen: [].into(),
                },
                Moment {
                    steps: vec![line("A > x"), line("A > x"), line("A > y")],
                    seen: [seen("A", &["ack {\"a\":\" < \"}"]), seen("B", &["e", "e", "f"])].into(),
                },
            ],
            is_cut: true,
        };
        assert_eq!(transcript.to_string().parse(), Ok(transcript));
    }

    #[test]
    fn what_is_no_transcript_is_named_by_its_line() {
        for (text, line) in
            [("", 1), ("c: t\n", 2), ("c: t\ncovers X\nA connects\n", 3), ("c: t\ncovers X\n\n    A\n", 4)]
        {
            assert_eq!(text.parse::<Transcript>(), Err(NoTranscript(line)), "{text:?}");
        }
    }
}
