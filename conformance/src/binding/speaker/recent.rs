//! Names and what they stand for, the last ones.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::limits::NAMES_REMEMBERED_MAX;

/// Values by name. The name that was new longest ago is forgotten when there are too many: its scenario is long over.
#[derive(Debug, Default)]
pub(super) struct Recent {
    values: HashMap<String, Value>,
    /// The names, the oldest first.
    order: VecDeque<String>,
}

impl Recent {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// The name that stands for a value.
    pub(super) fn name_of(&self, value: &Value) -> Option<&str> {
        self.values.iter().find(|(_, known)| *known == value).map(|(name, _)| name.as_str())
    }

    pub(super) fn note(&mut self, name: &str, value: Value) {
        if self.values.insert(name.to_owned(), value).is_some() {
            return;
        }
        self.order.push_back(name.to_owned());
        if self.order.len() > NAMES_REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_names_are_remembered_and_no_more() {
        let mut recent = Recent::default();
        let name = |number: usize| format!("r{number}");
        for number in 0..=NAMES_REMEMBERED_MAX {
            recent.note(&name(number), number.into());
            // A name that is noted again counts once.
            recent.note(&name(number), number.into());
        }
        assert_eq!(recent.get(&name(0)), None);
        assert_eq!(recent.get(&name(1)), Some(&1.into()));
        assert_eq!(recent.name_of(&NAMES_REMEMBERED_MAX.into()), Some(name(NAMES_REMEMBERED_MAX).as_str()));
        assert_eq!((recent.values.len(), recent.order.len()), (NAMES_REMEMBERED_MAX, NAMES_REMEMBERED_MAX));
    }
}
