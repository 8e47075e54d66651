//! JSON with named holes: what is sent is a template, what is received is matched against a pattern of the same form.
//!
//! A string that is one hole, `"{room}"`, stands for any JSON value. A string with more around it, `"/{room}?next=2"`, is
//! text. A member or an item whose hole has no value is left out when the template is written: that is how a malformed
//! signal, one without a target say, is said in a target's own words. `{{` and `}}` are braces.

mod holes;
mod text;

use serde_json::{Map, Value};

pub(crate) use self::holes::{Fill, Lent};
use self::text::Piece;
pub use self::{
    holes::{Hole, HoleNames, Values, values},
    text::Text,
};

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
    /// The name as it is written, with what follows it.
    written: String,
    /// `"name?"`: the pattern matches without it as well.
    is_optional: bool,
    node: Node,
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
                    let written = format!("{}:", Value::from(name.as_str()));
                    Ok(Member { name, written, is_optional, node: Self::compile(value, names)? })
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
    pub(crate) fn write(&self, values: &impl Fill, out: &mut String) -> bool {
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
                        out.push_str(&member.written);
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
    pub(crate) fn fits(&self, value: &Value) -> bool {
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

    /// What [`Node::capture`] puts into holes, for a value that fits and is needed no more.
    pub(crate) fn take(&self, value: Value, values: &mut Values) {
        match (self, value) {
            (Self::Hole(hole), value) => values.set(*hole, value),
            (Self::List(nodes), Value::Array(items)) => {
                nodes.iter().zip(items).for_each(|(node, item)| node.take(item, values));
            }
            (Self::Object(wanted), Value::Object(mut members)) => {
                for member in wanted {
                    if let Some(value) = members.remove(&member.name) {
                        member.node.take(value, values);
                    }
                }
            }
            (Self::Literal(..), _) => {}
            (Self::Text(_) | Self::List(_) | Self::Object(_), value) => self.capture(&value, values),
        }
    }

    /// Puts what is in a value that fits into holes.
    pub(crate) fn capture(&self, value: &Value, values: &mut Values) {
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

    /// Whether whatever fits has something for a hole.
    pub(super) fn always_fills(&self, hole: Hole) -> bool {
        match self {
            Self::Literal(..) => false,
            Self::Hole(own) => *own == hole,
            Self::Text(text) => text.holes().any(|own| own == hole),
            Self::List(items) => items.iter().any(|item| item.always_fills(hole)),
            Self::Object(members) => members.iter().any(|member| !member.is_optional && member.node.always_fills(hole)),
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

#[cfg(test)]
mod tests;
