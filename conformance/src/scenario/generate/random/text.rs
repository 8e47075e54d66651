//! The line of one act.

use glare_model::message::SignalKind;

use super::{
    choices::{Choice, Choices},
    deed::{Deed, Whom},
    interpret::Act,
    payload::{oversized, payload, verb},
};

/// A line of a scenario.
pub(super) struct Drafted {
    pub(super) line: String,
    /// Whether it may stop a careless server.
    pub(super) rude: bool,
}

const INVALID_IDS: &[&str] =
    &[r#""""#, "@text(65)", "7", "null", "{}", "[]", "true", r##"["#r"]"##, r##"{"id":"#r"}"##, "@text(3000)", "-0.5"];

const NOBODY: &[&str] =
    &[r#""nobody""#, r#""""#, r#""*""#, r#""/""#, r#""__proto__""#, r#""0""#, r#""$A,$B""#, r#"" ""#, "@text(300)"];

/// What takes the place of the data, with PAYLOAD for the member of the kind.
const MALFORMED: &[&str] = &[
    r#"{"target":"$A"}"#,
    "{}",
    r#"{"PAYLOAD":{}}"#,
    r#"{"target":null,"PAYLOAD":{}}"#,
    r#"{"target":["$A","$B"],"PAYLOAD":{}}"#,
    r#"{"target":[],"PAYLOAD":{}}"#,
    r#"{"target":{"id":"$A"},"PAYLOAD":{}}"#,
    r#"{"target":1,"PAYLOAD":null}"#,
    r#"{"Target":"$A","PAYLOAD":{}}"#,
    r#"{"target":"$A","payload":{}}"#,
    r#"{"__proto__":{"target":"$A","PAYLOAD":{}}}"#,
];

/// The same, for careful servers only.
const MALFORMED_RUDELY: &[&str] =
    &["", "null", r#""$A""#, "7", "[]", r#"["$A",{"type":"PAYLOAD"}]"#, "true", r#""{\"target\":1}""#];

const UNKNOWN: &[&str] = &[
    "wobble",
    r#"wobble {"target":"$A","offer":{}}"#,
    r##"chat "#r""##,
    r#"Offer {"target":"$A","offer":{}}"#,
    r##"joinRoom "#r""##,
    r##"join "#r""##,
    r##"leave-room-now "#r""##,
    r#"user-joined {"userId":"$A"}"#,
    r#"user-left {"userId":"$A"}"#,
    r#"ice-candidates [{"candidate":""}]"#,
    "ack 0",
    "message @text(2000)",
];

fn pick<'a>(list: &[&'a str], data: u32) -> &'a str {
    list[usize::try_from(data).unwrap_or(0) % list.len()]
}

/// The line of an act.
pub(super) fn line(choices: &Choices, act: &Act) -> Drafted {
    let Act { client, deed, choice, mark } = *act;
    let peer = peer(client);
    let (kind, data) = (SignalKind::ALL[usize::try_from(choice.data % 3).unwrap_or(0)], choice.data / 3);
    let request = |join| if join { "join" } else { "create" };
    let mut rude = false;
    let line = match deed {
        Deed::Connect => format!("{peer} connect"),
        Deed::Leave => format!("{peer} leave"),
        Deed::Close => format!("{peer} close"),
        Deed::Drop => format!("{peer} drop"),
        Deed::Request { join, room: number, ack } => {
            rude = !ack;
            format!("{peer} {} {}{}", request(join), room(number), if ack { "" } else { " noack" })
        }
        Deed::Invalid { join } => format!("{peer} {} {}", request(join), pick(INVALID_IDS, data)),
        Deed::Signal(whom) => {
            let target = match whom {
                Whom::Client(other) => self::peer(other).to_string(),
                Whom::Room(number) => room(number).to_string(),
                Whom::Nonsense => pick(NOBODY, choice.data / 64).to_owned(),
            };
            let payload = payload(kind, choices.swarm.payloads, data, mark);
            format!("{peer} {} {target} {payload}", verb(kind)).trim_end().to_owned()
        }
        Deed::Malformed => {
            rude = choices.swarm.rude && data.is_multiple_of(2);
            let data = pick(if rude { MALFORMED_RUDELY } else { MALFORMED }, data / 2);
            let data =
                data.replace("PAYLOAD", kind.payload_member()).replace("$A", &format!("${}", whom(choices, choice)));
            format!("{peer} emit {} {data}", kind.event()).trim_end().to_owned()
        }
        Deed::Oversized => {
            let verb = if kind == SignalKind::Answer { "answer" } else { "offer" };
            format!("{peer} {verb} {} {}", whom(choices, choice), oversized(data))
        }
        Deed::Unknown => {
            let event = pick(UNKNOWN, data).replace("$A", &format!("${}", whom(choices, choice)));
            format!("{peer} emit {event}")
        }
    };
    Drafted { line, rude }
}

fn whom(choices: &Choices, choice: Choice) -> char {
    peer(choice.whom % choices.clients.max(1))
}

fn peer(client: u8) -> char {
    char::from(b'A' + client)
}

fn room(number: u8) -> char {
    char::from(b'r' + number)
}
