//! What is in the holes of a template.

use std::collections::BTreeMap;

use serde_json::Value;

/// The names of a binding's holes; a place in this list stands for a name once a binding is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoleNames(Vec<String>);

/// The place of a hole's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hole(usize);

/// What is in the holes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<Option<Value>>);

/// Where what fills a template comes from.
pub(crate) trait Fill {
    /// What is in a hole.
    fn get(&self, hole: Hole) -> Option<&Value>;
}

/// Values, and in the place of some of them what is borrowed for one message: a payload may be large.
pub(crate) struct Lent<'a, const N: usize> {
    pub(crate) values: &'a Values,
    pub(crate) lent: [(Hole, Option<&'a Value>); N],
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

    #[cfg(test)]
    pub(super) fn iter(&self) -> std::slice::Iter<'_, String> {
        self.0.iter()
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

impl Fill for Values {
    fn get(&self, hole: Hole) -> Option<&Value> {
        Self::get(self, hole)
    }
}

impl<const N: usize> Fill for Lent<'_, N> {
    fn get(&self, hole: Hole) -> Option<&Value> {
        let lent = self.lent.iter().find(|(lent, _)| *lent == hole);
        lent.map_or_else(|| self.values.get(hole), |(_, value)| *value)
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
