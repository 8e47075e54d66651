//! JSON with holes: user ids and room ids are known only when a scenario runs.

use serde_json::Value;

use super::Peer;

/// A JSON value in which the string `$A` stands for the user id of client A, and `#r` for the fresh room id that this run
/// gives to the room r.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(pub Value);

/// What fills the holes.
pub trait Names {
    /// The user id of a client; none if it never connected.
    fn user(&self, peer: &Peer) -> Option<String>;
    /// The room id for a scenario's room name.
    fn room(&self, name: &str) -> String;
}

impl Template {
    /// The value with its holes filled. A client that is not connected yields a user id that nobody has.
    #[must_use]
    pub fn fill(&self, names: &impl Names) -> Value {
        fill(&self.0, names)
    }
}

fn fill(value: &Value, names: &impl Names) -> Value {
    match value {
        Value::String(text) => Value::String(fill_text(text, names)),
        Value::Array(items) => items.iter().map(|item| fill(item, names)).collect(),
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), fill(member, names))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn fill_text(text: &str, names: &impl Names) -> String {
    if let Some(name) = text.strip_prefix('$').filter(|name| super::parse::is_peer_name(name)) {
        return names.user(&Peer(name.into())).unwrap_or_else(|| format!("nobody-named-{name}"));
    }
    match text.strip_prefix('#').filter(|name| super::parse::is_room_name(name)) {
        Some(name) => names.room(name),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Fixed;

    impl Names for Fixed {
        fn user(&self, peer: &Peer) -> Option<String> {
            (&*peer.0 == "A").then(|| "id-a".to_owned())
        }

        fn room(&self, name: &str) -> String {
            format!("room-{name}")
        }
    }

    #[test]
    fn holes_are_filled_at_any_depth_and_nothing_else_changes() {
        let template = Template(json!({"target": ["$A", "$B", "#r"], "n": 1, "$A": "$ A"}));
        let expected = json!({"target": ["id-a", "nobody-named-B", "room-r"], "n": 1, "$A": "$ A"});
        assert_eq!(template.fill(&Fixed), expected);
    }
}
