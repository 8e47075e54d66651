//! A trace as lanes: a column for each connection, time downwards.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    observation::is_request,
    oracle::story::Story,
    trace::{Ending, Entry, Trace},
    transport::ConnectionId,
};

/// How wide a lane is, in characters, when there is room.
const LANE_CHARS_MAX: usize = 34;
/// The narrowest lane; beyond the page's width lanes run over.
const LANE_CHARS_MIN: usize = 20;
/// The width of the whole, in characters.
const PAGE_CHARS: usize = 112;
/// The width of what stands before the lanes: mark, time, and a gap.
const MARGIN_CHARS: usize = 11;
/// The most rows; longer traces are cut in the middle.
const ROWS_MAX: usize = 60;

/// Draws a trace. User ids appear as the names of their clients, rooms as those of the scenario. Fences, which the runner
/// adds, are left out unless one was lost. The rows of the phases in `broken` are marked with `!`, and what follows the
/// last of them is left out.
#[must_use]
pub fn lanes(trace: &Trace, broken: &[usize]) -> String {
    let story = Story::read(trace);
    let lanes: Vec<ConnectionId> = story.connections.keys().copied().collect();
    let width = ((PAGE_CHARS - MARGIN_CHARS) / lanes.len().max(1)).clamp(LANE_CHARS_MIN, LANE_CHARS_MAX);
    let rooms = room_names(trace);
    let mut rows: Vec<String> = Vec::new();
    let mut last: Option<(Option<ConnectionId>, String)> = None;
    let mut repeats = 0;
    let mut phase_now = 0;
    for record in &trace.records {
        if let Entry::Phase { phase } = record.entry {
            phase_now = phase;
        }
        if broken.iter().max().is_some_and(|last| phase_now > *last) {
            break;
        }
        let Some((lane, text)) = row(&record.entry, &story, &rooms) else { continue };
        if last.as_ref() == Some(&(lane, text.clone())) {
            repeats += 1;
            continue;
        }
        note_repeats(&mut rows, &mut repeats);
        last = Some((lane, text.clone()));
        let place = lane.and_then(|lane| lanes.iter().position(|own| *own == lane)).unwrap_or(0);
        let mark = if broken.contains(&phase_now) { '!' } else { ' ' };
        let time = format!("{mark}{:>8.2}", milliseconds(record.at_us));
        rows.push(format!(
            "{time}  {}{}",
            " ".repeat(place * width),
            cut(&text, width.max((PAGE_CHARS - MARGIN_CHARS).saturating_sub(place * width)))
        ));
    }
    note_repeats(&mut rows, &mut repeats);
    let mut page = format!("{:>9}  ", "ms");
    for lane in &lanes {
        page.push_str(&format!("{:<width$}", story.name(*lane)));
    }
    let mut page = page.trim_end().to_owned() + "\n";
    let hidden = rows.len().saturating_sub(ROWS_MAX);
    for (index, row) in rows.iter().enumerate() {
        if hidden > 0 && index == ROWS_MAX / 2 {
            page.push_str(&format!("           .. {hidden} rows more ..\n"));
        }
        if hidden == 0 || index < ROWS_MAX / 2 || index >= ROWS_MAX / 2 + hidden {
            page.push_str(row);
            page.push('\n');
        }
    }
    page
}

/// A burst of equal rows is shown as one.
fn note_repeats(rows: &mut [String], repeats: &mut usize) {
    if let (Some(row), 1..) = (rows.last_mut(), *repeats) {
        row.push_str(&format!("  ({} times)", *repeats + 1));
    }
    *repeats = 0;
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of a scenario fit a double exactly")]
pub(super) fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000.0
}

/// Rooms by their ids, named as the scenario names them: the part before the run's own number.
pub(super) fn room_names(trace: &Trace) -> BTreeMap<String, String> {
    let sent = trace.records.iter().filter_map(|record| match &record.entry {
        Entry::Sent { data: Some(Value::String(room)), event, .. } if event.ends_with("-room") => Some(room),
        _ => None,
    });
    let named = sent.filter_map(|room| room.split_once('-').map(|(name, _)| (room.clone(), name.to_owned())));
    named.filter(|(_, name)| !name.is_empty()).collect()
}

fn row(entry: &Entry, story: &Story, rooms: &BTreeMap<String, String>) -> Option<(Option<ConnectionId>, String)> {
    let show =
        |data: &Option<Value>| data.as_ref().map_or(String::new(), |data| format!(" {}", plain(data, story, rooms)));
    let text = match entry {
        Entry::Phase { .. } | Entry::Fence { .. } | Entry::Fenced { refused: true, present: None, .. } => return None,
        Entry::Opened { reused: false, .. } => "(connected)".to_owned(),
        Entry::Opened { reused: true, .. } => "(takes a used connection)".to_owned(),
        Entry::Waited { quiet_ms } => format!("-- nothing came for {quiet_ms} ms"),
        Entry::OpenFailed { peer, reason, .. } => format!("{peer} cannot connect: {reason}"),
        Entry::Sent { event, data, ack, .. } => {
            format!("> {event}{}{}", show(data), if ack.is_some() { "" } else { no_ack_mark(event) })
        }
        Entry::SentBroken { frame, .. } => format!("> (broken frame: {frame:?})"),
        Entry::SentRaw { bytes, .. } => format!("> (raw: {})", plain_bytes(bytes)),
        Entry::Knocked { peer, bytes } => format!("{peer} on a connection of its own > (raw: {})", plain_bytes(bytes)),
        Entry::Ending { how, .. } => match how {
            Ending::Close => "(closes)",
            Ending::Drop => "(drops its connection)",
            Ending::Freeze => "(stops reading and writing)",
            Ending::Noticed => "(should be noticed by now)",
        }
        .to_owned(),
        Entry::Fenced { present: Some(users), .. } => {
            format!("< (is there: {})", story.names_of_users(users.iter().map(String::as_str)))
        }
        Entry::Fenced { .. } => "< (the fence was accepted)".to_owned(),
        Entry::FenceLost { .. } => "(no answer to the fence)".to_owned(),
        Entry::Received { event, data, .. } => format!("< {event}{}", show(data)),
        Entry::Acked { data, .. } => format!("< ack{}", show(data)),
        Entry::Ended { reason, .. } => format!("(ended by the target: {reason})"),
        Entry::Missed { what } => format!("-- did not come: {}", names_in(what, story, rooms)),
        Entry::Unsayable { reason } => format!("-- the wire has no words for it: {reason}"),
        Entry::GaveUp { reason } => format!("-- the runner gave up: {reason}"),
    };
    Some((entry.connection(), text))
}

fn no_ack_mark(event: &str) -> &'static str {
    if is_request(event) { " (no ack)" } else { "" }
}

/// Bytes as a scenario writes them, in short.
pub(super) fn plain_bytes(text: &str) -> String {
    const CHARS_MAX: usize = 120;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}

/// Data in short: ids replaced by names, no quotes where none are needed.
pub(super) fn plain(data: &Value, story: &Story, rooms: &BTreeMap<String, String>) -> String {
    match data {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) if rooms.contains_key(text) => rooms[text].clone(),
        Value::String(text) => {
            let owner = story.connections.keys().find(|connection| story.user(**connection) == text);
            owner.map_or_else(|| data.to_string(), |owner| story.name(*owner))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| plain(item, story, rooms)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let shown = members.iter().filter(|(key, _)| !matches!(key.as_str(), "timestamp" | "code"));
            let members: Vec<_> = shown.map(|(key, member)| format!("{key}:{}", plain(member, story, rooms))).collect();
            format!("{{{}}}", members.join(" "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => data.to_string(),
    }
}

pub(super) fn names_in(text: &str, story: &Story, rooms: &BTreeMap<String, String>) -> String {
    let words = text.split(' ').map(|word| {
        let owner = story.connections.keys().find(|connection| story.user(**connection) == word);
        owner.map_or_else(|| rooms.get(word).cloned().unwrap_or_else(|| word.to_owned()), |owner| story.name(*owner))
    });
    words.collect::<Vec<_>>().join(" ")
}

pub(super) fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some(_) => text.chars().take(chars_max.saturating_sub(2)).collect::<String>() + "..",
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{scenario::Peer, trace::Record};

    fn trace() -> Trace {
        let connection = ConnectionId;
        let opened = |number, peer: &str| Entry::Opened {
            connection: connection(number),
            peer: Peer(peer.into()),
            user_id: format!("id-of-{peer}"),
            heartbeat_ms: None,
            reused: false,
        };
        let entries = [
            Entry::Phase { phase: 0 },
            opened(0, "A"),
            Entry::Sent {
                connection: connection(0),
                event: "create-room".into(),
                data: Some(json!("r-1-c")),
                ack: Some(0),
            },
            Entry::Acked { connection: connection(0), ack: 0, data: Some(json!({"success": true, "roomId": "r-1-c"})) },
            Entry::Phase { phase: 1 },
            opened(1, "B"),
            Entry::Sent { connection: connection(1), event: "join-room".into(), data: Some(json!("r-1-c")), ack: None },
            Entry::Received {
                connection: connection(0),
                event: "user-joined".into(),
                data: Some(json!({"userId": "id-of-B", "timestamp": "T"})),
            },
            Entry::Received {
                connection: connection(0),
                event: "user-joined".into(),
                data: Some(json!({"userId": "id-of-B", "timestamp": "T"})),
            },
            Entry::Missed { what: "A: user-left id-of-B".into() },
            Entry::Phase { phase: 2 },
            Entry::Ended { connection: connection(1), reason: "not shown".into(), heartbeat: false },
        ];
        let records = entries.into_iter().zip((0..).step_by(1_500)).map(|(entry, at_us)| Record { at_us, entry });
        Trace { records: records.collect(), ..Trace::default() }
    }

    #[test]
    fn names_stand_for_ids_and_what_follows_the_broken_phase_is_left_out() {
        insta::assert_snapshot!(lanes(&trace(), &[1]), @r"
               ms  A                                 B
             1.50  (connected)
             3.00  > create-room r
             4.50  < ack {roomId:r success:true}
        !    7.50                                    (connected)
        !    9.00                                    > join-room r (no ack)
        !   10.50  < user-joined {userId:B}  (2 times)
        !   13.50  -- did not come: A: user-left B
        ");
    }

    #[test]
    fn many_lanes_are_no_panic() {
        let mut trace = trace();
        for number in 2..40 {
            let (connection, peer) = (ConnectionId(number), Peer(format!("P{number}").into()));
            let user_id = format!("id-{number}");
            trace.records.push(Record {
                at_us: 0,
                entry: Entry::Opened { connection, peer, user_id, heartbeat_ms: None, reused: false },
            });
        }
        assert!(lanes(&trace, &[]).contains("P39"));
    }
}
