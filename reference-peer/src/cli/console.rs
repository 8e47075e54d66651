//! Reports on stdout: JSON for scripts, lines for people.

use std::io::Write;

use glare_peer::{
    report::{End, Report},
    rtc::MediaKind,
};

pub(super) fn show(report: &Report, is_text: bool) {
    if is_text {
        if let Some(text) = text(report) {
            show_text(&text);
        }
    } else {
        show_text(&serde_json::to_string(report).expect("a report always serialises"));
    }
}

pub(super) fn show_text(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // When nobody reads any more, the session goes on until it is ended.
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).ok();
}

/// As people read it; what comes all the time is left out.
fn text(report: &Report) -> Option<String> {
    let kind_name = |kind: &MediaKind| match kind {
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    };
    Some(match report {
        Report::SignalingConnected { user_id } => format!("connected to the server as {user_id}"),
        Report::SignalingLost { reason } => format!("! lost the server: {reason}"),
        Report::Reconnecting { attempt, of } => format!("  trying again ({attempt} of {of})"),
        Report::Entered { room_id, created, existing_users } => match (created, existing_users.len()) {
            (true, _) => format!("created the room {room_id}; waiting for others"),
            (false, 0) => format!("joined the room {room_id}; nobody is here"),
            (false, count) => format!("joined the room {room_id}; {count} here: {}", existing_users.join(", ")),
        },
        Report::UserJoined { user_id } => format!("+ {user_id} joined"),
        Report::UserLeft { user_id } => format!("- {user_id} left"),
        Report::ConnectionState { remote, state } => format!("  {remote} is {state}"),
        Report::ChannelOpened { remote } => format!("  {remote} can be written to"),
        Report::Profile { remote, name, audio, video } => {
            let on = |is_on: &bool| if *is_on { "on" } else { "off" };
            format!("  {remote} is {name}, microphone {}, camera {}", on(audio), on(video))
        }
        Report::Chat { remote, name, text } => format!("{}: {text}", name.as_ref().unwrap_or(remote)),
        Report::Track { remote, kind } => format!("  {remote} sends {}", kind_name(kind)),
        Report::Received { .. } => return None,
        Report::Stats { remote, stats } => format!(
            "  {remote}: sent {} packets, received {}, lost {}, round trip {} us",
            stats.packets_sent, stats.packets_received, stats.packets_lost, stats.round_trip_us
        ),
        Report::Problem { remote: None, message } => format!("! {message}"),
        Report::Problem { remote: Some(remote), message } => format!("! {remote}: {message}"),
        Report::Ended(End::Left) => "left".to_owned(),
        Report::Ended(End::RoomClosed { message }) => format!("the room was closed: {message}"),
        Report::Ended(End::Refused { message }) => format!("refused: {message}"),
        Report::Ended(End::Unreachable { message }) => format!("gave up: {message}"),
    })
}
