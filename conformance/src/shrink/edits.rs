//! What may be tried on a scenario, larger cuts first. Each kind of edit says what it tries on lines as they are now.

use serde_json::Value;

use super::lines::{Lines, client};
use crate::scenario::raw;

/// A kind of edit: everything that it tries.
pub(super) type Edit = fn(&Lines) -> Vec<Lines>;

/// All kinds, in the order in which they are tried.
pub(super) const EDITS: &[Edit] =
    &[drop_phases, drop_client, drop_lines, merge_clients, merge_rooms, unrace, gentler_steps, smaller_data];

/// Without a run of phases, from halves down to two.
fn drop_phases(lines: &Lines) -> Vec<Lines> {
    let count = lines.phases.len();
    let mut tried = Vec::new();
    for size in halves(count).filter(|size| *size > 1) {
        for start in (0..count).step_by(size).rev() {
            let mut without = lines.clone();
            without.phases.drain(start..(start + size).min(count));
            tried.push(without);
        }
    }
    tried
}

/// Half of a number, a quarter, and so on down to one.
fn halves(number: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(number / 2), |size| Some(size / 2)).take_while(|size| *size > 0)
}

/// Without a line. The last ones first: what follows the failure is in nobody's way.
fn drop_lines(lines: &Lines) -> Vec<Lines> {
    (0..lines.count()).rev().map(|dropped| lines.retain(|number, _| number != dropped)).collect()
}

/// Without a client, and what is said to it.
fn drop_client(lines: &Lines) -> Vec<Lines> {
    clients(lines)
        .into_iter()
        .rev()
        .flat_map(|gone| {
            let addressed = |line: &str| line.split_whitespace().nth(2) == Some(&gone);
            [
                lines.retain(|_, line| client(line) != gone && !addressed(line)),
                lines.retain(|_, line| client(line) != gone),
            ]
        })
        .collect()
}

fn clients(lines: &Lines) -> Vec<String> {
    let mut clients: Vec<String> = Vec::new();
    for line in lines.phases.iter().flatten() {
        if !clients.iter().any(|known| known == client(line)) {
            clients.push(client(line).to_owned());
        }
    }
    clients
}

/// One client in the place of two.
fn merge_clients(lines: &Lines) -> Vec<Lines> {
    let clients = clients(lines);
    let pairs =
        clients.iter().enumerate().flat_map(|(place, one)| clients[..place].iter().map(move |into| (one, into)));
    pairs.map(|(one, into)| lines.map(|line| rename(line, one, into, '$'))).collect()
}

/// One room in the place of two.
fn merge_rooms(lines: &Lines) -> Vec<Lines> {
    let words = lines.phases.iter().flatten().filter_map(|line| line.split_whitespace().nth(2));
    let is_room = |word: &&str| word.starts_with(|c: char| c.is_ascii_lowercase()) && word.len() == 1;
    let mut rooms: Vec<&str> = words.filter(is_room).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let pairs = rooms.iter().enumerate().flat_map(|(place, one)| rooms[..place].iter().map(move |into| (*one, *into)));
    pairs.map(|(one, into)| lines.map(|line| rename(line, one, into, '#'))).collect()
}

/// A name as client, as target or room, and inside JSON.
fn rename(line: &str, one: &str, into: &str, sign: char) -> String {
    let mut words = line.splitn(4, ' ').map(|word| if word == one { into } else { word });
    let joined = words.by_ref().collect::<Vec<_>>().join(" ");
    joined.replace(&format!("\"{sign}{one}\""), &format!("\"{sign}{into}\""))
}

/// Steps that were under way together, one after another: all of them, or one before or behind the others.
fn unrace(lines: &Lines) -> Vec<Lines> {
    let mut tried = Vec::new();
    for (place, phase) in lines.phases.iter().enumerate().filter(|(_, phase)| phase.len() > 1) {
        let mut split = lines.clone();
        split.phases.splice(place..=place, phase.iter().map(|line| vec![line.clone()]));
        tried.push(split);
        for taken in 0..phase.len() {
            let mut rest = phase.clone();
            let alone = vec![rest.remove(taken)];
            for order in [[alone.clone(), rest.clone()], [rest.clone(), alone.clone()]] {
                let mut split = lines.clone();
                split.phases.splice(place..=place, order);
                tried.push(split);
            }
        }
    }
    tried
}

/// What is said less rudely: with an ack, politely ended, once instead of in a burst, without what is left to the language.
fn gentler_steps(lines: &Lines) -> Vec<Lines> {
    every_line(lines, |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let text = |text: &str| format!("{} {text}", client(line));
        match &words[1..] {
            ["create" | "join", .., "noack"] => vec![line.trim_end_matches("noack").trim_end().to_owned()],
            ["drop"] => vec![text("leave"), text("close")],
            ["close"] => vec![text("leave")],
            ["burst", target, count, rest @ ..] => {
                let payload = rest.join(" ");
                let fewer = halves(count.parse().unwrap_or(0)).map(|count| format!("burst {target} {count} {payload}"));
                let once = format!("offer {target} {payload}");
                std::iter::once(once).chain(fewer).map(|line| text(line.trim_end())).collect()
            }
            ["answer" | "candidate", target] => vec![text(&format!("offer {target}"))],
            _ => Vec::new(),
        }
    })
}

/// Smaller payloads and other data: what the language makes by itself, then halves and parts of what is there.
fn smaller_data(lines: &Lines) -> Vec<Lines> {
    every_line(lines, |line| {
        let mut words = line.splitn(4, ' ');
        let [Some(client), Some(verb), Some(target)] = [words.next(), words.next(), words.next()] else {
            return Vec::new();
        };
        match (verb, words.next()) {
            ("offer" | "answer" | "candidate", Some(payload)) => {
                let tail = smaller(payload).into_iter().map(|small| format!("{client} {verb} {target} {small}"));
                std::iter::once(format!("{client} {verb} {target}")).chain(tail).collect()
            }
            ("emit", Some(data)) => {
                let (data, flag) = data.strip_suffix(" ack").map_or((data, ""), |data| (data, " ack"));
                smaller(data).into_iter().map(|small| format!("{client} emit {target} {small}{flag}")).collect()
            }
            ("create" | "join", None) => {
                smaller(target).into_iter().map(|small| format!("{client} {verb} {small}")).collect()
            }
            ("frame" | "handshake", _) => {
                let data = line.splitn(3, ' ').nth(2).unwrap_or_default();
                smaller_bytes(data).into_iter().map(|small| format!("{client} {verb} {small}")).collect()
            }
            _ => Vec::new(),
        }
    })
}

/// Bytes without one of their parts, or with fewer of it.
fn smaller_bytes(text: &str) -> Vec<String> {
    let words = raw::words(text);
    let mut tried = Vec::new();
    // The first word is the wire.
    for (place, word) in words.iter().enumerate().skip(1).take(WORDS_MAX) {
        let with = |other: Option<String>| {
            let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            words.splice(place..=place, other);
            words.join(" ")
        };
        tried.push(with(None));
        if let Some((content, times)) = word.rsplit_once('*')
            && let Ok(times) = times.parse::<usize>()
        {
            tried.extend(halves(times).map(|times| with(Some(format!("{content}*{times}")))));
        }
    }
    tried
}

/// Smaller data in the place of some, as text.
fn smaller(text: &str) -> Vec<String> {
    if let Some((generator, count)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let halves = halves(count.parse().unwrap_or(0));
        return halves.map(|count| format!("{generator}({count})")).collect();
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    parts(&value).iter().map(Value::to_string).filter(|small| small.len() < text.len()).collect()
}

/// Values that are less than one: its halves, and what is left without one of its parts or with a smaller one.
fn parts(value: &Value) -> Vec<Value> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
        Value::String(text) => {
            let half: String = text.chars().take(text.chars().count() / 2).collect();
            vec![half.into()]
        }
        Value::Array(items) => {
            let mut tried = vec![Value::Array(items[..items.len() / 2].to_vec())];
            for (place, item) in items.iter().enumerate().take(PARTS_MAX) {
                let mut without = items.clone();
                without.remove(place);
                tried.push(without.into());
                tried.extend(parts(item).into_iter().map(|part| {
                    let mut with = items.clone();
                    with[place] = part;
                    with.into()
                }));
            }
            tried
        }
        Value::Object(members) => {
            let mut tried = Vec::new();
            for (key, member) in members.iter().take(PARTS_MAX) {
                let mut without = members.clone();
                without.remove(key);
                tried.push(without.into());
                tried.extend(parts(member).into_iter().map(|part| {
                    let mut with = members.clone();
                    with.insert(key.clone(), part);
                    with.into()
                }));
            }
            tried
        }
    }
}

/// Words of bytes that are tried one by one.
const WORDS_MAX: usize = 40;
/// Parts of one array or object that are tried one by one.
const PARTS_MAX: usize = 8;

fn every_line(lines: &Lines, tried: impl Fn(&str) -> Vec<String>) -> Vec<Lines> {
    let places = lines.phases.iter().enumerate().flat_map(|(phase, own)| (0..own.len()).map(move |line| (phase, line)));
    places
        .flat_map(|place| tried(&lines.phases[place.0][place.1]).into_iter().map(move |line| lines.with(place, line)))
        .collect()
}
