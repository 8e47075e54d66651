//! Cases by chance: events whose data is derived from a grammar of JSON, frames and requests that are sound ones with a few
//! bytes changed. Each is decided by the seed and its number alone.

use rand::{Rng, RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{Draft, Rule, by_many, json, quoted, socketio, values::CLASSES, websocket};

/// Deeds of one case.
const DEEDS_MAX: usize = 4;
/// How deep data by chance nests.
const DEPTH_MAX: usize = 4;
/// Members of one list or object.
const MEMBERS_MAX: usize = 4;

pub(super) fn draft(seed: u64, number: usize) -> Draft {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    chance.set_stream(u64::try_from(number).unwrap_or(u64::MAX));
    let count = chance.random_range(1..=DEEDS_MAX);
    let (what, lines) = match number % 4 {
        0 | 1 => ("events", (0..count).map(|_| event(&mut chance)).collect()),
        2 => ("frames", by_many(&(0..count).map(|_| frame(&mut chance)).collect::<Vec<_>>())),
        _ => ("requests", by_many(&(0..count).map(|_| request(&mut chance)).collect::<Vec<_>>())),
    };
    Draft {
        id: format!("chance-{seed}-{number}"),
        title: format!("{what} by chance, number {number} of seed {seed}"),
        lines,
    }
}

/// One of several. None of the lists here is empty.
fn one<'a, T: ?Sized>(chance: &mut impl Rng, all: &[&'a T]) -> &'a T {
    all.choose(chance).copied().expect("there is something to choose from")
}

/// An event by a member, or by a client in no room.
fn event(chance: &mut impl Rng) -> String {
    let name = one(chance, &["create-room", "join-room", "leave-room", "offer", "answer", "ice-candidate", "wobble"]);
    // Whoever asks for a room or leaves one is in none: the members are there to see what comes of it.
    let who = if name.ends_with("-room") { "X" } else { one(chance, &["A", "A", "X"]) };
    let flag = if chance.random_bool(0.3) { " ack" } else { "" };
    let data = match chance.random_range(0..10) {
        0 => String::new(),
        1..4 => format!(" {}", value(chance, 0)),
        _ => format!(" {}", nearly(chance, name)),
    };
    format!("{who} emit {name}{data}{flag}")
}

/// Data of nearly the right shape.
fn nearly(chance: &mut impl Rng, event: &str) -> String {
    if event.ends_with("-room") {
        return value(chance, DEPTH_MAX - 1);
    }
    let member = if event == "ice-candidate" { "candidate" } else { event };
    let mut members = Vec::new();
    for (name, sound) in [("target", "\"$B\""), (member, "{}")] {
        match chance.random_range(0..6) {
            0 => {}
            1 => members.push(format!("{}:{sound}", quoted(&name.to_uppercase()))),
            2 => members.push(format!("{}:{sound}", quoted(name))),
            _ => members.push(format!("{}:{}", quoted(name), value(chance, 1))),
        }
    }
    format!("{{{}}}", members.join(","))
}

/// JSON of any kind.
fn value(chance: &mut impl Rng, depth: usize) -> String {
    if depth >= DEPTH_MAX || chance.random_bool(0.4) {
        let class = CLASSES.choose(chance).expect("there are classes");
        return one(chance, class.values).to_owned();
    }
    let count = chance.random_range(0..=MEMBERS_MAX);
    if chance.random_bool(0.5) {
        let items: Vec<_> = (0..count).map(|_| value(chance, depth + 1)).collect();
        return format!("[{}]", items.join(","));
    }
    let names = ["target", "offer", "answer", "candidate", "__proto__", "constructor", "toString", "length", "0", ""];
    let mut left = names.to_vec();
    let members = (0..count).map(|_| {
        // Each name once: what a member that is there twice means, nobody says.
        let name = left.swap_remove(chance.random_range(0..left.len()));
        format!("{}:{}", quoted(name), value(chance, depth + 1))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// A frame of the grammar behind another one, or with bytes of chance behind it.
fn frame(chance: &mut impl Rng) -> String {
    let tables: [&[Rule]; 3] = [socketio::RULES, json::RULES, websocket::RULES];
    let rules = tables.choose(chance).expect("there are three");
    let deeds: Vec<&str> = rules.iter().flat_map(|rule| rule.deeds).copied().filter(|deed| is_short(deed)).collect();
    let (first, second) = (one(chance, &deeds), one(chance, &deeds));
    let (_, behind) = second.strip_prefix("frame ").and_then(|rest| rest.split_once(' ')).unwrap_or(("", "text \"\""));
    let noise = format!("raw {}", noise(chance));
    match chance.random_range(0..3) {
        0 => format!("{first} {behind}"),
        1 => format!("{first} {noise}"),
        _ => format!("{first} {noise} {behind}"),
    }
}

/// Frames without anything repeated, and not such as stay silent.
fn is_short(deed: &str) -> bool {
    !deed.contains('*') && !deed.ends_with(" held")
}

fn noise(chance: &mut impl Rng) -> String {
    let count = chance.random_range(1..=24);
    let bytes: String = (0..count).map(|_| format!("{:02x}", chance.random::<u8>())).collect();
    format!("x{bytes}")
}

/// A sound request, of which a part is cut out, replaced or said twice.
fn request(chance: &mut impl Rng) -> String {
    const HEAD: [&str; 9] = [
        "\"GET \"",
        "@path",
        "\" HTTP/1.1\\r\\n\"",
        "\"Host: h\\r\\n\"",
        "\"Connection: Upgrade\\r\\n\"",
        "\"Upgrade: websocket\\r\\n\"",
        "\"Sec-WebSocket-Version: 13\\r\\n\"",
        "\"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\"",
        "\"\\r\\n\"",
    ];
    let mut parts: Vec<String> = HEAD.map(str::to_owned).to_vec();
    for _ in 0..chance.random_range(1..=3) {
        let place = chance.random_range(0..parts.len());
        match chance.random_range(0..4) {
            0 => drop(parts.remove(place)),
            1 => parts[place] = noise(chance),
            2 => parts.insert(place, noise(chance)),
            _ => parts.insert(place, parts[place].clone()),
        }
        if parts.is_empty() {
            parts.push(noise(chance));
        }
    }
    format!("handshake any {}", parts.join(" "))
}
