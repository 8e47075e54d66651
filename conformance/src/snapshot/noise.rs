//! What differs from run to run, or is of no interest, and is therefore not compared.

use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;

/// The stand-in for what is not compared.
const NOISE: &str = "<noise>";
/// The stand-in for a date-time.
const TIMESTAMP: &str = "<timestamp>";

/// Members whose values are not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noise(Vec<Member>);

/// A member, of an event or of all: `error.message`, `*.code`. An ack is the event `ack`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    event: Option<String>,
    name: String,
}

/// A text names no member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected EVENT.MEMBER, such as ack.error or *.code, not {0:?}")]
pub struct NoNoise(pub String);

impl FromStr for Member {
    type Err = NoNoise;

    fn from_str(text: &str) -> Result<Self, NoNoise> {
        match text.split_once('.') {
            Some((event, name)) if !event.is_empty() && !name.is_empty() => {
                Ok(Self { event: (event != "*").then(|| event.to_owned()), name: name.to_owned() })
            }
            _ => Err(NoNoise(text.to_owned())),
        }
    }
}

impl Noise {
    /// Reads `EVENT.MEMBER` texts.
    ///
    /// # Errors
    /// The first that is none.
    pub fn read(texts: &[String]) -> Result<Self, NoNoise> {
        Ok(Self(texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?))
    }

    /// The data of an event without what is not compared: declared members, at any depth, and timestamps.
    pub(super) fn without(&self, event: &str, data: &Value) -> Value {
        match data {
            Value::Object(members) => {
                let one = |(name, value): (&String, &Value)| (name.clone(), self.member(event, name, value));
                Value::Object(members.iter().map(one).collect())
            }
            Value::Array(items) => items.iter().map(|item| self.without(event, item)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => data.clone(),
        }
    }

    fn member(&self, event: &str, name: &str, value: &Value) -> Value {
        let declared = |one: &Member| one.name == name && one.event.as_ref().is_none_or(|own| own == event);
        match value {
            _ if self.0.iter().any(declared) => NOISE.into(),
            Value::String(text) if name == "timestamp" && text.parse::<Timestamp>().is_ok() => TIMESTAMP.into(),
            value => self.without(event, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn timestamps_and_declared_members_are_not_compared_and_the_rest_is() {
        let noise = Noise::read(&["ack.error".into(), "*.code".into()]).unwrap();
        let data = json!({"error": "x", "code": {"a": 1}, "timestamp": "2026-01-02T03:04:05.678Z", "n": [{"code": 2}]});
        let expected =
            json!({"error": "<noise>", "code": "<noise>", "timestamp": "<timestamp>", "n": [{"code": "<noise>"}]});
        assert_eq!(noise.without("ack", &data), expected);
        assert_eq!(noise.without("error", &data)["error"], "x");
        assert_eq!(noise.without("ack", &json!({"timestamp": "just now"}))["timestamp"], "just now");
    }

    #[test]
    fn what_is_no_member_is_named() {
        for text in ["", "code", ".code", "ack."] {
            assert_eq!(Noise::read(&[text.to_owned()]), Err(NoNoise(text.to_owned())));
        }
    }
}
