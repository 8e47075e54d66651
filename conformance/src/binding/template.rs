//! JSON with named holes: what is sent is a template, what is received is matched against a pattern of the same form.
//!
//! A string that is one hole, `"{room}"`, stands for any JSON value. A string with more around it, `"/{room}?next=2"`, is
//! text. A member or an item whose hole has no value is left out when the template is written: that is how a malformed
//! signal, one without a target say, is said in a target's own words. `{{` and `}}` are braces.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The names of a binding's holes; a place in this list stands for a name once a binding is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoleNames(Vec<String>);

/// The place of a hole's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hole(usize);

/// What is in the holes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<Option<Value>>);

/// A text of a template is not of its form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?}: {problem}")]
pub struct TemplateError {
    /// The text at fault.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A compiled template or pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A value as it is, and its JSON text.
    Literal(Value, String),
    /// Any value.
    Hole(Hole),
    /// A string made of several pieces.
    Text(Text),
    /// A list; as a pattern it matches longer lists too.
    List(Vec<Node>),
    /// An object; as a pattern it matches objects with more members too.
    Object(Vec<Member>),
}

/// What takes the place of what a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disfigurement {
    /// Nothing.
    Bare,
    /// Null.
    Null,
    /// A number.
    Mistyped,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    name: String,
    /// `"name?"`: the pattern matches without it as well.
    is_optional: bool,
    node: Node,
}

/// A text with holes.
#[derive(Clone, Debug, PartialEq)]
pub struct Text(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Fixed(String),
    Hole(Hole),
}

impl HoleNames {
    /// The hole of a name, added if it is new.
    pub fn intern(&mut self, name: &str) -> Hole {
        let place = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        Hole(place)
    }

    /// The hole of a name, if a template has it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Hole> {
        self.0.iter().position(|known| known == name).map(Hole)
    }

    /// The name of a hole.
    #[must_use]
    pub fn name(&self, hole: Hole) -> &str {
        &self.0[hole.0]
    }

    /// Whether a hole is one of these.
    #[must_use]
    pub fn has(&self, hole: Hole) -> bool {
        hole.0 < self.0.len()
    }

    /// All names, for people.
    #[must_use]
    pub fn list(&self) -> String {
        self.0.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
    }
}

impl Values {
    /// What is in a hole.
    #[must_use]
    pub fn get(&self, hole: Hole) -> Option<&Value> {
        self.0.get(hole.0).and_then(Option::as_ref)
    }

    /// Puts a value into a hole.
    pub fn set(&mut self, hole: Hole, value: Value) {
        if self.0.len() <= hole.0 {
            self.0.resize(hole.0 + 1, None);
        }
        self.0[hole.0] = Some(value);
    }

    /// Takes a value out of a hole.
    pub fn take(&mut self, hole: Hole) -> Option<Value> {
        self.0.get_mut(hole.0).and_then(Option::take)
    }
}

impl Text {
    /// Compiles a text.
    ///
    /// # Errors
    /// [`TemplateError`] for a brace without its other half, and for a hole without a name.
    pub fn compile(text: &str, names: &mut HoleNames) -> Result<Self, TemplateError> {
        let error = |problem| TemplateError { text: text.to_owned(), problem };
        let mut pieces = Vec::new();
        let mut fixed = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            fixed.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if after.starts_with(brace) {
                fixed.push_str(brace);
                rest = &after[1..];
                continue;
            }
            let end = after.find('}').filter(|_| brace == "{");
            let end = end.ok_or_else(|| error("a brace without its other half; write {{ or }} for a brace"))?;
            let name = &after[..end];
            let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || !name.chars().all(sound) {
                return Err(error("the name of a hole consists of a-z, 0-9 and -"));
            }
            if !fixed.is_empty() {
                pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
            }
            pieces.push(Piece::Hole(names.intern(name)));
            rest = &after[end + 1..];
        }
        fixed.push_str(rest);
        if !fixed.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Fixed(fixed));
        }
        Ok(Self(pieces))
    }

    /// The text; none if a hole is empty. A string stands for itself, any other value for its JSON text. `encode` is
    /// applied to what comes out of holes.
    #[must_use]
    pub fn fill(&self, values: &Values, encode: impl Fn(&str) -> String) -> Option<String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Fixed(fixed) => text.push_str(fixed),
                Piece::Hole(hole) => match values.get(*hole)? {
                    Value::String(value) => text.push_str(&encode(value)),
                    value => text.push_str(&encode(&value.to_string())),
                },
            }
        }
        Some(text)
    }

    /// The holes of the text.
    pub fn holes(&self) -> impl Iterator<Item = Hole> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(*hole),
            Piece::Fixed(_) => None,
        })
    }

    /// Whether a text is of this form, and what is in its holes. A hole takes as little as it can.
    fn read(&self, text: &str, values: &mut Values) -> bool {
        let mut rest = text;
        let mut open: Option<Hole> = None;
        for piece in &self.0 {
            match (piece, open) {
                (Piece::Fixed(fixed), None) => match rest.strip_prefix(fixed.as_str()) {
                    Some(after) => rest = after,
                    None => return false,
                },
                (Piece::Fixed(fixed), Some(hole)) => match rest.find(fixed.as_str()) {
                    Some(at) => {
                        values.set(hole, rest[..at].into());
                        rest = &rest[at + fixed.len()..];
                        open = None;
                    }
                    None => return false,
                },
                (Piece::Hole(hole), None) => open = Some(*hole),
                // Two holes side by side: the first one takes nothing.
                (Piece::Hole(hole), Some(empty)) => {
                    values.set(empty, "".into());
                    open = Some(*hole);
                }
            }
        }
        match open {
            Some(hole) => {
                values.set(hole, rest.into());
                true
            }
            None => rest.is_empty(),
        }
    }
}

impl Node {
    /// Compiles a template or pattern.
    ///
    /// # Errors
    /// [`TemplateError`] for a text that is not of the form.
    pub fn compile(value: &Value, names: &mut HoleNames) -> Result<Self, TemplateError> {
        Ok(match value {
            Value::String(text) => match Text::compile(text, names)?.0.as_slice() {
                [Piece::Hole(hole)] => Self::Hole(*hole),
                [Piece::Fixed(fixed)] => Self::literal(fixed.as_str().into()),
                pieces => Self::Text(Text(pieces.to_vec())),
            },
            Value::Array(items) => {
                Self::List(items.iter().map(|item| Self::compile(item, names)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| {
                    let (name, is_optional) = match name.strip_suffix('?') {
                        Some(name) => (name.to_owned(), true),
                        None => (name.clone(), false),
                    };
                    Ok(Member { name, is_optional, node: Self::compile(value, names)? })
                };
                Self::Object(members.iter().map(member).collect::<Result<_, _>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::literal(value.clone()),
        })
    }

    /// A hole alone.
    pub(super) fn hole(hole: Hole) -> Self {
        Self::Hole(hole)
    }

    fn literal(value: Value) -> Self {
        let text = value.to_string();
        Self::Literal(value, text)
    }

    /// Writes the template as JSON. Returns whether there was anything to write: not if it is a hole without a value.
    pub fn write(&self, values: &Values, out: &mut String) -> bool {
        match self {
            Self::Literal(_, text) => out.push_str(text),
            Self::Hole(hole) => match values.get(*hole) {
                Some(value) => out.push_str(&value.to_string()),
                None => return false,
            },
            Self::Text(text) => match text.fill(values, str::to_owned) {
                Some(text) => out.push_str(&Value::String(text).to_string()),
                None => return false,
            },
            Self::List(items) => {
                out.push('[');
                let begin = out.len();
                for item in items {
                    write_after_comma(out, begin, |out| item.write(values, out));
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                let begin = out.len();
                for member in members {
                    write_after_comma(out, begin, |out| {
                        out.push_str(&Value::String(member.name.clone()).to_string());
                        out.push(':');
                        member.node.write(values, out)
                    });
                }
                out.push('}');
            }
        }
        true
    }

    /// The message with nothing sensible in the place of what it carries: the arguments of a list, the members of an object
    /// that have holes. None for a text.
    #[must_use]
    pub(crate) fn disfigure(&self, how: Disfigurement, values: &Values) -> Option<Value> {
        let put = |node: &Self| match (node.holes().is_empty(), how) {
            (true, _) => node.value(values),
            (false, Disfigurement::Bare) => None,
            (false, Disfigurement::Null) => Some(Value::Null),
            (false, Disfigurement::Mistyped) => Some(7.into()),
        };
        match self {
            Self::List(items) => {
                let name = items.first()?.value(values);
                Some(name.into_iter().chain(items.iter().skip(1).filter_map(put)).collect())
            }
            Self::Object(members) => {
                // A kind of message is told by its name, be it one that is filled in.
                let own = |member: &Member| {
                    let is_name = matches!(member.node, Self::Hole(_)) && member.name == "type";
                    let value = if is_name { member.node.value(values) } else { put(&member.node) };
                    Some((member.name.clone(), value?))
                };
                Some(Value::Object(members.iter().filter_map(own).collect()))
            }
            Self::Literal(..) | Self::Hole(_) | Self::Text(_) => None,
        }
    }

    fn value(&self, values: &Values) -> Option<Value> {
        let mut text = String::new();
        let written = self.write(values, &mut text);
        serde_json::from_str(&text).ok().filter(|_| written)
    }

    /// Whether a value is of this pattern; then what is in its holes is in `values`.
    pub fn read(&self, value: &Value, values: &mut Values) -> bool {
        if !self.fits(value) {
            return false;
        }
        self.capture(value, values);
        true
    }

    /// Whether a value is of this pattern. Allocates only where text has holes.
    fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Literal(literal, _), value) => literal == value,
            (Self::Hole(_), _) => true,
            (Self::Text(text), Value::String(value)) => text.read(value, &mut Values::default()),
            (Self::List(nodes), Value::Array(items)) => {
                nodes.len() <= items.len() && nodes.iter().zip(items).all(|(node, item)| node.fits(item))
            }
            (Self::Object(wanted), Value::Object(members)) => wanted
                .iter()
                .all(|member| members.get(&member.name).map_or(member.is_optional, |value| member.node.fits(value))),
            (Self::Text(_) | Self::List(_) | Self::Object(_), _) => false,
        }
    }

    fn capture(&self, value: &Value, values: &mut Values) {
        match (self, value) {
            (Self::Hole(hole), value) => values.set(*hole, value.clone()),
            (Self::Text(text), Value::String(value)) => {
                text.read(value, values);
            }
            (Self::List(nodes), Value::Array(items)) => {
                nodes.iter().zip(items).for_each(|(node, item)| node.capture(item, values));
            }
            (Self::Object(wanted), Value::Object(members)) => {
                for member in wanted {
                    if let Some(value) = members.get(&member.name) {
                        member.node.capture(value, values);
                    }
                }
            }
            (Self::Literal(..) | Self::Text(_) | Self::List(_) | Self::Object(_), _) => {}
        }
    }

    /// What a value that is of this pattern says beyond it: the members of its objects that the pattern does not name.
    pub fn unnamed(&self, value: &Value, more: &mut Map<String, Value>) {
        match (self, value) {
            (Self::List(nodes), Value::Array(items)) => {
                nodes.iter().zip(items).for_each(|(node, item)| node.unnamed(item, more));
            }
            (Self::Object(wanted), Value::Object(members)) => {
                for (name, value) in members {
                    match wanted.iter().find(|member| member.name == *name) {
                        Some(member) => member.node.unnamed(value, more),
                        None => {
                            more.insert(name.clone(), value.clone());
                        }
                    }
                }
            }
            (Self::Literal(..) | Self::Hole(_) | Self::Text(_) | Self::List(_) | Self::Object(_), _) => {}
        }
    }

    /// All holes in it.
    #[must_use]
    pub fn holes(&self) -> Vec<Hole> {
        match self {
            Self::Literal(..) => Vec::new(),
            Self::Hole(hole) => vec![*hole],
            Self::Text(text) => text.holes().collect(),
            Self::List(items) => items.iter().flat_map(Self::holes).collect(),
            Self::Object(members) => members.iter().flat_map(|member| member.node.holes()).collect(),
        }
    }
}

/// Writes an item, behind a comma unless it is the first; nothing if the item turns out to have no value.
fn write_after_comma(out: &mut String, begin: usize, write: impl FnOnce(&mut String) -> bool) {
    let before = out.len();
    if before > begin {
        out.push(',');
    }
    if !write(out) {
        out.truncate(before);
    }
}

/// Values by name, for tests and for what is the same for all connections.
#[must_use]
pub fn values(names: &HoleNames, given: &BTreeMap<&str, Value>) -> Values {
    let mut values = Values::default();
    for (name, value) in given {
        if let Some(hole) = names.find(name) {
            values.set(hole, value.clone());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(template: &Value) -> (Node, HoleNames) {
        let mut names = HoleNames::default();
        (Node::compile(template, &mut names).unwrap(), names)
    }

    fn written(template: &Value, given: &[(&str, Value)]) -> Option<String> {
        let (node, names) = compiled(template);
        let mut text = String::new();
        let values = values(&names, &given.iter().cloned().collect());
        node.write(&values, &mut text).then_some(text)
    }

    fn read(pattern: &Value, value: &Value) -> Option<BTreeMap<String, Value>> {
        let (node, names) = compiled(pattern);
        let mut values = Values::default();
        if !node.read(value, &mut values) {
            return None;
        }
        let named = |name: &String| Some((name.clone(), values.get(names.find(name)?)?.clone()));
        Some(names.0.iter().filter_map(named).collect())
    }

    #[test]
    fn a_hole_takes_any_value_and_text_takes_its_text() {
        let template = json!({"to": "{target}", "path": "/{room}/{target}", "n": 1});
        let text = written(&template, &[("target", json!("u\"1")), ("room", json!(7))]).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({"to": "u\"1", "path": "/7/u\"1", "n": 1}));
    }

    #[test]
    fn what_has_no_value_is_left_out() {
        assert_eq!(
            written(&json!(["offer", {"a": "{x}", "b": "{y}"}, "{z}"]), &[("y", json!(null))]).unwrap(),
            r#"["offer",{"b":null}]"#
        );
        assert_eq!(written(&json!("{x}"), &[]), None);
    }

    #[test]
    fn a_pattern_matches_what_has_more_and_captures() {
        let pattern = json!(["joined", {"id": "{user}", "at?": "{time}", "v": 2}]);
        let captured = read(&pattern, &json!(["joined", {"id": "u", "v": 2, "w": 3}, "more"])).unwrap();
        assert_eq!(captured, BTreeMap::from([("user".to_owned(), json!("u"))]));
        assert_eq!(read(&pattern, &json!(["joined", {"id": "u", "v": 3}])), None);
        assert_eq!(read(&pattern, &json!(["joined"])), None);
        assert_eq!(read(&pattern, &json!(["joined", {"v": 2}])), None);
    }

    #[test]
    fn text_is_taken_apart_at_what_is_fixed() {
        let captured = read(&json!("JOIN|{room}|{user}"), &json!("JOIN|r|u|v")).unwrap();
        assert_eq!(captured["room"], json!("r"));
        assert_eq!(captured["user"], json!("u|v"));
        assert_eq!(read(&json!("JOIN|{room}"), &json!("PART|r")), None);
    }

    #[test]
    fn doubled_braces_are_braces() {
        assert_eq!(written(&json!("{{x}}"), &[]).unwrap(), r#""{x}""#);
    }

    #[test]
    fn a_brace_without_its_other_half_is_an_error() {
        for text in ["{room", "room}", "{}", "{Room}", "{a{b}"] {
            assert!(Node::compile(&json!(text), &mut HoleNames::default()).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[{}a-c|]{0,12}", value in "[{}a-c|]{0,12}") {
            let mut names = HoleNames::default();
            if let Ok(node) = Node::compile(&Value::String(text), &mut names) {
                let _fits = node.read(&Value::String(value), &mut Values::default());
            }
        }
    }
}
