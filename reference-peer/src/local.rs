//! What a peer shows of itself, and what is said of it on the data channel.

use serde::{Deserialize, Serialize};

use crate::rtc::Source;

/// What the application shows of itself at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its name.
    pub name: String,
    /// Whether the microphone is on.
    pub audio: bool,
    /// Whether the video track shows anything.
    pub video: bool,
    /// What it shows.
    pub source: Source,
}

/// What peers say on the data channel: one JSON object a message. A text that is none is a chat message as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Saying {
    /// Who speaks, and what it sends. Said when the channel opens, and whenever it changes.
    Profile {
        /// Its name.
        name: String,
        /// Whether its microphone is on.
        audio: bool,
        /// Whether its camera or screen is shown.
        video: bool,
        /// Whether that is its screen, which has to be seen whole.
        #[serde(default)]
        screen: bool,
    },
    /// Something for people.
    Chat {
        /// The text.
        text: String,
    },
}

impl Saying {
    /// What is said of the application.
    #[must_use]
    pub fn profile(local: &Local) -> Self {
        let screen = local.source == Source::Screen;
        Self::Profile { name: local.name.clone(), audio: local.audio, video: local.video, screen }
    }

    /// As it is sent.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("texts and switches always serialise")
    }

    /// What a message says.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_plain| Self::Chat { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        for saying in [
            Saying::Chat { text: "a \"b\" \u{1f600}".into() },
            Saying::Profile { name: "A".into(), audio: true, video: false, screen: true },
        ] {
            assert_eq!(Saying::of_text(&saying.to_text()), saying);
        }
    }

    #[test]
    fn a_profile_that_tells_no_screen_shows_none() {
        let saying = Saying::of_text(r#"{"type":"profile","name":"A","audio":true,"video":true}"#);
        assert_eq!(saying, Saying::Profile { name: "A".into(), audio: true, video: true, screen: false });
    }

    #[test]
    fn a_plain_text_is_a_chat_message() {
        for text in ["hello", "", "{}", "{\"type\":\"dance\"}"] {
            assert_eq!(Saying::of_text(text), Saying::Chat { text: text.into() });
        }
    }
}
