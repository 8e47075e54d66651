//! Writes inputs of an abstraction as steps of a scenario, and reads them again.

use std::{collections::BTreeSet, fmt::Write};

use glare_model::{
    message::{SignalKind, Target},
    requirement::{RequirementId, ids::ROOM_11},
};

use super::abstraction::{Abstraction, Input, ROOMS_MAX, What};
use crate::scenario::{Scenario, parse};

/// Names of rooms; a number may follow, for fresh ones.
pub(super) const ROOMS: [char; ROOMS_MAX] = ['r', 's'];

/// A scenario in the making, and where the machine is meanwhile.
pub(super) struct Script<'a> {
    abstraction: &'a Abstraction,
    state: usize,
    /// Rooms that had members and have none.
    past: [bool; ROOMS_MAX],
    covers: BTreeSet<RequirementId>,
    body: String,
    turns: Turns,
    /// What follows the letter of a room's name.
    suffix: String,
}

/// What an abstraction leaves open is taken in turn.
struct Turns {
    kind: usize,
    ending: usize,
    request: usize,
    signal: usize,
}

impl<'a> Script<'a> {
    /// Begins with all clients connected, and so many more that watch. Scenarios of other numbers take what is left open in
    /// another order.
    pub(super) fn begin(abstraction: &'a Abstraction, number: usize, watchers: u8) -> Self {
        let turns = Turns { kind: number, ending: number, request: number, signal: number };
        let (covers, body) = (BTreeSet::new(), String::new());
        let mut this =
            Self { abstraction, state: 0, past: Default::default(), covers, body, turns, suffix: String::new() };
        let clients = (0..abstraction.alphabet.clients + watchers).map(|client| format!("{} connect", peer(client)));
        this.phase(&clients.collect::<Vec<_>>());
        this
    }

    /// Where the machine is.
    pub(super) fn state(&self) -> usize {
        self.state
    }

    /// One input, and everything that comes of it.
    pub(super) fn perform(&mut self, input: usize) {
        self.cover(input);
        for line in self.lines(self.abstraction.inputs[input]) {
            self.phase(&[line]);
        }
        self.enter(self.abstraction.machine.next(self.state, input));
    }

    /// Says that another state was reached, by whatever is not an input of the machine.
    pub(super) fn enter(&mut self, next: usize) {
        let had_members = |room: usize, state: usize| {
            self.abstraction.states[state].iter().flatten().any(|own| usize::from(*own) == room)
        };
        for room in 0..ROOMS_MAX {
            self.past[room] |= had_members(room, self.state) && !had_members(room, next);
        }
        self.state = next;
    }

    /// From here on the rooms are others, and nobody has been in them.
    pub(super) fn fresh_rooms(&mut self, number: usize) {
        self.suffix = number.to_string();
        self.past = Default::default();
    }

    /// Counts the clauses of an input in the present state as covered.
    pub(super) fn cover(&mut self, input: usize) {
        self.covers.extend(self.abstraction.clauses(self.state, input));
        let place = self.abstraction.states[self.state];
        if let Input { by, what: What::Create(room) | What::Join(room) } = self.abstraction.inputs[input]
            && place[usize::from(by)].is_none()
            && !place.contains(&Some(room))
            && self.past[usize::from(room)]
        {
            self.covers.insert(ROOM_11);
        }
    }

    /// Counts a clause as covered.
    pub(super) fn cover_clause(&mut self, clause: RequirementId) {
        self.covers.insert(clause);
    }

    /// Lines that are one phase.
    pub(super) fn phase(&mut self, lines: &[String]) {
        let text = match lines {
            [] => return,
            [line] => format!("{line}\n"),
            lines => format!("together\n  {}\nend\n", lines.join("\n  ")),
        };
        self.body.push_str(&text);
    }

    /// A room's name.
    pub(super) fn room(&self, room: u8) -> String {
        format!("{}{}", ROOMS[usize::from(room)], self.suffix)
    }

    /// The steps that an input consists of.
    pub(super) fn lines(&mut self, input: Input) -> Vec<String> {
        let by = peer(input.by);
        match input.what {
            What::Create(room) => vec![format!("{by} create {}", self.room(room))],
            What::Join(room) => vec![format!("{by} join {}", self.room(room))],
            What::Leave => vec![format!("{by} leave")],
            What::Return => vec![format!("{by} {}", self.ending()), format!("{by} connect")],
            What::Signal(kind, target) => {
                let any = self.abstraction.alphabet.ignores_kind(input);
                let kind = if any { self.kind() } else { kind };
                let target = match target {
                    Target::User(client) | Target::Member(client, _) => peer(client).to_string(),
                    Target::Room(room) => self.room(room),
                    Target::Unknown => "\"nobody\"".to_owned(),
                };
                vec![format!("{by} {} {target}", verb(kind))]
            }
            What::MalformedRequest => vec![self.malformed_request(by)],
            What::MalformedSignal => vec![self.malformed_signal(input.by)],
        }
    }

    /// How a connection ends.
    pub(super) fn ending(&mut self) -> &'static str {
        take(&mut self.turns.ending, &["close", "drop"])
    }

    fn kind(&mut self) -> SignalKind {
        take(&mut self.turns.kind, &SignalKind::ALL)
    }

    fn malformed_request(&mut self, by: char) -> String {
        let forms = ["create \"\"", "join \"\"", "create 7", "join @text(65)", "emit create-room ack", "join [\"#r\"]"];
        format!("{by} {}", take(&mut self.turns.request, &forms))
    }

    fn malformed_signal(&mut self, by: u8) -> String {
        let to = peer((by + 1) % self.abstraction.alphabet.clients);
        let forms = ["offer {\"target\":\"$T\"}", "answer {\"answer\":{}}", "ice-candidate \"$T\"", "offer"];
        let form = take(&mut self.turns.signal, &forms);
        format!("{} emit {}", peer(by), form.replace("$T", &format!("${to}")))
    }

    /// The scenario.
    pub(super) fn finish(self, id: &str, title: &str) -> Scenario {
        let mut text = format!("case: {id}\ntitle: {title}\ncovers:");
        for clause in &self.covers {
            write!(text, " {clause}").expect("a String takes all");
        }
        text.push('\n');
        text.push_str(&self.body);
        parse(&text).expect("a script writes scenarios").remove(0)
    }
}

fn take<T: Copy>(turn: &mut usize, choices: &[T]) -> T {
    *turn += 1;
    choices[*turn % choices.len()]
}

/// The name of a client.
pub(super) fn peer(client: u8) -> char {
    char::from(b'A' + client)
}

/// The word for a signal of this kind.
pub(super) fn verb(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate => "candidate",
    }
}

/// Where everybody is, in words.
pub(super) fn describe_state(abstraction: &Abstraction, state: usize) -> String {
    let clients = abstraction.alphabet.clients;
    let mut parts = Vec::new();
    for place in (0..abstraction.alphabet.rooms).map(Some).chain([None]) {
        let here = (0..clients).filter(|client| abstraction.states[state][usize::from(*client)] == place);
        let here: Vec<String> = here.map(|client| peer(client).to_string()).collect();
        let what = place.map_or("no room".to_owned(), |room| ROOMS[usize::from(room)].to_string());
        parts.extend((!here.is_empty()).then(|| format!("{} in {what}", here.join(" and "))));
    }
    parts.join(", ")
}

/// An input, in words.
pub(super) fn describe_input(input: Input) -> String {
    let by = peer(input.by);
    let room = |room: u8| ROOMS[usize::from(room)];
    match input.what {
        What::Create(named) => format!("{by} creates {}", room(named)),
        What::Join(named) => format!("{by} joins {}", room(named)),
        What::Leave => format!("{by} leaves"),
        What::Return => format!("{by} disconnects"),
        What::Signal(_, Target::User(to) | Target::Member(to, _)) if to == input.by => format!("{by} signals itself"),
        What::Signal(_, Target::User(to) | Target::Member(to, _)) => format!("{by} signals {}", peer(to)),
        What::Signal(_, Target::Room(named)) => format!("{by} signals the room {}", room(named)),
        What::Signal(_, Target::Unknown) => format!("{by} signals nobody"),
        What::MalformedRequest => format!("{by} sends a malformed request"),
        What::MalformedSignal => format!("{by} sends a malformed signal"),
    }
}
