//! What a signal carries: a description or a candidate as WebRTC writes it, and beside it the numbers of the negotiation.
//!
//! The numbers travel as the member `glare` of the payload, which servers relay unread (RELAY-02) and WebRTC
//! implementations ignore: `{"type":"offer","sdp":"..","glare":{"meeting":1,"connection":1,"number":1,"answers":0,"ice":1}}`.

use std::collections::VecDeque;

use glare_model::{
    message::SignalKind,
    negotiation::{Description, Negotiation},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits;

/// [`Description`] on the wire and in traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// See [`Description::meeting`].
    pub meeting: u32,
    /// See [`Description::connection`].
    pub connection: u32,
    /// See [`Description::number`].
    pub number: u32,
    /// See [`Description::answers`].
    pub answers: u32,
    /// See [`Description::ice`].
    pub ice: u32,
}

impl From<Description> for Numbers {
    fn from(Description { meeting, connection, number, answers, ice }: Description) -> Self {
        Self { meeting, connection, number, answers, ice }
    }
}

impl From<Numbers> for Description {
    fn from(Numbers { meeting, connection, number, answers, ice }: Numbers) -> Self {
        Self { meeting, connection, number, answers, ice }
    }
}

/// A payload is not what its kind needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A description without SDP, or of another type than its event.
    #[error("its description has no `type` {0:?} with an `sdp`")]
    NoDescription(&'static str),
    /// A candidate that is none.
    #[error("its candidate has no text `candidate`")]
    NoCandidate,
    /// Numbers that are none.
    #[error("its member `glare` does not hold the five numbers")]
    Numbers,
}

/// The payload with its numbers.
#[must_use]
pub fn stamp(mut payload: Value, description: Description) -> Value {
    payload["glare"] = serde_json::to_value(Numbers::from(description)).expect("five numbers always serialise");
    payload
}

/// What a remote that does not number its signals has shown so far. Its numbers are made from its SDP.
///
/// A peer connection is known by the session id of the `o=` line (RFC 8866, section 5.2), an ICE generation by its
/// `ice-ufrag`. Its signals arrive in order and are of the stay in which they arrive, as far as anybody can know; its answer
/// answers the offer that waits.
#[derive(Clone, Debug, Default)]
pub struct Outsider {
    descriptions: u32,
    sessions: VecDeque<(String, u32)>,
    generations: VecDeque<(String, u32)>,
}

impl Outsider {
    /// Reads the numbers of a signal, or makes them.
    ///
    /// # Errors
    /// [`Malformed`] if the payload is not what its kind needs.
    pub fn numbers(
        &mut self,
        kind: SignalKind,
        payload: &Value,
        state: &Negotiation,
    ) -> Result<Description, Malformed> {
        let text = match kind {
            SignalKind::Offer | SignalKind::Answer => description(kind, payload)?,
            SignalKind::Candidate => payload["candidate"].as_str().ok_or(Malformed::NoCandidate)?,
        };
        if let Some(numbers) = payload.get("glare") {
            let numbers = Numbers::deserialize(numbers).map_err(|_not_numbers| Malformed::Numbers)?;
            return Ok(numbers.into());
        }
        Ok(match kind {
            SignalKind::Offer => self.description(text, state, 0),
            SignalKind::Answer => self.description(text, state, state.pending),
            SignalKind::Candidate => self.candidate(payload, text, state),
        })
    }

    fn description(&mut self, sdp: &str, state: &Negotiation, answers: u32) -> Description {
        self.descriptions = self.descriptions.max(state.last_remote()) + 1;
        let number = self.descriptions;
        let session = line(sdp, "o=").and_then(|origin| origin.split_whitespace().nth(1)).unwrap_or_default();
        let connection = remember(&mut self.sessions, session, number);
        let ice = remember(&mut self.generations, line(sdp, "a=ice-ufrag:").unwrap_or_default(), number);
        Description { meeting: state.met, connection, number, answers, ice }
    }

    fn candidate(&mut self, payload: &Value, text: &str, state: &Negotiation) -> Description {
        let ufrag = payload["usernameFragment"].as_str().filter(|ufrag| !ufrag.is_empty()).or_else(|| {
            let mut words = text.split_whitespace().skip_while(|word| *word != "ufrag");
            words.nth(1)
        });
        let known = |ufrag: &str| self.generations.iter().find(|(known, _)| known == ufrag).map(|(_, number)| *number);
        let ice = match ufrag {
            Some(ufrag) => known(ufrag).unwrap_or(self.descriptions + 1),
            None if self.descriptions == 0 => 1,
            None => state.remote_ice,
        };
        let connection = if ice == state.remote_ice { state.remote_connection } else { ice };
        Description { meeting: state.met, connection, number: 0, answers: 0, ice }
    }
}

fn description(kind: SignalKind, payload: &Value) -> Result<&str, Malformed> {
    let wanted = if kind == SignalKind::Offer { "offer" } else { "answer" };
    let is_wanted = payload["type"] == wanted;
    payload["sdp"].as_str().filter(|_| is_wanted).ok_or(Malformed::NoDescription(wanted))
}

/// The number under which a mark is known; `number` if it is new.
fn remember(marks: &mut VecDeque<(String, u32)>, mark: &str, number: u32) -> u32 {
    if let Some((_, known)) = marks.iter().find(|(known, _)| known == mark) {
        return *known;
    }
    if marks.len() == limits::OUTSIDER_MARKS_MAX {
        marks.pop_front();
    }
    marks.push_back((mark.to_owned(), number));
    number
}

/// The value of the first line of an SDP that starts with `prefix`.
#[must_use]
pub fn line<'a>(sdp: &'a str, prefix: &str) -> Option<&'a str> {
    sdp.lines().find_map(|line| line.strip_prefix(prefix)).map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sdp(session: &str, ufrag: &str) -> String {
        format!("v=0\r\no=- {session} 2 IN IP4 127.0.0.1\r\ns=-\r\na=ice-ufrag:{ufrag}\r\n")
    }

    #[test]
    fn stamped_numbers_are_read_back() {
        let numbers = Description { meeting: 2, connection: 3, number: 4, answers: 5, ice: 6 };
        let payload = stamp(json!({"type": "answer", "sdp": ""}), numbers);
        let read = Outsider::default().numbers(SignalKind::Answer, &payload, &Negotiation::default());
        assert_eq!(read, Ok(numbers));
    }

    #[test]
    fn an_outsiders_new_connection_and_restart_are_told_apart_by_its_sdp() {
        let mut outsider = Outsider::default();
        let state = Negotiation { met: 7, pending: 9, ..Negotiation::default() };
        let mut read = |kind, name: &str, session: &str, ufrag: &str| {
            let payload = json!({"type": name, "sdp": sdp(session, ufrag)});
            let it = outsider.numbers(kind, &payload, &state).unwrap();
            (it.meeting, it.connection, it.number, it.answers, it.ice)
        };
        assert_eq!(read(SignalKind::Offer, "offer", "11", "aa"), (7, 1, 1, 0, 1));
        assert_eq!(read(SignalKind::Answer, "answer", "11", "aa"), (7, 1, 2, 9, 1), "same connection, same generation");
        assert_eq!(read(SignalKind::Offer, "offer", "11", "bb"), (7, 1, 3, 0, 3), "a restart");
        assert_eq!(read(SignalKind::Offer, "offer", "12", "cc"), (7, 4, 4, 0, 4), "another connection");
    }

    #[test]
    fn an_outsiders_candidate_belongs_to_the_description_of_its_ufrag() {
        let mut outsider = Outsider::default();
        let before = Negotiation { met: 1, ..Negotiation::default() };
        let early = json!({"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host ufrag aa", "sdpMid": "0"});
        assert_eq!(outsider.numbers(SignalKind::Candidate, &early, &before).unwrap().ice, 1, "of the offer to come");
        let offer = json!({"type": "offer", "sdp": sdp("11", "aa")});
        outsider.numbers(SignalKind::Offer, &offer, &before).unwrap();
        let after = Negotiation { remote_connection: 1, remote: 1, remote_ice: 1, ..before };
        for candidate in [early, json!({"candidate": "", "usernameFragment": "aa"}), json!({"candidate": ""})] {
            let it = outsider.numbers(SignalKind::Candidate, &candidate, &after).unwrap();
            assert_eq!((it.connection, it.ice), (1, 1), "{candidate}");
        }
    }

    #[test]
    fn what_is_no_payload_is_named() {
        let mut outsider = Outsider::default();
        let mut read = |kind, payload: Value| outsider.numbers(kind, &payload, &Negotiation::default()).unwrap_err();
        assert_eq!(read(SignalKind::Offer, json!({"type": "answer", "sdp": ""})), Malformed::NoDescription("offer"));
        assert_eq!(read(SignalKind::Answer, json!(7)), Malformed::NoDescription("answer"));
        assert_eq!(read(SignalKind::Candidate, json!(null)), Malformed::NoCandidate);
        let bad = json!({"type": "offer", "sdp": "", "glare": {"meeting": -1}});
        assert_eq!(read(SignalKind::Offer, bad), Malformed::Numbers);
    }
}
