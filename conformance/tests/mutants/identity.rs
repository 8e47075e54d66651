//! Faults in user ids.

use std::collections::BTreeMap;

use glare_model::{
    requirement::ids::{ID_01, ID_02},
    room::Input,
};
use std::sync::{Arc, Mutex};

use glare_conformance::transport::{CoreInput, ModelCore, RoomCore};

use crate::faulty::{Faulty, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "no-user-id",
        fault: "gives the second connection an empty user id",
        breaks: ID_01,
        core: || Faulty::ids(|key| if key == 2 { String::new() } else { format!("user-{key}") }),
    },
    Mutant {
        name: "ids-from-a-small-space",
        fault: "gives every third connection the user id of the first",
        breaks: ID_01,
        core: || Faulty::ids(|key| format!("user-{}", if key % 3 == 0 { 1 } else { key })),
    },
    Mutant {
        name: "id-is-the-number-of-users",
        fault: "counts the users to name the next one: after somebody has gone, a living one's id is given again",
        breaks: ID_01,
        core: || named_by(|present| present.len() + 1),
    },
    Mutant {
        name: "free-ids-are-given-again",
        fault: "gives the lowest user id that nobody has at the moment",
        breaks: ID_02,
        core: || named_by(|present| (1..).find(|id| !present.values().any(|other| other == id)).unwrap_or_default()),
    },
];

/// The numbers in the ids of those who are there, by connection.
type Present = BTreeMap<u64, usize>;

fn named_by(choose: fn(&Present) -> usize) -> Faulty {
    let present = Arc::new(Mutex::new(Present::new()));
    let there = present.clone();
    let ids = Faulty::ids(move |key| {
        let mut present = present.lock().expect("nobody panics with it");
        let id = choose(&present);
        present.insert(key, id);
        format!("user-{id}")
    });
    ids.and_input(move |model: &mut ModelCore, input: CoreInput| {
        if let Input::Disconnect(key) = &input {
            there.lock().expect("nobody panics with it").remove(key);
        }
        model.handle(input)
    })
}
