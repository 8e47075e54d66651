//! ERR-03 to ERR-08: who may be harmed by what.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::requirement::{
    RequirementId,
    ids::{ERR_01, ERR_02, ERR_03, ERR_04, ERR_05, ERR_06, ERR_07, ERR_08, ROOM_03, ROOM_09, ROOM_10},
};

use super::{Scene, room::expect_departure};
use crate::{
    dialect::Dialect,
    observation::Observation,
    oracle::{
        Violation,
        facts::{Fault, Place, Stimulus},
        story::{Act, PhaseStory, Story},
    },
    transport::ConnectionId,
};

/// ERR-05: nothing comes of an event that the protocol does not name.
pub(super) fn unknown_event(scene: &Scene<'_>, found: &mut Vec<Violation>) {
    scene.expect_no_signal(ERR_05, |_| false, found);
    scene.expect_notices(&BTreeMap::new(), ERR_05, found);
}

/// ERR-06: at most the sender's connection ends, with the notices that follow from that.
pub(super) fn broken_frame(scene: &Scene<'_>, act: &Act, found: &mut Vec<Violation>) {
    scene.expect_no_signal(ERR_06, |_| false, found);
    if scene.phase.ended.contains(&act.connection) {
        // That the end is announced is what ROOM-10 demands.
        expect_departure(scene, act.connection, None, ROOM_10, found);
    } else {
        scene.expect_notices(&BTreeMap::new(), ERR_06, found);
    }
}

/// ERR-06 for bytes on a connection of their own: nobody hears of them.
pub(super) fn knock(scene: &Scene<'_>, found: &mut Vec<Violation>) {
    scene.expect_no_signal(ERR_06, |_| false, found);
    scene.expect_notices(&BTreeMap::new(), ERR_06, found);
}

/// Every connection that listens stays open and usable, whatever was sent; only a broken frame may cost its sender the
/// connection, and a refused request where that is declared.
pub(super) fn harm(scene: &Scene<'_>, found: &mut Vec<Violation>) {
    let actors: BTreeSet<ConnectionId> = scene.phase.acts.iter().map(|act| act.connection).collect();
    let broke: BTreeSet<ConnectionId> = scene
        .phase
        .acts
        .iter()
        .filter(|act| matches!(act.stimulus(), Stimulus::Broken { .. }))
        .map(|act| act.connection)
        .collect();
    let frozen = |connection: &ConnectionId| scene.before.frozen.contains(connection);
    let excused = |one: &&ConnectionId| broke.contains(one) || frozen(one) || scene.is_thrown_out(**one);
    for connection in scene.phase.ended.iter().filter(|one| !excused(one)) {
        let clause = clause_of_harm(scene, *connection, actors.contains(connection));
        let name = scene.story.name(*connection);
        found.push(scene.violation(
            clause,
            format!("{name} stays connected"),
            format!("{name}'s connection was ended"),
        ));
    }
    for connection in &scene.phase.fence_accepted {
        let name = scene.story.name(*connection);
        let expected = format!("{name}'s join-room with an unknown, over-long id is refused");
        found.push(scene.violation(ROOM_03, expected, "it was accepted"));
    }
    for connection in scene.phase.fence_lost.iter().filter(|one| !scene.phase.ended.contains(one) && !frozen(one)) {
        let clause = clause_of_harm(scene, *connection, actors.contains(connection));
        let name = scene.story.name(*connection);
        found.push(scene.missing(clause, format!("a request on {name}'s connection is answered")));
    }
}

/// The clause that forbids the harm that came of a phase, to one of its actors or to somebody else.
fn clause_of_harm(scene: &Scene<'_>, connection: ConnectionId, actor: bool) -> RequirementId {
    let clause = |act: &Act| match act.stimulus() {
        Stimulus::Broken { .. } => Some(ERR_06),
        Stimulus::Request { ack: false, .. } => Some(ERR_04),
        Stimulus::UnknownEvent => Some(ERR_05),
        Stimulus::Signal { fault: Fault::TooLarge, .. } => Some(ERR_02),
        Stimulus::Signal { fault: Fault::Malformed, .. } if !actor => Some(ERR_01),
        Stimulus::Leave { .. } if scene.before.place(act.connection) == Place::Nowhere => Some(ROOM_09),
        _ => None,
    };
    let own = scene.phase.acts.iter().find_map(clause).or_else(|| scene.phase.knocked.then_some(ERR_06));
    let fresh = scene.phase.opened.contains(&connection);
    // Nobody can say when a server has read the last words of a client that hears no answer.
    let last_words = |phase: &PhaseStory| {
        phase.knocked || phase.acts.iter().any(|act| matches!(act.stimulus(), Stimulus::Broken { last: true }))
    };
    let shaken = scene.story.phases[..scene.index].iter().any(last_words);
    let own = own.or_else(|| shaken.then_some(if fresh { ERR_07 } else { ERR_06 }));
    let refused = |act: &Act| act.connection == connection && matches!(act.ack, Some(Some(Observation::Refused)));
    own.unwrap_or(match scene.before.frozen.is_empty() {
        false => ERR_08,
        // Nothing was refused yet on a new connection.
        true if fresh && !scene.phase.acts.iter().any(refused) => ERR_07,
        true => ERR_03,
    })
}

/// Whether a new client's request is one that ERR-07 promises: the creation of a room that nobody asked for before, or the
/// join of one that was created.
fn has_to_succeed(story: &Story, index: usize, act: &Act) -> bool {
    let Stimulus::Request { join, room: Some(room), ack: true } = act.stimulus() else { return false };
    let earlier = story.phases[..=index].iter().flat_map(|phase| &phase.acts).filter(|other| other.at < act.at);
    let mut same = earlier
        .filter(|other| matches!(other.stimulus(), Stimulus::Request { room: Some(named), .. } if named == room));
    match join {
        true => same.any(|other| matches!(other.ack, Some(Some(Observation::Accepted { .. })))),
        false => same.next().is_none(),
    }
}

/// ERR-07: a client that was not there before can connect, and its requests are answered. Judged in every phase, also
/// after the first violation: the whole question is what is left of the server then.
pub(in crate::oracle) fn fresh_clients_work(
    story: &Story,
    index: usize,
    after: usize,
    dialect: &Dialect,
) -> Vec<Violation> {
    let phase = &story.phases[index];
    let violation = |expected: String, actual: &str, missing| Violation {
        requirement: ERR_07,
        phase: index,
        expected,
        actual: actual.to_owned(),
        missing,
        oracle: crate::oracle::Oracle::Invariants,
    };
    let failed = phase.open_failed.iter();
    let mut found: Vec<_> =
        failed.map(|(peer, reason)| violation(format!("{peer}, a new client, can connect"), reason, false)).collect();
    let fresh =
        |connection: ConnectionId| story.phases[after..=index].iter().any(|phase| phase.opened.contains(&connection));
    let leaves = |act: &Act| {
        let is_thrown_out = dialect.refusals_close && phase.is_thrown_out(act.connection);
        is_thrown_out
            || phase.acts.iter().any(|other| {
                other.connection == act.connection
                    && matches!(other.stimulus(), Stimulus::Ending(_) | Stimulus::Broken { .. })
            })
    };
    for act in phase.acts.iter().filter(|act| fresh(act.connection) && !leaves(act)) {
        if act.ack.is_none() && has_to_succeed(story, index, act) {
            let name = story.name(act.connection);
            found.push(violation(format!("the request of {name}, a new client, is answered"), "nothing", true));
        }
    }
    found
}
