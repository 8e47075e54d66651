//! Numbers in the place of texts and payloads, so that comparing them costs nothing.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::Value;

/// Texts by number, in the order of first appearance.
#[derive(Clone, Debug, Default)]
pub(super) struct Symbols {
    numbers: HashMap<String, u32>,
}

impl Symbols {
    /// The text of a number, for people; empty for one that was never given out.
    pub(super) fn text(&self, number: u32) -> &str {
        self.numbers.iter().find(|(_, own)| **own == number).map_or("", |(text, _)| text)
    }

    /// The number of a text, a new one if it was not seen before.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).expect("fewer texts than records of a trace");
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

/// What stands for a JSON value: equal for values that are equal as JSON, and else different, but for a collision of two
/// 64-bit hashes at once.
pub(super) type Fingerprint = (u64, u64);

/// The fingerprint of a value. Members count in any order and numbers by value, as in
/// [`crate::observation::json_equal`].
pub(super) fn fingerprint(value: &Value) -> Fingerprint {
    let (mut one, mut other) = (DefaultHasher::new(), DefaultHasher::new());
    other.write_u8(1);
    write(value, &mut one, &mut other);
    (one.finish(), other.finish())
}

fn write(value: &Value, one: &mut DefaultHasher, other: &mut DefaultHasher) {
    let mut both = |tag: u8, number: u64| {
        (tag, number).hash(one);
        (tag, number).hash(other);
    };
    match value {
        Value::Null => both(0, 0),
        Value::Bool(it) => both(1, u64::from(*it)),
        // Adding zero makes -0.0 and 0.0 the same.
        Value::Number(number) => both(2, number.as_f64().map_or(0, |number| (number + 0.0).to_bits())),
        Value::String(text) => {
            both(3, text.len() as u64);
            one.write(text.as_bytes());
            other.write(text.as_bytes());
        }
        Value::Array(items) => {
            both(4, items.len() as u64);
            items.iter().for_each(|item| write(item, one, other));
        }
        Value::Object(members) => {
            both(5, members.len() as u64);
            let mut sum: Fingerprint = (0, 0);
            for (name, value) in members {
                let (mut first, mut second) = (DefaultHasher::new(), DefaultHasher::new());
                second.write_u8(1);
                name.hash(&mut first);
                name.hash(&mut second);
                write(value, &mut first, &mut second);
                sum = (sum.0.wrapping_add(first.finish()), sum.1.wrapping_add(second.finish()));
            }
            sum.hash(one);
            sum.hash(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observation::json_equal;

    #[test]
    fn fingerprints_are_equal_exactly_where_values_are_equal_as_json() {
        let values = [
            json!(null),
            json!(0),
            json!(-0.0),
            json!(1),
            json!(1.0),
            json!("1"),
            json!([]),
            json!([1, 2]),
            json!([2, 1]),
            json!([[1], 2]),
            json!({}),
            json!({"a": 1, "b": 2}),
            json!({"b": 2.0, "a": 1}),
            json!({"a": 2, "b": 1}),
            json!({"a": {"b": null}}),
            json!({"a": {}, "b": null}),
            json!(u64::MAX),
            json!(1.0e21),
        ];
        for one in &values {
            for other in &values {
                assert_eq!(fingerprint(one) == fingerprint(other), json_equal(one, other), "{one} and {other}");
            }
        }
    }
}
