//! Hostile scenarios from a grammar of what is malformed, and from a list of what is known to stop servers.
//!
//! Every case has two members who were there before, then the hostile deeds, and then the proof that nobody else noticed:
//! the members still reach each other, and a newcomer connects and creates a room that another one joins. Nothing here says
//! what should come of a deed: the oracles judge. What may be said on the wire at all is said in events ([`events`]), where
//! every answer is judged; everything else goes past the libraries, byte by byte, and of that the protocol only says that
//! nobody else may be harmed.
//!
//! Cases that were derived by rule are the same in every run. Those by chance depend on the seed alone.

mod chance;
mod engine;
mod events;
mod handshakes;
mod json;
mod killers;
mod polling;
mod socketio;
mod values;
mod websocket;

use glare_model::{
    id::RoomId,
    message::{ClientMessage, RequestKind, SignalFault, Target},
    requirement::{
        RequirementId,
        ids::{
            ERR_01, ERR_02, ERR_03, ERR_04, ERR_05, ERR_06, ERR_07, RELAY_02, RELAY_06, ROOM_01, ROOM_03, ROOM_05,
            ROOM_09,
        },
    },
    wire::{EventFrame, WireClientMessage, decode},
};
use serde_json::{Value, value::RawValue};

use super::Generated;
use crate::{
    observation::is_request,
    scenario::{Action, Scenario, parse},
};

/// A case before it is text.
#[derive(Clone)]
struct Draft {
    /// Behind `hostile-`.
    id: String,
    title: String,
    /// The hostile deeds, each a line.
    lines: Vec<String>,
}

/// A rule of the grammar with all that is derived from it.
struct Rule {
    name: &'static str,
    title: &'static str,
    /// What each of as many clients sends, behind its name.
    deeds: &'static [&'static str],
}

/// Cases about one thing.
struct Family {
    name: &'static str,
    make: fn() -> Vec<Draft>,
}

/// All of them, in the order of the suite.
const FAMILIES: &[Family] = &[
    Family { name: "events", make: events::drafts },
    Family { name: "Socket.IO packets", make: || drafts("sio", socketio::RULES) },
    Family { name: "polling requests", make: polling::drafts },
    Family { name: "JSON frames", make: || drafts("json", json::RULES) },
    Family { name: "WebSocket frames", make: || drafts("ws", websocket::RULES) },
    Family { name: "handshakes", make: handshakes::drafts },
    Family { name: "known killers", make: killers::drafts },
];

/// All cases that are derived by rule, and as many by chance. The same arguments give the same cases, and a larger count
/// keeps the first ones.
#[must_use]
pub fn hostile(seed: u64, count: usize) -> Generated {
    let mut scenarios = Vec::new();
    let mut sizes = Vec::new();
    for Family { name, make } in FAMILIES {
        let drafts = make();
        sizes.push(format!("{} {name}", drafts.len()));
        scenarios.extend(drafts.iter().map(scenario));
    }
    scenarios.extend((0..count).map(|number| scenario(&chance::draft(seed, number))));
    let claim = format!(
        "hostile: {} by rule, {count} by chance of seed {seed}: after none of them was anybody else harmed",
        sizes.join(", ")
    );
    Generated { scenarios, claims: vec![claim] }
}

/// One case for each rule.
fn drafts(family: &str, rules: &[Rule]) -> Vec<Draft> {
    let draft = |rule: &Rule| Draft {
        id: format!("{family}-{}", rule.name),
        title: rule.title.to_owned(),
        lines: by_many(rule.deeds),
    };
    rules.iter().map(draft).collect()
}

/// Each deed by a client of its own, since it may be its last.
fn by_many(deeds: &[impl AsRef<str>]) -> Vec<String> {
    deeds.iter().enumerate().map(|(number, deed)| format!("X{number} {}", deed.as_ref())).collect()
}

/// The scenario of a draft. What it covers is what the protocol says of its deeds, by the model's own reading.
fn scenario(draft: &Draft) -> Scenario {
    let Draft { id, title, lines } = draft;
    let text = format!(
        "case: hostile-{id}\ntitle: {title}\ncovers: {ERR_07}\nhostile: yes\nA create r\nB join r\n{}\nA offer B\nB answer \
         A\nN create s\nM join s\n",
        lines.join("\n")
    );
    let parsed = parse(&text).unwrap_or_else(|error| panic!("a draft is in the language: {error}\n{text}"));
    let mut scenario = parsed.into_iter().next().expect("the text has one case");
    let hostile = scenario.phases[2..].iter().take(lines.len()).flat_map(|phase| &phase.steps);
    let mut covers: Vec<RequirementId> = Vec::new();
    for clause in hostile.flat_map(|step| clauses(&step.action)).chain([ERR_07]) {
        if !covers.contains(&clause) {
            covers.push(clause);
        }
    }
    scenario.covers = covers;
    scenario.source = scenario.render();
    scenario
}

/// The clauses that a deed is about.
fn clauses(action: &Action) -> Vec<RequirementId> {
    match action {
        Action::Emit { event, data, ack } => {
            let data = data.as_ref().map(|data| &data.0);
            let unheard = is_request(event) && !ack;
            let mut clauses = clauses_of_event(event, data);
            if unheard {
                clauses.insert(0, ERR_04);
            }
            clauses
        }
        Action::Broken(_) | Action::Raw(_) | Action::Handshake(_) => vec![ERR_06],
        Action::Connect | Action::Close | Action::Drop | Action::Freeze | Action::Noticed => Vec::new(),
    }
}

fn clauses_of_event(event: &str, data: Option<&Value>) -> Vec<RequirementId> {
    match read(event, data) {
        None => vec![ERR_05],
        Some(ClientMessage::Leave | ClientMessage::LeaveOne(_)) => vec![ROOM_09],
        Some(ClientMessage::Request { room: Err(_), .. }) => vec![ROOM_03, ERR_03],
        Some(ClientMessage::Request { kind: RequestKind::Create, .. }) => vec![ROOM_01],
        Some(ClientMessage::Request { kind: RequestKind::Join, .. }) => vec![ROOM_05],
        Some(ClientMessage::Signal { signal: Err(SignalFault::Malformed), .. }) => vec![ERR_01, ERR_03],
        Some(ClientMessage::Signal { signal: Err(SignalFault::TooLarge), .. }) => vec![ERR_02, ERR_03],
        Some(ClientMessage::Signal { signal: Ok(signal), .. }) => match signal.target {
            Target::User(()) | Target::Member((), _) => vec![RELAY_02],
            Target::Room(_) | Target::Unknown => vec![RELAY_06],
        },
    }
}

/// An event as the model reads it, with `$B` for the one user whom it knows.
fn read(event: &str, data: Option<&Value>) -> Option<WireClientMessage<()>> {
    let data = data.map(|data| RawValue::from_string(data.to_string()).expect("a value prints as JSON"));
    let resolve = |name: &str| match name {
        "$B" => Target::User(()),
        name => RoomId::parse(name).map_or(Target::Unknown, Target::Room),
    };
    decode(EventFrame { event, data: data.as_deref(), ack: None }, resolve)
}

/// A text as a scenario writes it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
