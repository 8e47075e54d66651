//! A run of the model as a picture: a sequence diagram that stands alone.

use std::fmt::Write;

use crate::world::{Lane, Line, Outlook, Trace};

/// What becomes of peers that take no part in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// They have lanes too: pictures of a run and of what follows it look alike.
    Shown,
    /// They have none.
    Hidden,
}

/// The lanes of a trace, left to right, with the server in the middle of the peers.
fn lanes(trace: &Trace, idle: Idle) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = match idle {
        Idle::Shown => (0..trace.peers).map(Lane::Peer).collect(),
        Idle::Hidden => (0..trace.peers).map(Lane::Peer).filter(|lane| trace.involves(*lane)).collect(),
    };
    lanes.insert(lanes.len().div_ceil(2), Lane::Server);
    lanes
}

/// Distances of the picture, in pixels.
const LANE: usize = 300;
const ROW: usize = 34;
const TOP: usize = 84;
const MARGIN: usize = 160;
/// What fits into a lane at the picture's font size, in characters.
const NOTE_CHARS: usize = 40;

/// The trace as an SVG picture, readable on light and dark pages.
#[must_use]
pub fn svg(title: &str, trace: &Trace, idle: Idle) -> String {
    let lanes = lanes(trace, idle);
    let x = |lane: &Lane| MARGIN + LANE * lanes.iter().position(|own| own == lane).unwrap_or(0);
    let mut rows = String::new();
    let mut y = TOP;
    let stem: usize = trace.steps.iter().map(|step| step.lines.len()).sum();
    for (place, line) in trace.lines().enumerate() {
        if place == stem
            && let Some(words) = then(trace)
        {
            text_at(&mut rows, x(&Lane::Server), y, "h", words);
            y += ROW;
        }
        match line {
            Line::Arrow { from, to, text } => {
                let (start, end) = (x(from), x(to));
                let tip = if start < end { end - 4 } else { end + 4 };
                push(
                    &mut rows,
                    format_args!("<line class=\"m\" x1=\"{start}\" y1=\"{y}\" x2=\"{tip}\" y2=\"{y}\"/>\n"),
                );
                text_at(&mut rows, usize::midpoint(start, end), y - 6, "l", text);
                y += ROW;
            }
            Line::Send { by, text } => {
                push(&mut rows, format_args!("<circle class=\"s\" cx=\"{}\" cy=\"{y}\" r=\"4\"/>\n", x(by)));
                text_at(&mut rows, x(by), y - 8, "l", &format!("sends {text}"));
                y += ROW;
            }
            Line::Note { at, text } => {
                let parts = wrap(text);
                let height = 8 + 16 * parts.len();
                let (left, width) = (x(at) - LANE / 2 + 8, LANE - 16);
                let top = y - 18;
                push(
                    &mut rows,
                    format_args!(
                        "<rect class=\"n\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>\n"
                    ),
                );
                for (index, part) in parts.iter().enumerate() {
                    text_at(&mut rows, x(at), y - 3 + 16 * index, "t", part);
                }
                y += height + 14;
            }
        }
    }
    let (width, height) = (2 * MARGIN + LANE * (lanes.len() - 1), y + 20);
    let mut page = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n{STYLE}"
    );
    push(&mut page, format_args!("<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n"));
    text_at(&mut page, width / 2, 24, "h", title);
    for lane in &lanes {
        let at = x(lane);
        push(
            &mut page,
            format_args!("<line class=\"life\" x1=\"{at}\" y1=\"56\" x2=\"{at}\" y2=\"{}\"/>\n", height - 10),
        );
        text_at(&mut page, at, 50, "h", &lane.to_string());
    }
    page + &rows + "</svg>\n"
}

/// What stands between the way there and what comes then.
fn then(trace: &Trace) -> Option<&'static str> {
    match trace.then {
        Outlook::Open => None,
        Outlook::Stillness => Some("and there it stays:"),
        Outlook::Repetition(_) => Some("and then for ever:"),
    }
}

/// The arrow's tip, and colours for both kinds of page.
const STYLE: &str =
    "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
orient=\"auto-start-reverse\"><path class=\"tip\" d=\"M0 0 8 4 0 8z\"/></marker></defs>
<style>.page{fill:#fff}.h{font-weight:bold}text{fill:#222;text-anchor:middle}.life{stroke:#aaa}.m{stroke:#222;\
marker-end:url(#tip)}.tip,.s{fill:#222}.n{fill:#fff3cd;stroke:#c9a400}.n~.t{fill:#222}
@media(prefers-color-scheme:dark){.page{fill:#16181c}text{fill:#e6e6e6}.m{stroke:#e6e6e6}.tip,.s{fill:#e6e6e6}\
.n{fill:#3b3413}.n~.t{fill:#e6e6e6}.life{stroke:#555}}</style>
";

fn text_at(page: &mut String, x: usize, y: usize, class: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    push(page, format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>\n"));
}

/// Breaks a note between words.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is a first line");
        if !last.is_empty() && last.chars().count() + word.chars().count() >= NOTE_CHARS {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a string never fails");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::TraceStep;

    fn trace() -> Trace {
        let (a, server) = (Lane::Peer(0), Lane::Server);
        let lines = vec![
            Line::Send { by: a, text: "offer A1; <b>".to_owned() },
            Line::Arrow { from: server, to: Lane::Peer(1), text: "user-joined A".to_owned() },
            Line::Note {
                at: server,
                text: "a note that is long enough to be broken into two lines or more".to_owned(),
            },
        ];
        let conclusion = vec![Line::Note { at: a, text: "alone".to_owned() }];
        Trace { peers: 2, length: 3, steps: vec![TraceStep { lines }], then: Outlook::Open, conclusion }
    }

    #[test]
    fn what_is_repeated_for_ever_has_a_heading() {
        let round = vec![TraceStep { lines: vec![Line::Note { at: Lane::Server, text: "again".to_owned() }] }];
        let picture = svg("NEG-10", &Trace { then: Outlook::Repetition(round), ..trace() }, Idle::Hidden);
        let place = |text: &str| picture.find(text).unwrap_or_else(|| panic!("no {text}"));
        assert!(place("user-joined A") < place("and then for ever:") && place("and then for ever:") < place("again"));
    }

    #[test]
    fn a_picture_escapes_what_it_shows() {
        let picture = svg("NEG-06", &trace(), Idle::Shown);
        assert!(picture.contains("&lt;b&gt;") && !picture.contains("<b>"));
    }

    #[test]
    fn a_peer_that_takes_no_part_has_a_lane_only_where_it_is_asked_for() {
        let trace = Trace { peers: 4, ..trace() };
        let lanes = [Idle::Shown, Idle::Hidden].map(|idle| svg("", &trace, idle).matches("class=\"life\"").count());
        assert_eq!(lanes, [5, 3]);
    }
}
