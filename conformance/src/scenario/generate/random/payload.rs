//! What random signals carry, from nothing to the limit and of every JSON kind, as the text that a scenario has.

use glare_model::{limits::DESCRIPTION_BYTES_SURELY_ACCEPTED, message::SignalKind};
use serde_json::{Value, json};

/// How deep a payload nests. JSON readers that count allow 128 levels, the frame around the payload included.
const DEPTH_MAX: usize = 90;

/// The verb of a kind of signal.
pub(super) fn verb(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate => "candidate",
    }
}

/// A payload; empty where the language is to make one. `level` is [`super::choices::Swarm::payloads`], `mark` a number
/// that no other signal of the scenario has.
pub(super) fn payload(kind: SignalKind, level: u8, data: u32, mark: usize) -> String {
    let (form, data) = (data % 64, data / 64);
    match (level, form) {
        (0, _) | (_, 0..24) => String::new(),
        (3.., 24) if kind != SignalKind::Candidate => {
            ["@bytes(49152)", "@text(49150)", "@bytes(49151)"][pick(data, 3)].to_owned()
        }
        (_, 24..28) => format!("@bytes({})", 64 + data % 8_000),
        // Not told from others like it: a server that keeps a set of what it has seen loses one.
        (_, 28..34) => value(data).to_string(),
        _ => json!({"mark": mark, "value": value(data)}).to_string(),
    }
}

/// A description that is surely refused.
pub(super) fn oversized(data: u32) -> &'static str {
    ["@bytes(131072)", "@text(131072)", "@bytes(200000)"][pick(data, 3)]
}

fn pick(data: u32, count: usize) -> usize {
    usize::try_from(data).unwrap_or(0) % count
}

fn value(data: u32) -> Value {
    let (form, data) = (data % 12, data / 12);
    match form {
        0 => [Value::Null, true.into(), false.into(), 0.into(), "".into(), json!([]), json!({})][pick(data, 7)].clone(),
        1 | 2 => number(data),
        3 | 4 => text(data).into(),
        5 => (0..=pick(data, DEPTH_MAX)).fold(Value::Null, |inner, _| json!([inner])),
        6 => (0..=pick(data, DEPTH_MAX)).fold(Value::Null, |inner, depth| json!({(depth % 3).to_string(): inner})),
        7 => (0..pick(data, 1_500)).map(Value::from).collect(),
        8 => (0..pick(data, 300)).map(|place| (format!("k{place}"), Value::from(place))).collect(),
        9 => keys(data),
        10 => json!([number(data), text(data / 7), keys(data / 5), null_or(data)]),
        _ => json!({"candidate": text(data), "sdpMid": null_or(data), "sdpMLineIndex": number(data / 3)}),
    }
}

fn null_or(data: u32) -> Value {
    if data.is_multiple_of(2) { Value::Null } else { "0".into() }
}

fn number(data: u32) -> Value {
    let numbers = [
        json!(-0.0),
        json!(1.5),
        json!(-1),
        json!(0.1),
        json!(1e308),
        json!(-1e308),
        json!(5e-324),
        json!(1e21),
        json!(1e-7),
        json!(9_007_199_254_740_991_u64),
        json!(9_007_199_254_740_993_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(data),
    ];
    numbers[pick(data, numbers.len())].clone()
}

fn text(data: u32) -> String {
    let texts = [
        "\"\\/\u{8}\u{c}\n\r\t",
        "\u{0}\u{1}\u{1f}\u{7f}\u{80}",
        "\u{2028}\u{2029}\u{feff}\u{202e}",
        "é \u{1f600} 漢字 e\u{301}",
        "\u{d7ff}\u{e000}\u{fffd}\u{ffff}\u{10ffff}",
        "</script><!--",
        "$ A # r %s ${x} {{y}}",
        "null",
        "[1,2]",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n",
        "'; DROP TABLE rooms; --",
        "undefined",
    ];
    let repeated = texts[pick(data, texts.len())].repeat(1 + pick(data / 16, 40));
    debug_assert!(repeated.len() < DESCRIPTION_BYTES_SURELY_ACCEPTED / 8, "escapes make it larger");
    repeated
}

/// Objects with keys that code trips over.
fn keys(data: u32) -> Value {
    let objects = [
        json!({"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}),
        json!({"": 1, " ": 2, "a": 3, "A": 4, "a ": 5, "а": 6, "á": 7, "a\u{301}": 8}),
        json!({"toJSON": 1, "toString": null, "valueOf": "x", "then": true, "length": 1e9}),
        json!({"_placeholder": true, "num": 0}),
        json!({"type": "Buffer", "data": [1, 2, 3]}),
        json!({"target": "$A", "from": "$B", "room": "#r", "userId": "$C"}),
        json!({"success": true, "error": null, "roomId": "#r", "existingUsers": []}),
        json!({"0": "a", "1": "b", "-0": "c", "1e3": "d", "00": "e"}),
        json!({"$type": "x", "$ne": null, "@id": 1, "a.b": {"c.d": 1}, "a[0]": 2}),
    ];
    objects[pick(data, objects.len())].clone()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Whatever a payload is made of, it has to be accepted: 8,192 bytes is what a candidate may surely have.
    #[test]
    fn payloads_are_of_every_kind_and_within_the_limits() {
        let mut kinds = BTreeSet::new();
        for data in (0..40_000_u32).map(|number| number.wrapping_mul(2_654_435_761)) {
            for (kind, bytes_max) in
                [(SignalKind::Candidate, 8_192), (SignalKind::Offer, DESCRIPTION_BYTES_SURELY_ACCEPTED)]
            {
                let text = payload(kind, 3, data, 1);
                let Ok(value) = serde_json::from_str::<Value>(&text) else {
                    assert!(text.is_empty() || text.starts_with('@'), "{text}");
                    continue;
                };
                assert!(text.len() <= bytes_max, "{} bytes: {text}", text.len());
                kinds.insert(match value {
                    Value::Null => "null",
                    Value::Bool(_) => "bool",
                    Value::Number(number) if number.is_f64() => "float",
                    Value::Number(_) => "integer",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                });
            }
        }
        assert_eq!(kinds.len(), 7, "{kinds:?}");
    }
}
