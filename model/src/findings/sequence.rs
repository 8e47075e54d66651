//! A run as a Mermaid sequence diagram.

use std::fmt::Write as _;

use crate::world::{Lane, Line, Trace};

/// Draws a run. An arrow is the arrival of a message, which is when it takes effect; a message that other things overtake
/// is also told at its sending.
#[must_use]
pub fn mermaid(trace: &Trace) -> String {
    let lines = || trace.steps.iter().flat_map(|step| &step.lines).chain(&trace.conclusion);
    let takes_part = |peer: &u8| {
        let lane = Lane::Peer(*peer);
        lines().any(|line| match line {
            Line::Send { by, .. } => *by == lane,
            Line::Arrow { from, to, .. } => *from == lane || *to == lane,
            Line::Note { at, .. } => *at == lane,
        })
    };
    let infallible = "writing to a string cannot fail";
    let mut diagram = String::from("sequenceDiagram\n");
    let mut participants: Vec<_> = (0..trace.peers).filter(takes_part).map(|peer| name(Lane::Peer(peer))).collect();
    participants.insert(participants.len().min(1), name(Lane::Server));
    for participant in participants {
        writeln!(diagram, "    participant {participant}").expect(infallible);
    }
    for line in lines() {
        match line {
            Line::Send { by, text } => writeln!(diagram, "    Note over {}: sends {}", name(*by), plain(text)),
            Line::Arrow { from, to, text } => {
                writeln!(diagram, "    {}->>{}: {}", name(*from), name(*to), plain(text))
            }
            Line::Note { at, text } => writeln!(diagram, "    Note over {}: {}", name(*at), plain(text)),
        }
        .expect(infallible);
    }
    diagram
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
    use crate::world::TraceStep;

    #[test]
    fn the_server_stands_behind_the_first_peer_and_semicolons_are_gone() {
        let lines = vec![
            Line::Arrow { from: Lane::Peer(0), to: Lane::Server, text: "leave-room".into() },
            Line::Note { at: Lane::Peer(2), text: "one; two".into() },
        ];
        let trace = Trace { peers: 3, length: 1, steps: vec![TraceStep { lines }], conclusion: Vec::new() };
        let expected = "sequenceDiagram\n    participant A\n    participant server\n    participant C\n    \
                        A->>server: leave-room\n    Note over C: one, two\n";
        assert_eq!(mermaid(&trace), expected);
    }
}
