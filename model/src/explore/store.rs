//! The parts seen so far, each once, with what the explorer needs to know of each. Shared by all threads.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use super::{
    Space,
    hash::WordHash,
    key::{Key, Layout},
};
use crate::world::Overflow;

/// Numbers values in the order in which they come.
pub(super) struct Interner<T> {
    numbers: HashMap<Arc<T>, u32, WordHash>,
    values: Vec<Arc<T>>,
}

impl<T: Eq + Hash> Interner<T> {
    fn new() -> Self {
        Self { numbers: HashMap::default(), values: Vec::new() }
    }

    fn intern(&mut self, value: T, capacity: usize, what: &'static str) -> Result<u32, Overflow> {
        if let Some(number) = self.numbers.get(&value) {
            return Ok(*number);
        }
        if self.values.len() == capacity {
            return Err(Overflow::Explorer(what));
        }
        let (number, value) = (self.values.len() as u32, Arc::new(value));
        self.values.push(Arc::clone(&value));
        self.numbers.insert(value, number);
        Ok(number)
    }

    pub(super) fn find(&self, value: &T) -> Option<u32> {
        self.numbers.get(value).copied()
    }

    pub(super) fn get(&self, number: u32) -> &Arc<T> {
        &self.values[number as usize]
    }
}

/// What is known of a part beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartInfo {
    /// The number of its outline.
    pub(super) outline: u32,
    /// The other parts whose outlines its moves depend on, as bits.
    pub(super) heeds: u8,
    pub(super) is_at_rest: bool,
    pub(super) shows_more: bool,
}

/// All rests and parts. The parts of each place are numbered apart.
pub(super) struct Store<S: Space> {
    pub(super) layout: Layout,
    pub(super) rests: Interner<S::Rest>,
    pub(super) parts: Vec<Interner<S::Part>>,
    infos: Vec<Vec<PartInfo>>,
}

impl<S: Space> Store<S> {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            rests: Interner::new(),
            parts: (0..layout.parts).map(|_| Interner::new()).collect(),
            infos: vec![Vec::new(); layout.parts],
        }
    }

    pub(super) fn intern_rest(&mut self, rest: S::Rest) -> Result<u32, Overflow> {
        self.rests.intern(rest, self.layout.rests_max(), "the rest")
    }

    pub(super) fn intern_part(&mut self, space: &S, place: usize, part: S::Part) -> Result<u32, Overflow> {
        let known = self.parts[place].values.len();
        let number = self.parts[place].intern(part, self.layout.parts_max(), "parts")?;
        if number as usize == known {
            let part = Arc::clone(self.parts[place].get(number));
            let (is_at_rest, shows_more) = (space.is_at_rest(&part), space.shows_more(&part));
            let heeds = space.heeds(&part) & !(1 << place);
            self.infos[place].push(PartInfo { outline: number, heeds, is_at_rest, shows_more });
            let outline = self.intern_part(space, place, space.outline(&part))?;
            self.infos[place][known].outline = outline;
        }
        Ok(number)
    }

    pub(super) fn infos(&self, place: usize) -> &[PartInfo] {
        &self.infos[place]
    }

    pub(super) fn pack<K: Key>(&mut self, space: &S, state: &S::State) -> Result<K, Overflow> {
        let (rest, parts) = space.split(state);
        let mut key = self.layout.field::<K>(self.intern_rest(rest)?, self.layout.parts);
        for (place, part) in parts.into_iter().enumerate() {
            let number = self.intern_part(space, place, part)?;
            key = key ^ self.layout.field(number, place);
        }
        Ok(key)
    }

    pub(super) fn unpack<K: Key>(&self, space: &S, key: K) -> S::State {
        let part = |place: usize| &**self.parts[place].get(self.layout.part(key, place));
        let parts: Vec<_> = (0..self.layout.parts).map(part).collect();
        space.join(self.rests.get(self.layout.rest(key)), &parts)
    }

    /// The most parts of one place, and the rests.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.parts.iter().map(|it| it.values.len()).max().unwrap_or(0), self.rests.values.len())
    }
}
