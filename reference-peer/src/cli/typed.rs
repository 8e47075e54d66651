//! What is typed during a session.

use std::io::BufRead;

use glare_peer::{
    limits,
    rtc::{MediaKind, Source},
    session::Wish,
};
use tokio::sync::mpsc;

pub(super) const HELP: &str = "\
a line is written to everybody; /mute and /unmute [audio|video], /screen, /camera, /add audio|video, /stats, /restart [ID],
/leave, /join ROOM, /drop (the signaling connection), /quit";

/// What a typed line asks for.
pub(super) enum Typed {
    Wish(Wish),
    Help,
    Quit,
}

/// Reads a line.
pub(super) fn command(line: &str) -> Typed {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let kind = if rest == "video" { MediaKind::Video } else { MediaKind::Audio };
    Typed::Wish(match word {
        "/quit" => return Typed::Quit,
        "/mute" => Wish::Switch(kind, false),
        "/unmute" => Wish::Switch(kind, true),
        "/screen" => Wish::Show(Source::Screen),
        "/camera" => Wish::Show(Source::Camera),
        "/add" => Wish::AddTrack(kind),
        "/stats" => Wish::Stats,
        "/restart" => Wish::RestartIce((!rest.is_empty()).then(|| rest.to_owned())),
        "/leave" => Wish::LeaveRoom,
        "/join" if !rest.is_empty() => Wish::EnterRoom(rest.to_owned()),
        "/drop" => Wish::DropSignaling,
        word if word.starts_with('/') => return Typed::Help,
        _ => Wish::Chat(line.to_owned()),
    })
}

/// Lines of stdin, by a thread: reading a terminal cannot be given up.
pub(super) fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(limits::WISHES_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if !line.is_empty() && sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The next line; never, if nothing is typed here.
pub(super) async fn next_line(typed: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match typed {
        Some(typed) => typed.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_message_unless_it_begins_with_a_slash() {
        assert!(matches!(command("hello /quit"), Typed::Wish(Wish::Chat(text)) if text == "hello /quit"));
        assert!(matches!(command("/mute video"), Typed::Wish(Wish::Switch(MediaKind::Video, false))));
        assert!(matches!(command("/join"), Typed::Help));
        assert!(matches!(command("/quit"), Typed::Quit));
    }
}
