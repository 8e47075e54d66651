//! A run as a Mermaid sequence diagram.

use std::fmt::Write as _;

use crate::world::{Lane, Line, Trace};

/// Draws a run. An arrow is the arrival of a message, which is when it takes effect; a message that other things overtake
/// is also told at its sending.
#[must_use]
pub fn mermaid(trace: &Trace) -> String {
    let infallible = "writing to a string cannot fail";
    let mut diagram = String::from("sequenceDiagram\n");
    let involved = (0..trace.peers).map(Lane::Peer).filter(|lane| trace.involves(*lane));
    let mut participants: Vec<_> = involved.map(name).collect();
    participants.insert(participants.len().min(1), name(Lane::Server));
    for participant in participants {
        writeln!(diagram, "    participant {participant}").expect(infallible);
    }
    let write = |diagram: &mut String, lines: &[Line]| lines.iter().for_each(|line| write_line(diagram, line));
    trace.steps.iter().for_each(|step| write(&mut diagram, &step.lines));
    if !trace.repeated().is_empty() {
        diagram += "    loop for ever\n";
        trace.repeated().iter().for_each(|step| write(&mut diagram, &step.lines));
        diagram += "    end\n";
    }
    write(&mut diagram, &trace.conclusion);
    diagram
}

fn write_line(diagram: &mut String, line: &Line) {
    let written = match line {
        Line::Send { by, text } => writeln!(diagram, "    Note over {}: sends {}", name(*by), plain(text)),
        Line::Arrow { from, to, text } => {
            writeln!(diagram, "    {}->>{}: {}", name(*from), name(*to), plain(text))
        }
        Line::Note { at, text } => writeln!(diagram, "    Note over {}: {}", name(*at), plain(text)),
    };
    written.expect("writing to a string cannot fail");
}

fn name(lane: Lane) -> String {
    match lane {
        Lane::Peer(peer) => char::from(b'A' + peer).to_string(),
        Lane::Server => "server".into(),
    }
}

/// Mermaid takes a semicolon for the end of a line, and a number sign for the start of an entity.
fn plain(text: &str) -> String {
    text.replace(';', ",").replace('#', "no. ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Outlook, TraceStep};

    fn arrow(text: &str) -> Line {
        Line::Arrow { from: Lane::Peer(0), to: Lane::Server, text: text.into() }
    }

    fn trace(lines: Vec<Line>, then: Outlook) -> Trace {
        Trace { peers: 3, length: 1, steps: vec![TraceStep { lines }], then, conclusion: Vec::new() }
    }

    #[test]
    fn the_server_stands_behind_the_first_peer_and_semicolons_are_gone() {
        let note = Line::Note { at: Lane::Peer(2), text: "one; two".into() };
        let expected = "sequenceDiagram\n    participant A\n    participant server\n    participant C\n    \
                        A->>server: leave-room\n    Note over C: one, two\n";
        assert_eq!(mermaid(&trace(vec![arrow("leave-room"), note], Outlook::Open)), expected);
    }

    #[test]
    fn what_goes_on_for_ever_is_a_loop() {
        let round = Outlook::Repetition(vec![TraceStep { lines: vec![arrow("offer")] }]);
        let diagram = mermaid(&trace(vec![arrow("leave-room")], round));
        assert!(diagram.ends_with("leave-room\n    loop for ever\n    A->>server: offer\n    end\n"), "{diagram}");
    }
}
