//! Draws a run as text: one lane for each participant, time going down.

use crate::world::{Goal, Lane, Line, Outlook, Property, Trace, TraceStep};
use std::fmt::Write as _;

/// The width of all lanes together, without the margin for step numbers.
const LANES_WIDTH: usize = 92;

/// The margin for step numbers.
const MARGIN: usize = 4;

const INFALLIBLE: &str = "writing to a string cannot fail";

/// Draws a run. The server stands between the first peer and the others, so that with two peers no arrow crosses a lane.
/// Peers that take no part have no lane.
///
/// A number begins each step. `▶` is the arrival of a message, which is when it takes effect; `○` is its sending, told
/// only where other things happen before it arrives.
#[must_use]
pub fn draw(trace: &Trace) -> String {
    let canvas = Canvas::new(trace);
    let mut drawing = canvas.heading();
    let mut rows = canvas.numbered(&trace.steps, 1);
    match &trace.then {
        Outlook::Open => {}
        Outlook::Stillness => rows.push("\n... and there it stays:\n".into()),
        Outlook::Repetition(round) => {
            rows.push("\n... and then for ever:\n".into());
            rows.extend(canvas.numbered(round, trace.steps.len() + 1));
        }
    }
    for (place, line) in trace.conclusion.iter().enumerate() {
        for (part, row) in canvas.rows(line).into_iter().enumerate() {
            let mark = if place + part == 0 { "end" } else { "" };
            rows.push(format!("{mark:>3} {row}"));
        }
    }
    rows.iter().for_each(|row| writeln!(drawing, "{}", row.trim_end_matches(' ')).expect(INFALLIBLE));
    drawing
}

/// Draws a counterexample: the clause, what it demands, and the run that breaks it.
#[must_use]
pub fn counterexample(property: &Property, trace: &Trace) -> String {
    format!("{}: {}\nA shortest run that breaks it:\n\n{}", property.clause, property.statement, draw(trace))
}

/// Draws a run on which a goal is never reached.
#[must_use]
pub fn never(goal: &Goal, trace: &Trace) -> String {
    format!("{}: {}\nA shortest run on which that never comes true:\n\n{}", goal.clause, goal.statement, draw(trace))
}

struct Canvas {
    order: Vec<Lane>,
    pitch: usize,
}

impl Canvas {
    /// Lanes for the server and for the peers that take part.
    fn new(trace: &Trace) -> Self {
        let mut order: Vec<_> = (0..trace.peers).map(Lane::Peer).filter(|lane| trace.involves(*lane)).collect();
        order.insert(order.len().min(1), Lane::Server);
        let pitch = LANES_WIDTH / order.len();
        Self { order, pitch }
    }

    fn column(&self, lane: Lane) -> usize {
        let place = self.order.iter().position(|it| *it == lane).expect("every participant has a lane");
        place * self.pitch
    }

    fn heading(&self) -> String {
        let mut row = " ".repeat(MARGIN);
        for lane in &self.order {
            row += &format!("{:<width$}", lane.to_string(), width = self.pitch);
        }
        format!("{}\n", row.trim_end())
    }

    /// The rows of steps, each step with its number.
    fn numbered(&self, steps: &[TraceStep], first: usize) -> Vec<String> {
        let mut rows = Vec::new();
        for (number, step) in (first..).zip(steps) {
            let mut number = number.to_string();
            for row in step.lines.iter().flat_map(|line| self.rows(line)) {
                rows.push(format!("{number:>3} {row}"));
                number.clear();
            }
        }
        rows
    }

    /// The lanes with nothing on them.
    fn empty(&self) -> Vec<char> {
        let mut row = vec![' '; LANES_WIDTH];
        for lane in &self.order {
            row[self.column(*lane)] = '│';
        }
        row
    }

    fn rows(&self, line: &Line) -> Vec<String> {
        match line {
            Line::Send { by, text } => self.texts(*by, '○', &format!("sends {text}")),
            Line::Note { at, text } => self.texts(*at, '│', text),
            Line::Arrow { from, to, text } => self.arrow(*from, *to, text),
        }
    }

    /// An arrow with its text on it or, where that is too long, above it.
    fn arrow(&self, from: Lane, to: Lane, text: &str) -> Vec<String> {
        let (from, to) = (self.column(from), self.column(to));
        let (left, right) = (from.min(to), from.max(to));
        let mut row = self.empty();
        row[left + 1..right].fill('─');
        row[from] = if from < to { '├' } else { '┤' };
        if from < to {
            row[right - 1] = '▶';
        } else {
            row[left + 1] = '◀';
        }
        let room = right - left - 4;
        if text.chars().count() + 2 > room {
            let above = wrap(text, room).into_iter().map(|part| self.with_text(left + 2, &part));
            return above.chain([row.into_iter().collect()]).collect();
        }
        let label = format!(" {text} ");
        let start = left + 2 + usize::from(from > to);
        for (offset, letter) in label.chars().enumerate() {
            row[start + offset] = letter;
        }
        vec![row.into_iter().collect()]
    }

    fn with_text(&self, column: usize, text: &str) -> String {
        let mut row = self.empty();
        for (offset, letter) in text.chars().enumerate() {
            row[column + offset] = letter;
        }
        row.into_iter().collect()
    }

    /// A text beside a lane, wrapped so that it does not run into the next one.
    fn texts(&self, lane: Lane, mark: char, text: &str) -> Vec<String> {
        let column = self.column(lane);
        wrap(text, self.pitch - 3)
            .into_iter()
            .enumerate()
            .map(|(place, part)| {
                let row = self.with_text(column + 2, &part);
                let mark = if place == 0 { mark } else { '│' };
                row.chars().enumerate().map(|(at, letter)| if at == column { mark } else { letter }).collect()
            })
            .collect()
    }
}

/// Breaks a text into lines of at most `width` columns; a longer word has a line of its own.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(peers: u8, lines: Vec<Line>) -> Trace {
        Trace { peers, length: 1, steps: vec![TraceStep { lines }], then: Outlook::Open, conclusion: Vec::new() }
    }

    #[test]
    fn what_is_repeated_for_ever_stands_apart_and_its_numbers_go_on() {
        let note = |text: &str| Line::Note { at: Lane::Server, text: text.into() };
        let round = vec![TraceStep { lines: vec![note("once more")] }];
        let trace = Trace { then: Outlook::Repetition(round), ..trace(1, vec![note("once")]) };
        let drawing = draw(&trace);
        let rows: Vec<_> = drawing.lines().map(str::trim_start).filter(|row| !row.is_empty()).collect();
        assert_eq!(rows[1..], ["1 │ once", "... and then for ever:", "2 │ once more"]);
    }

    #[test]
    fn a_text_that_fits_is_on_its_arrow_and_a_longer_one_above_it() {
        let arrow = |text: &str| Line::Arrow { from: Lane::Peer(0), to: Lane::Server, text: text.into() };
        assert!(draw(&trace(1, vec![arrow("short")])).contains("├─ short ─"));
        let long = "a text of many words that is far too long for the place between two lanes";
        let drawing = draw(&trace(1, vec![arrow(long)]));
        let words = |text: &str| text.split_whitespace().filter(|it| long.contains(it)).count();
        assert_eq!(words(&drawing), words(long));
    }

    #[test]
    fn a_peer_that_takes_no_part_has_no_lane() {
        let note = Line::Note { at: Lane::Peer(2), text: "speaks".into() };
        let heading = draw(&trace(4, vec![note])).lines().next().unwrap().to_owned();
        assert_eq!(heading.split_whitespace().collect::<Vec<_>>(), ["C", "server"]);
    }

    #[test]
    fn no_row_is_wider_than_a_hundred_columns() {
        let all = (0..4).map(|peer| Line::Note { at: Lane::Peer(peer), text: "word ".repeat(60) }).collect();
        assert!(draw(&trace(4, all)).lines().all(|row| row.chars().count() <= 100));
    }
}
