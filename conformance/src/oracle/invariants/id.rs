//! ID-01 and ID-02, on every connection that is opened.

use glare_model::requirement::ids::{ID_01, ID_02};

use super::Scene;
use crate::oracle::{Violation, facts::Place};

pub(super) fn judge(scene: &Scene<'_>, found: &mut Vec<Violation>) {
    for connection in &scene.phase.opened {
        let user = scene.story.user(*connection);
        let name = scene.story.name(*connection);
        // Who was refused at the door was told no id.
        if user.is_empty() && scene.is_thrown_out(*connection) {
            continue;
        }
        if user.is_empty() {
            found.push(scene.violation(ID_01, format!("{name} has a user id, a non-empty string"), "it has none"));
            continue;
        }
        let earlier = scene.story.connections.range(..*connection);
        let Some((other, _)) = earlier.rev().find(|(_, (_, id))| id == user) else { continue };
        let simultaneous = scene.before.place(*other) != Place::Gone;
        let (clause, expected) = if simultaneous {
            (ID_01, format!("{name} and {} have different user ids", scene.story.name(*other)))
        } else {
            (ID_02, format!("{name}, a new connection, has a new user id"))
        };
        found.push(scene.violation(clause, expected, format!("{user:?} again")));
    }
}
