//! One line of a scenario: who does what.

use glare_model::message::SignalKind;
use serde_json::{Value, json};

use super::{is_peer_name, is_room_name};
use crate::{
    limits::STEPS_MAX,
    scenario::{Action, Peer, Raw, Step, Template},
};

/// Reads `PEER VERB ARGUMENTS`. `burst` yields several steps, everything else one.
pub(super) fn parse_step(content: &str, marks: &mut usize) -> Result<Vec<Step>, String> {
    let (name, rest) = split_word(content);
    if !is_peer_name(name) {
        return Err(format!("expected a client such as A, `together` or `end`, not {name:?}"));
    }
    let peer = Peer(name.into());
    let (verb, arguments) = split_word(rest);
    if verb == "burst" {
        return parse_burst(&peer, arguments, content, marks);
    }
    let action = parse_action(verb, arguments, marks)?;
    Ok(vec![Step { peer, action, text: content.to_owned(), burst: 1 }])
}

fn parse_action(verb: &str, arguments: &str, marks: &mut usize) -> Result<Action, String> {
    let bare = |action| match arguments {
        "" => Ok(action),
        extra => Err(format!("`{verb}` takes no arguments, and there is {extra:?}")),
    };
    match verb {
        "connect" => bare(Action::Connect),
        "leave" => bare(Action::Emit { event: "leave-room".to_owned(), data: None, ack: false }),
        "close" => bare(Action::Close),
        "drop" => bare(Action::Drop),
        "freeze" => bare(Action::Freeze),
        "noticed" => bare(Action::Noticed),
        "create" | "join" => {
            let (room, rest) = split_value(arguments)?;
            let ack = parse_flag(rest, "noack")?;
            let event = format!("{verb}-room");
            Ok(Action::Emit { event, data: Some(parse_value(room)?), ack: !ack })
        }
        "offer" | "answer" | "candidate" => {
            let kind = signal_kind(verb).ok_or("one of the three just matched")?;
            let (target, payload) = split_value(arguments)?;
            let payload = match payload {
                "" => Template(default_payload(kind, marks)),
                payload => parse_whole_value(payload)?,
            };
            Ok(signal(kind, &parse_value(target)?, &payload))
        }
        "emit" => {
            let (event, rest) = split_word(arguments);
            let event = event.trim_matches('"');
            let (data, rest) = match rest {
                "" | "ack" => (None, rest),
                rest => {
                    let (data, rest) = split_value(rest)?;
                    (Some(parse_value(data)?), rest)
                }
            };
            Ok(Action::Emit { event: event.to_owned(), data, ack: parse_flag(rest, "ack")? })
        }
        "frame" => match Raw::frames(arguments) {
            Some(raw) => raw.map(Action::Raw),
            None => serde_json::from_value(Value::String(arguments.to_owned()))
                .map(Action::Broken)
                .map_err(|error| format!("no such frame: {error}")),
        },
        "handshake" => Raw::handshake(arguments).map(Action::Handshake),
        other => Err(format!("unknown verb {other:?}; docs/conformance.md lists them")),
    }
}

/// `A burst B 20`: that many signals of all three kinds in turn, without waiting. `A burst B 20 @bytes(1000)` gives each
/// a description of that size.
fn parse_burst(peer: &Peer, arguments: &str, text: &str, marks: &mut usize) -> Result<Vec<Step>, String> {
    let (target, rest) = split_value(arguments)?;
    let (count, payload) = split_word(rest);
    let count: usize = count.parse().map_err(|_| format!("expected a number of signals, not {count:?}"))?;
    if count > STEPS_MAX {
        return Err(format!("at most {STEPS_MAX} signals"));
    }
    let target = parse_value(target)?;
    let given = if payload.is_empty() { None } else { Some(parse_whole_value(payload)?) };
    let steps = (0..count).map(|index| {
        let kind = if given.is_some() { SignalKind::Offer } else { SignalKind::ALL[index % SignalKind::ALL.len()] };
        let payload = given.clone().unwrap_or_else(|| Template(default_payload(kind, marks)));
        let burst = if index == 0 { count } else { 1 };
        Step { peer: peer.clone(), action: signal(kind, &target, &payload), text: text.to_owned(), burst }
    });
    Ok(steps.collect())
}

fn signal_kind(verb: &str) -> Option<SignalKind> {
    match verb {
        "offer" => Some(SignalKind::Offer),
        "answer" => Some(SignalKind::Answer),
        "candidate" => Some(SignalKind::Candidate),
        _ => None,
    }
}

fn signal(kind: SignalKind, target: &Template, payload: &Template) -> Action {
    let mut data = serde_json::Map::new();
    data.insert("target".to_owned(), target.0.clone());
    data.insert(kind.payload_member().to_owned(), payload.0.clone());
    Action::Emit { event: kind.event().to_owned(), data: Some(Template(Value::Object(data))), ack: false }
}

fn default_payload(kind: SignalKind, marks: &mut usize) -> Value {
    *marks += 1;
    match kind {
        SignalKind::Offer => json!({"type": "offer", "sdp": format!("v=0\r\ns=mark {marks}\r\n")}),
        SignalKind::Answer => json!({"type": "answer", "sdp": format!("v=0\r\ns=mark {marks}\r\n")}),
        SignalKind::Candidate => {
            json!({"candidate": format!("candidate:mark {marks}"), "sdpMid": "0", "sdpMLineIndex": 0})
        }
    }
}

fn parse_flag(rest: &str, flag: &str) -> Result<bool, String> {
    match rest {
        "" => Ok(false),
        rest if rest == flag => Ok(true),
        extra => Err(format!("expected `{flag}` or nothing, not {extra:?}")),
    }
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

/// Splits off one JSON value or one word.
fn split_value(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start();
    if !text.starts_with(['{', '[', '"']) {
        return Ok(split_word(text));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(_)) => {
            let end = values.byte_offset();
            Ok((&text[..end], text[end..].trim()))
        }
        Some(Err(error)) => Err(format!("not JSON: {error}")),
        None => Err("expected a value".to_owned()),
    }
}

fn parse_whole_value(text: &str) -> Result<Template, String> {
    match split_value(text)? {
        (value, "") => parse_value(value),
        (_, extra) => Err(format!("expected nothing after the value, and there is {extra:?}")),
    }
}

/// A client's name, a room's name, `@text(N)`, `@bytes(N)`, or JSON.
pub(super) fn parse_value(token: &str) -> Result<Template, String> {
    if is_peer_name(token) {
        return Ok(Template(Value::String(format!("${token}"))));
    }
    if let Some(value) = parse_generated(token)? {
        return Ok(Template(value));
    }
    if is_room_name(token) && !matches!(token, "null" | "true" | "false") {
        return Ok(Template(Value::String(format!("#{token}"))));
    }
    let json = serde_json::from_str(token);
    json.map(Template)
        .map_err(|error| format!("expected a client, a room, @text(N), @bytes(N) or JSON, not {token:?} ({error})"))
}

/// `@text(N)`: a string of N characters. `@bytes(N)`: a description whose JSON text has exactly N bytes.
fn parse_generated(token: &str) -> Result<Option<Value>, String> {
    let Some((name, rest)) = token.strip_prefix('@').and_then(|token| token.split_once('(')) else { return Ok(None) };
    let count = rest.strip_suffix(')').and_then(|digits| digits.parse::<usize>().ok());
    let count = count.filter(|count| *count <= glare_model::limits::MESSAGE_BYTES_MAX);
    let count = count.ok_or_else(|| format!("expected a size of at most one message in {token:?}"))?;
    match name {
        "text" => Ok(Some(Value::String("x".repeat(count)))),
        "bytes" => {
            let empty = json!({"sdp": "", "type": "offer"});
            let fixed = empty.to_string().len();
            let filling =
                count.checked_sub(fixed).ok_or_else(|| format!("a description has at least {fixed} bytes"))?;
            Ok(Some(json!({"sdp": "x".repeat(filling), "type": "offer"})))
        }
        _ => Err(format!("unknown generator {token:?}: there are @text(N) and @bytes(N)")),
    }
}
