//! Capabilities that a target has and does not declare.

use glare_model::{
    requirement::ids::CAP_UNDECLARED_01,
    room::{HostLeaves, RoomRules},
};

use crate::faulty::{Faulty, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "room-ends-with-its-host",
        fault: "ends a room when its host leaves, and does not declare `host-close`",
        breaks: CAP_UNDECLARED_01,
        core: || Faulty::rules(RoomRules { host_leaves: HostLeaves::CloseRoom, ..RoomRules::REFERENCE }),
    },
    Mutant {
        name: "host-is-handed-over",
        fault: "announces a new host when the host leaves, and does not declare `host-transfer`",
        breaks: CAP_UNDECLARED_01,
        core: || Faulty::rules(RoomRules { host_leaves: HostLeaves::HandOver, ..RoomRules::REFERENCE }),
    },
];
