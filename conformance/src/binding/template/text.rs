//! Texts with holes.

use serde_json::Value;

use super::{Fill, Hole, HoleNames, TemplateError, Values};

/// A text with holes.
#[derive(Clone, Debug, PartialEq)]
pub struct Text(pub(super) Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Fixed(String),
    Hole(Hole),
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
    pub(crate) fn fill(&self, values: &impl Fill, encode: impl Fn(&str) -> String) -> Option<String> {
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
    pub(super) fn read(&self, text: &str, values: &mut Values) -> bool {
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
