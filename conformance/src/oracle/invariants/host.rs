//! Capabilities: what follows when the host of a room leaves, and that nobody hears of a capability that is not declared.

use std::collections::BTreeMap;

use glare_model::requirement::{
    RequirementId,
    ids::{CAP_HOST_CLOSE_01, CAP_HOST_TRANSFER_01, CAP_UNDECLARED_01},
};

use super::Scene;
use crate::{
    capability::Capability,
    observation::Observation,
    oracle::{
        Violation,
        facts::{Host, Place, Stimulus},
        story::Seen,
    },
    trace::Ending,
    transport::ConnectionId,
};

/// What becomes of a room when somebody departs.
pub(super) enum Parting {
    /// It goes on.
    Stays,
    /// It ends.
    Closes,
    /// The wire does not say enough.
    Unclear,
}

pub(super) fn parting(scene: &Scene<'_>, leaver: ConnectionId) -> Parting {
    let facts = scene.before;
    if !facts.profile.has(Capability::HostClose) {
        return Parting::Stays;
    }
    let room = match facts.place(leaver) {
        Place::In(rooms) if rooms.len() == 1 => rooms.into_iter().next().expect("it is the only one"),
        Place::Nowhere | Place::Gone => return Parting::Stays,
        Place::In(_) | Place::MaybeIn(_) => return Parting::Unclear,
    };
    match facts.host(&room, |_| true) {
        Some(Host::Certain(host)) if host == leaver => Parting::Closes,
        Some(Host::Certain(_)) => Parting::Stays,
        Some(Host::Unclear) | None => Parting::Unclear,
    }
}

/// An event of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
enum HostEvent {
    Closed,
    Changed(String),
}

impl HostEvent {
    fn of(seen: &Seen) -> Option<Self> {
        match &seen.what {
            Observation::RoomClosed => Some(Self::Closed),
            Observation::HostChanged { user } => Some(Self::Changed(user.clone())),
            Observation::Accepted { .. }
            | Observation::Refused
            | Observation::Notice { .. }
            | Observation::Signal { .. }
            | Observation::Error { .. }
            | Observation::Unknown => None,
        }
    }

    fn capability(&self) -> Capability {
        match self {
            Self::Closed => Capability::HostClose,
            Self::Changed(_) => Capability::HostTransfer,
        }
    }

    fn clause(&self) -> RequirementId {
        match self {
            Self::Closed => CAP_HOST_CLOSE_01,
            Self::Changed(_) => CAP_HOST_TRANSFER_01,
        }
    }

    fn describe(&self, scene: &Scene<'_>) -> String {
        match self {
            Self::Closed => "room-closed".to_owned(),
            Self::Changed(user) => format!("host-changed {}", scene.story.name_of_user(user)),
        }
    }
}

/// Everybody gets exactly the events of hosts that are due.
pub(super) fn judge(scene: &Scene<'_>, found: &mut Vec<Violation>) {
    let profile = scene.before.profile;
    for seen in &scene.phase.seen {
        if let Some(event) = HostEvent::of(seen).filter(|event| !profile.has(event.capability())) {
            let name = scene.story.name(seen.connection);
            let expected = format!("{name} gets no event of {}, which is not declared", event.capability());
            found.push(scene.violation(CAP_UNDECLARED_01, expected, event.describe(scene)));
        }
    }
    let Some(due) = due(scene) else { return };
    for connection in scene.before.listening() {
        if matches!(scene.before.place(connection), Place::MaybeIn(_)) || scene.phase.ended.contains(&connection) {
            continue;
        }
        let own: Vec<&Seen> = scene.phase.seen.iter().filter(|seen| seen.connection == connection).collect();
        let events: Vec<HostEvent> = own.iter().filter_map(|seen| HostEvent::of(seen)).collect();
        let events: Vec<_> = events.into_iter().filter(|event| profile.has(event.capability())).collect();
        let name = scene.story.name(connection);
        match (due.get(&connection), events.as_slice()) {
            (None, []) => {}
            (None, [event, ..]) => {
                let expected = format!("{name} gets no event of a host, for none left");
                found.push(scene.violation(event.clause(), expected, event.describe(scene)));
            }
            (Some(due), []) => found.push(scene.missing(due.clause(), format!("{name} gets {}", due.describe(scene)))),
            (Some(due), [event]) if event == due => told_in_order(scene, connection, due, &own, found),
            (Some(due), events) => {
                let expected = format!("{name} gets exactly one {}", due.describe(scene));
                let actual: Vec<_> = events.iter().map(|event| event.describe(scene)).collect();
                found.push(scene.violation(due.clause(), expected, actual.join(", ")));
            }
        }
    }
}

/// `host-changed` comes after the `user-left` of the former host.
fn told_in_order(
    scene: &Scene<'_>,
    connection: ConnectionId,
    due: &HostEvent,
    own: &[&Seen],
    found: &mut Vec<Violation>,
) {
    let place = |wanted: &dyn Fn(&Seen) -> bool| own.iter().position(|seen| wanted(seen));
    let left = place(&|seen| matches!(seen.what, Observation::Notice { left: true, .. }));
    let changed = place(&|seen| matches!(seen.what, Observation::HostChanged { .. }));
    if let (Some(left), Some(changed)) = (left, changed)
        && changed < left
    {
        let expected = format!("{} gets {} after user-left", scene.story.name(connection), due.describe(scene));
        found.push(scene.violation(CAP_HOST_TRANSFER_01, expected, "it came before"));
    }
}

/// Who has to get which event of a host; none if the wire does not say enough.
fn due(scene: &Scene<'_>) -> Option<BTreeMap<ConnectionId, HostEvent>> {
    let facts = scene.before;
    // A client that is frozen may be declared dead at any time.
    if !facts.frozen.is_empty() {
        return None;
    }
    let [act] = scene.phase.acts.as_slice() else { return scene.phase.acts.is_empty().then(BTreeMap::new) };
    let departs = match act.stimulus() {
        Stimulus::Leave { .. } | Stimulus::Ending(Ending::Close | Ending::Drop) => true,
        Stimulus::Ending(Ending::Freeze | Ending::Noticed) | Stimulus::Broken { last: true } => return None,
        Stimulus::Request { .. } | Stimulus::Signal { .. } => false,
        Stimulus::UnknownEvent | Stimulus::Broken { last: false } => false,
    };
    if scene.phase.ended.iter().any(|ended| *ended != act.connection) {
        return None;
    }
    let leaver = act.connection;
    let room = match facts.place(leaver) {
        _ if !departs && !scene.phase.ended.contains(&leaver) => return Some(BTreeMap::new()),
        Place::In(rooms) if rooms.len() == 1 => rooms.into_iter().next().expect("it is the only one"),
        Place::Nowhere | Place::Gone => return Some(BTreeMap::new()),
        Place::In(_) | Place::MaybeIn(_) => return None,
    };
    match facts.host(&room, |_| true) {
        Some(Host::Certain(host)) if host == leaver => {}
        Some(Host::Certain(_)) => return Some(BTreeMap::new()),
        Some(Host::Unclear) | None => return None,
    }
    let event = if facts.profile.has(Capability::HostClose) {
        HostEvent::Closed
    } else if facts.profile.has(Capability::HostTransfer) {
        match facts.host(&room, |other| other != leaver) {
            Some(Host::Certain(next)) => HostEvent::Changed(scene.story.user(next).to_owned()),
            Some(Host::Unclear) => return None,
            None => return Some(BTreeMap::new()),
        }
    } else {
        return Some(BTreeMap::new());
    };
    let others = facts.members(&room).into_iter().filter(|other| *other != leaver);
    Some(others.map(|other| (other, event.clone())).collect())
}
