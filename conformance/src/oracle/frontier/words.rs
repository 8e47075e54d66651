//! Objections in the words of reports.

use glare_model::{
    message::ServerMessage,
    requirement::{
        RequirementId,
        ids::{
            CAP_HOST_CLOSE_01, CAP_HOST_TRANSFER_01, ERR_01, ERR_05, RELAY_01, RELAY_07, ROOM_01, ROOM_02, ROOM_07,
            ROOM_08, ROOM_10,
        },
    },
};

use super::{
    super::{
        Oracle, Violation,
        facts::{Fault, Stimulus},
        story::{Act, PhaseStory, Seen, Story, What},
    },
    objection::{Ground, Objection},
    script::{Answer, Message, Script, Sighting, Slot},
};
use crate::observation::{Observation, json_equal};

/// Says objections in the words of reports.
pub(super) struct Words<'a> {
    pub(super) script: &'a Script,
    pub(super) story: &'a Story,
}

impl Words<'_> {
    /// An objection as a violation. `allowed` is what might have come instead of what nothing explains.
    pub(super) fn violation(&self, objection: &Objection, allowed: &[String]) -> Violation {
        let Objection { requirement, phase, ground } = objection;
        let (mut requirement, mut missing) = (*requirement, false);
        let (expected, actual) = match ground {
            Ground::Missing { to, message, .. } => {
                missing = true;
                (self.at(*to, &self.message(message)), "nothing".to_owned())
            }
            Ground::Unasked { at, sighting, is_told } => {
                let seen = self.seen(*at, *sighting).filter(|_| !is_told);
                requirement = seen.map_or(requirement, |seen| self.clause_of_unasked(*phase, seen, requirement));
                let expected = match allowed {
                    [] => "nothing more".to_owned(),
                    [one] => one.clone(),
                    several => format!("any of: {}", several.join("; ")),
                };
                (self.at(*at, &expected), self.sighting(*at, *sighting))
            }
            Ground::Altered { to, sighting, message } => {
                (self.at(*to, &self.message(message)), self.sighting(*to, *sighting))
            }
            Ground::Early { to, sighting } => {
                let actual = format!("{} came first", self.sighting(*to, *sighting));
                (self.at(*to, "the ack of its join before anything of the room"), actual)
            }
            Ground::Answer { slot, number, message } => {
                let answer = &self.script.lines[usize::from(*slot)].items[*number as usize].answer;
                missing = *answer == Answer::None;
                (self.at(*slot, &self.message(message)), self.answer(*slot, *number))
            }
            Ground::FenceAccepted(slot) => {
                let expected = self.at(*slot, "its join-room with an unknown, over-long id is refused");
                (expected, "it was accepted".to_owned())
            }
            Ground::Listed { slot, number, present } => {
                let listed = match &self.script.lines[usize::from(*slot)].items[*number as usize].answer {
                    Answer::Present(listed) => self.users(listed),
                    Answer::None | Answer::Nonsense | Answer::Refused | Answer::Accepted { .. } => "nobody".to_owned(),
                };
                let expected = format!("the answer to who is there lists {}", self.users(present));
                (self.at(*slot, &expected), format!("it lists {listed}"))
            }
            Ground::SelfSignal(slot) => {
                (self.at(*slot, "a signal to oneself is undeliverable"), "it was delivered".to_owned())
            }
            Ground::Ended(slot) => {
                requirement = self.clause_of_end(*phase, requirement);
                (self.at(*slot, "its connection stays open"), "the server ended it".to_owned())
            }
            Ground::NotNoticed { slot, ending } => {
                missing = true;
                (self.at(*slot, &format!("{ending} has the effect of leave-room")), "it had none in time".to_owned())
            }
            Ground::OutOfOrder { to, sighting, message } => {
                let actual = format!("{} in another place", self.sighting(*to, *sighting));
                (self.at(*to, &format!("{} in its order", self.message(message))), actual)
            }
        };
        Violation { requirement, phase: *phase, expected, actual, missing, oracle: Oracle::Frontier }
    }

    fn name(&self, slot: Slot) -> String {
        self.story.name(self.script.lines[usize::from(slot)].connection)
    }

    /// Users by the names of their clients.
    fn users(&self, users: &[u32]) -> String {
        self.story.names_of_users(users.iter().map(|user| self.script.users.text(*user)))
    }

    fn at(&self, slot: Slot, what: &str) -> String {
        format!("{}: {what}", self.name(slot))
    }

    fn phase(&self, phase: usize) -> Option<&PhaseStory> {
        self.story.phases.get(phase)
    }

    fn record(&self, slot: Slot, sighting: u32) -> &Sighting {
        &self.script.lines[usize::from(slot)].sightings[sighting as usize]
    }

    fn seen(&self, slot: Slot, sighting: u32) -> Option<&Seen> {
        let at = self.record(slot, sighting).at;
        self.story.phases.iter().flat_map(|phase| &phase.seen).find(|seen| seen.at == at)
    }

    fn sighting(&self, slot: Slot, sighting: u32) -> String {
        self.seen(slot, sighting).map_or_else(String::new, |seen| self.observation(&seen.what))
    }

    fn answer(&self, slot: Slot, number: u32) -> String {
        let item = &self.script.lines[usize::from(slot)].items[number as usize];
        let acts = self.story.phases.iter().flat_map(|phase| &phase.acts);
        let ack = acts.filter(|act| act.at == item.at).find_map(|act| act.ack.as_ref());
        match ack {
            None => "no ack".to_owned(),
            Some(None) => "an ack that makes no sense".to_owned(),
            Some(Some(seen)) => self.observation(seen),
        }
    }

    fn observation(&self, seen: &Observation) -> String {
        let name = |user: &str| self.story.name_of_user(user);
        match seen {
            Observation::Accepted { existing: None, .. } => "it was accepted".to_owned(),
            Observation::Accepted { existing: Some(users), .. } => {
                let users: Vec<_> = users.iter().map(|user| name(user)).collect();
                format!("it was accepted with existingUsers [{}]", users.join(", "))
            }
            Observation::Refused => "it was refused".to_owned(),
            Observation::Notice { left, user, .. } => {
                format!("{} {}", if *left { "user-left" } else { "user-joined" }, name(user))
            }
            Observation::Signal { kind, from, .. } => {
                format!("{} from {}", kind.event(), from.as_deref().map_or("nobody".to_owned(), name))
            }
            Observation::Error { kind } => {
                format!("error {}", kind.map_or("of no known type", |kind| kind.error_type()))
            }
            Observation::RoomClosed => "room-closed".to_owned(),
            Observation::HostChanged { user } => format!("host-changed {}", name(user)),
            Observation::Unknown => "an event that the protocol does not name".to_owned(),
        }
    }

    /// A message of the model.
    pub(super) fn message(&self, message: &Message) -> String {
        match message {
            ServerMessage::Created(_) => "its create is accepted".to_owned(),
            ServerMessage::Joined(_, members) => {
                let members: Vec<_> = members.iter().map(|slot| self.name(*slot)).collect();
                format!("its join is accepted with existingUsers [{}]", members.join(", "))
            }
            ServerMessage::Refused(why) => format!("its request is refused ({why:?})"),
            ServerMessage::UserJoined(slot) => format!("user-joined {}", self.name(*slot)),
            ServerMessage::UserLeft(slot) => format!("user-left {}", self.name(*slot)),
            ServerMessage::RoomClosed => "room-closed".to_owned(),
            ServerMessage::HostChanged(slot) => format!("host-changed {}", self.name(*slot)),
            ServerMessage::Signal { kind, from, .. } => format!("{} from {}", kind.event(), self.name(*from)),
            ServerMessage::Error(kind, _) => format!("error {}", kind.error_type()),
        }
    }

    /// The clause that forbids something for which there is no reason.
    fn clause_of_unasked(&self, phase: usize, seen: &Seen, otherwise: RequirementId) -> RequirementId {
        let Some(phase) = self.phase(phase) else { return otherwise };
        let some = |wanted: &dyn Fn(&Act) -> bool| phase.acts.iter().any(wanted);
        let malformed = |act: &Act| matches!(act.stimulus(), Stimulus::Signal { fault: Fault::Malformed, .. });
        match &seen.what {
            Observation::Notice { left: true, user, .. } => {
                let ended = |act: &Act| matches!(act.what, What::Ending(_)) && self.story.user(act.connection) == user;
                if some(&ended) { ROOM_10 } else { ROOM_08 }
            }
            Observation::Notice { left: false, .. } => {
                let creates = |act: &Act| matches!(act.stimulus(), Stimulus::Request { join: false, .. });
                let joins = |act: &Act| matches!(act.stimulus(), Stimulus::Request { join: true, .. });
                let refused = |act: &Act| creates(act) && matches!(act.ack, Some(Some(Observation::Refused)));
                match some(&creates) && !some(&joins) {
                    true if some(&refused) => ROOM_02,
                    true => ROOM_01,
                    false => ROOM_07,
                }
            }
            Observation::Signal { payload, .. } => {
                let arrived = |sent: &serde_json::Value| payload.as_ref().is_some_and(|it| json_equal(sent, it));
                let sent_so = |act: &Act| match act.stimulus() {
                    Stimulus::Signal { payload: Some(sent), fault, .. } => fault != Fault::Malformed && arrived(sent),
                    _ => false,
                };
                match (some(&malformed) && !some(&sent_so), some(&sent_so)) {
                    (true, _) => ERR_01,
                    (false, false) if self.only_unknown(phase) => ERR_05,
                    (false, _) => RELAY_01,
                }
            }
            Observation::Error { .. } => {
                if some(&malformed) {
                    ERR_01
                } else {
                    RELAY_07
                }
            }
            Observation::RoomClosed => CAP_HOST_CLOSE_01,
            Observation::HostChanged { .. } => CAP_HOST_TRANSFER_01,
            Observation::Accepted { .. } | Observation::Refused | Observation::Unknown => otherwise,
        }
    }

    /// Whether the clients of a phase did nothing but send events that the protocol does not name.
    fn only_unknown(&self, phase: &PhaseStory) -> bool {
        !phase.acts.is_empty() && phase.acts.iter().all(|act| matches!(act.stimulus(), Stimulus::UnknownEvent))
    }

    fn clause_of_end(&self, phase: usize, otherwise: RequirementId) -> RequirementId {
        match self.phase(phase) {
            Some(phase) if self.only_unknown(phase) => ERR_05,
            _ => otherwise,
        }
    }
}
