//! Events with broken data: each kind of value in each position of each event that a client may send. All of it is of the
//! wire's form, so every answer is judged.

use glare_model::message::SignalKind;
use serde_json::Value;

use super::{
    Draft, quoted, read,
    values::{CLASSES, deep, long_texts},
};

pub(super) fn drafts() -> Vec<Draft> {
    let mut drafts = Vec::new();
    for event in ["create-room", "join-room"] {
        for (name, values) in classes() {
            drafts.push(request(event, &name, &values, true));
            drafts.push(request(event, &name, &values, false));
        }
    }
    for kind in SignalKind::ALL {
        for (name, values) in classes() {
            drafts.extend(positions(kind, &name, &values));
        }
        drafts.extend([shapes(kind), sizes(kind), answers(kind)]);
    }
    drafts.extend(leaves());
    drafts.extend(unknown());
    drafts
}

/// All kinds of values, nothing at all among them, as texts.
fn classes() -> Vec<(String, Vec<String>)> {
    let mut classes = vec![("nothing".to_owned(), vec![String::new()])];
    classes.extend(CLASSES.iter().map(|class| {
        let values = class.values.iter().map(|value| (*value).to_owned()).collect();
        (class.name.to_owned(), values)
    }));
    classes.push(("long-texts".to_owned(), long_texts()));
    classes.push(("nesting".to_owned(), vec![deep()]));
    classes
}

/// A request with each value in the place of the room id. What turns out to be an id is left again.
fn request(event: &str, class: &str, values: &[String], ack: bool) -> Draft {
    let mut lines = Vec::new();
    for value in values {
        let flag = if ack { "ack" } else { "" };
        lines.push(line(&["X emit", event, value, flag]));
        if serde_json::from_str::<Value>(value).is_ok_and(|value| is_room(event, &value)) {
            lines.push("X leave".to_owned());
        }
    }
    let (suffix, without) = if ack { ("", "") } else { ("-noack", ", without an ack") };
    Draft {
        id: format!("{event}-{class}{suffix}"),
        title: format!("{event} with {} in the place of a room id{without}", words(class)),
        lines,
    }
}

fn is_room(event: &str, value: &Value) -> bool {
    use glare_model::message::ClientMessage::Request;
    matches!(read(event, Some(value)), Some(Request { room: Ok(_), .. }))
}

/// A signal with each value as its data, as its target and as its payload.
fn positions(kind: SignalKind, class: &str, values: &[String]) -> Vec<Draft> {
    let (event, member) = (kind.event(), kind.payload_member());
    let with = |position: &str, data: &dyn Fn(&str) -> String| Draft {
        id: format!("{event}-{position}-{class}"),
        title: format!("{event} with {} as its {position}", words(class)),
        lines: values.iter().map(|value| line(&["A emit", event, &data(value)])).collect(),
    };
    let mut drafts = vec![with("data", &str::to_owned)];
    // That a member is missing is a matter of shape.
    if class != "nothing" {
        drafts.push(with("target", &|value| format!(r#"{{"target":{value},"{member}":{{"type":"x"}}}}"#)));
        drafts.push(with("payload", &|value| format!(r#"{{"target":"$B","{member}":{value}}}"#)));
    }
    drafts
}

/// Data of nearly the right shape.
fn shapes(kind: SignalKind) -> Draft {
    let (event, member) = (kind.event(), kind.payload_member());
    let upper = member.to_uppercase();
    let data = [
        "{}".to_owned(),
        r#"{"target":"$B"}"#.to_owned(),
        format!(r#"{{"{member}":{{}}}}"#),
        format!(r#"{{"TARGET":"$B","{member}":{{}}}}"#),
        format!(r#"{{"target":"$B","{upper}":{{}}}}"#),
        format!(r#"{{"target ":"$B","{member}":{{}}}}"#),
        format!(r#"{{"to":"$B","{member}":{{}}}}"#),
        r#"{"target":"$B","payload":{}}"#.to_owned(),
        format!(r#"{{"data":{{"target":"$B","{member}":{{}}}}}}"#),
        format!(r#"{{"__proto__":{{"target":"$B"}},"{member}":{{}}}}"#),
        format!(r#"{{"target":"$B","__proto__":{{"{member}":{{}}}}}}"#),
        format!(r#"{{"target":"$B","{member}":{{}},"from":"$B","event":"user-left","__proto__":null}}"#),
        quoted(&format!(r#"{{"target":"$B","{member}":{{}}}}"#)),
    ];
    Draft {
        id: format!("{event}-shapes"),
        title: format!("{event} with data of nearly the right shape"),
        lines: data.into_iter().map(|data| format!("A emit {event} {data}")).collect(),
    }
}

/// Payloads from nothing to far over the limit.
fn sizes(kind: SignalKind) -> Draft {
    let verb = match kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate => "candidate",
    };
    let sizes: &[&str] = match kind {
        SignalKind::Offer => &["@text(0)", "@text(1)", "@bytes(49152)", "@bytes(131072)", "@text(140000)"],
        SignalKind::Answer => &["@text(0)", "@text(1)", "@bytes(49152)", "@bytes(131072)", "@bytes(900000)"],
        // From which size on a candidate is too large, implementations may see differently.
        SignalKind::Candidate => &["@text(0)", "@text(1)", "@bytes(8000)"],
    };
    Draft {
        id: format!("{}-sizes", kind.event()),
        title: format!("{} from nothing to far over the limit", kind.event()),
        lines: sizes.iter().map(|size| format!("A {verb} B {size}")).collect(),
    }
}

/// An ack where there is none.
fn answers(kind: SignalKind) -> Draft {
    let (event, member) = (kind.event(), kind.payload_member());
    let data = ["", "null", "[]", "{}", r#"{"target":"$B"}"#].map(str::to_owned);
    let mut lines: Vec<_> = data.iter().map(|data| line(&["A emit", event, data, "ack"])).collect();
    lines.push(format!(r#"A emit {event} {{"target":[],"{member}":{{}}}} ack"#));
    Draft { id: format!("{event}-acks"), title: format!("a malformed {event} that asks for an ack"), lines }
}

/// A leave with data, by somebody who is nowhere: whatever a server makes of the data, nothing comes of it.
fn leaves() -> Vec<Draft> {
    let draft = |id: &str, title: &str, flag: &str| Draft {
        id: format!("leave-room-{id}"),
        title: format!("leave-room with {title}, by a client in no room"),
        lines: classes()
            .iter()
            .flat_map(|(_, values)| values)
            .map(|value| line(&["X emit leave-room", value, flag]))
            .collect(),
    };
    vec![draft("data", "data of every kind", ""), draft("acks", "data of every kind and an ack", "ack")]
}

/// Events that the protocol does not name.
fn unknown() -> Vec<Draft> {
    let long = ["e".repeat(300), "e".repeat(10_000)];
    let draft = |id: &str, title: &str, names: &[&str]| Draft {
        id: format!("unknown-{id}"),
        title: format!("events with {title}"),
        lines: names
            .iter()
            .flat_map(|name| {
                [format!("A emit {name} ack"), format!(r#"A emit {name} {{"target":"$B","offer":{{}},"answer":{{}}}}"#)]
            })
            .collect(),
    };
    let objects = ["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "then"];
    let libraries = ["error", "message", "ping", "pong", "open", "close", "data", "packet", "upgrade", "connection"];
    let near =
        ["create_room", "createRoom", "create-room/", "CREATE-ROOM", "offer[]", "ice-candidates", "ack", "connected"];
    vec![
        draft("objects", "names that every JavaScript object knows", &objects),
        draft("libraries", "names that libraries use among themselves", &libraries),
        draft("near", "nearly the right names", &near),
        draft("long", "long names", &[&long[0], &long[1]]),
    ]
}

/// A line of a scenario.
fn line(words: &[&str]) -> String {
    words.iter().copied().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The name of a class in a sentence.
fn words(class: &str) -> String {
    class.replace('-', " ")
}
