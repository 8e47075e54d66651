//! A scenario in the words that a target has: rooms that are entered by connecting, members that leave by closing. What
//! a wire cannot say makes a case not applicable, with the reason.

mod in_rooms;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use glare_model::{id::RoomId, message::SignalKind, requirement::RequirementId};
use serde_json::Value;

use super::{Unsayable, plan::Plan, speaker::Speaker};
use crate::{
    dialect::{Dialect, SecondRoomRule},
    limits::ADDRESS_ROOM_BYTES_MAX,
    observation::read_ack,
    scenario::{Action, Peer, Phase, Scenario, Step, Template},
    transport::Incoming,
};

/// Why a case does not apply to a binding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApplicable {
    /// Its main clause is not judged.
    #[error("{0}: {1}")]
    Clause(RequirementId, String),
    /// It needs something said that the wire has no words for.
    #[error("{0}")]
    Step(#[from] Unsayable),
}

/// Walks over a scenario with a speaker for each client, as if every request were granted.
struct Adapter {
    dialect: Dialect,
    /// Whether a member says something before it leaves by closing.
    says_goodbye: bool,
    plan: Option<Arc<Plan>>,
    clients: BTreeMap<Peer, Client>,
    /// The first malformed signal that was left out, for it cannot be said.
    left_out: Option<Unsayable>,
    /// Whether a malformed signal was kept.
    has_malformed: bool,
}

struct Client {
    /// None where somebody else speaks, and says by itself what it has no words for.
    speaker: Option<Speaker>,
    /// Whether it is in a room.
    inside: bool,
    /// The rooms that it is in, by their names in the scenario, in the order of entering; kept where there may be several.
    rooms: Vec<Value>,
    is_open: bool,
    /// Whether it closed its connection only because that is how one leaves.
    has_left: bool,
}

impl Plan {
    /// The scenario in this binding's words.
    ///
    /// # Errors
    /// [`NotApplicable`] if the target cannot be asked, or its answer could not be seen.
    pub fn adapt(self: &Arc<Self>, scenario: &Scenario) -> Result<Scenario, NotApplicable> {
        if let Some(main) = scenario.covers.first()
            && let Some(reason) = self.excludes(*main)
        {
            return Err(NotApplicable::Clause(*main, reason.to_owned()));
        }
        let says_goodbye = self.leave.as_ref().is_some_and(|leave| leave.closes);
        let dialect = *self.profile.dialect();
        Adapter::new(dialect, says_goodbye, Some(Arc::clone(self))).adapt(scenario)
    }
}

/// A scenario for a target of a dialect whose words are not known here.
///
/// # Errors
/// [`NotApplicable`] if the target cannot be asked, or its answer could not be seen.
pub(crate) fn adapt_to(dialect: Dialect, scenario: &Scenario) -> Result<Scenario, NotApplicable> {
    Adapter::new(dialect, false, None).adapt(scenario)
}

impl Adapter {
    fn new(dialect: Dialect, says_goodbye: bool, plan: Option<Arc<Plan>>) -> Self {
        Self { dialect, says_goodbye, plan, clients: BTreeMap::new(), left_out: None, has_malformed: false }
    }

    fn adapt(mut self, scenario: &Scenario) -> Result<Scenario, NotApplicable> {
        let adapter = &mut self;
        let mut phases = Vec::new();
        for (place, phase) in scenario.phases.iter().enumerate() {
            phases.extend(adapter.reconnects(phase));
            let phase = adapter.entering(phase, &scenario.phases[place + 1..]);
            let phase = adapter.phase(&phase)?;
            if !phase.steps.is_empty() {
                phases.push(phase);
            }
        }
        // Of several malformed signals some may be said, and a case is about any of them.
        if let Some(unsayable) = self.left_out.filter(|_| !self.has_malformed) {
            return Err(unsayable.into());
        }
        Ok(Scenario { phases, ..scenario.clone() })
    }

    /// Clients that left by closing connect again before they do something.
    fn reconnects(&mut self, phase: &Phase) -> Option<Phase> {
        if self.dialect.enters_by_connecting {
            return None;
        }
        let mut steps = Vec::new();
        for step in &phase.steps {
            let client = self.client(&step.peer);
            if std::mem::take(&mut client.has_left) && step.action != Action::Connect {
                let text = format!("{} connect", step.peer);
                steps.push(Step { peer: step.peer.clone(), action: Action::Connect, text, burst: 1 });
            }
        }
        (!steps.is_empty()).then_some(Phase { steps })
    }

    /// Where a room is entered by connecting, a client connects when it enters one. Whoever only connects does so into a room
    /// of its own.
    fn entering(&self, phase: &Phase, later: &[Phase]) -> Phase {
        if !self.dialect.enters_by_connecting {
            return phase.clone();
        }
        let enters = |peer: &Peer| {
            let mut steps = later.iter().flat_map(|phase| &phase.steps);
            steps.find(|step| step.peer == *peer).is_some_and(Step::is_request)
        };
        let steps = phase.steps.iter().filter_map(|step| match step.action {
            Action::Connect if enters(&step.peer) => None,
            Action::Connect => {
                let data = Some(Template(format!("#own{}", step.peer.to_string().to_lowercase()).into()));
                let action = Action::Emit { event: "create-room".to_owned(), data, ack: true };
                Some(Step { action, ..step.clone() })
            }
            _ => Some(step.clone()),
        });
        Phase { steps: steps.collect() }
    }

    fn phase(&mut self, phase: &Phase) -> Result<Phase, Unsayable> {
        let moving: BTreeSet<&Peer> = phase.steps.iter().filter(|step| moves(step)).map(|step| &step.peer).collect();
        if self.dialect.enters_by_connecting && phase.steps.len() > 1 && !moving.is_empty() {
            let own_steps = |peer: &&Peer| phase.steps.iter().filter(|step| step.peer == **peer).count();
            if moving.iter().any(|peer| own_steps(peer) > 1) {
                return Err(Unsayable("that a client enters or leaves and goes on without waiting".to_owned()));
            }
        }
        let steps = phase.steps.iter().map(|step| self.step(step)).collect::<Result<Vec<_>, _>>()?;
        Ok(Phase { steps: steps.into_iter().flatten().collect() })
    }

    fn step(&mut self, step: &Step) -> Result<Vec<Step>, Unsayable> {
        let dialect = self.dialect;
        let enters_by_connecting = dialect.enters_by_connecting;
        let closes = self.says_goodbye;
        let leaves_by_closing = !dialect.leaves_by_message && !closes;
        let step = &self.in_its_room(step)?;
        let client = self.client(&step.peer);
        let same = || Ok(vec![step.clone()]);
        match &step.action {
            Action::Connect => {
                client.reopen();
                same()
            }
            Action::Emit { event, data, ack } if event == "create-room" || event == "join-room" => {
                let room = data.as_ref().map(|data| &data.0);
                if !dialect.answers_requests && !room.is_some_and(is_surely_valid) {
                    return Err(Unsayable("a request that has to be refused: nobody would answer".to_owned()));
                }
                if client.inside && dialect.second_room != SecondRoomRule::Refused {
                    let word = match dialect.second_room {
                        SecondRoomRule::Moves => {
                            client.say(event, data.as_ref(), *ack)?;
                            return same();
                        }
                        SecondRoomRule::Several => {
                            client.say(event, data.as_ref(), *ack)?;
                            client.enter(room);
                            return same();
                        }
                        SecondRoomRule::Impossible | SecondRoomRule::Refused => "another room",
                    };
                    return Err(Unsayable(format!("that a member asks for {word}")));
                }
                if enters_by_connecting && dialect.refusals_close && !room.is_some_and(is_surely_valid) {
                    if !room.is_some_and(fits_into_an_address) {
                        return Err(Unsayable("a room that does not fit into the address".to_owned()));
                    }
                    // Whoever asks for such a room stays outside.
                    return same();
                }
                client.inside = true;
                client.enter(room);
                if enters_by_connecting {
                    // The driver connects into the room.
                    client.is_open = true;
                    return same();
                }
                client.say(event, data.as_ref(), *ack)?;
                same()
            }
            Action::Emit { event, .. } if event == "leave-room" && leaves_by_closing => {
                if !std::mem::take(&mut client.inside) {
                    return Err(Unsayable("leaving without being in a room".to_owned()));
                }
                client.is_open = !enters_by_connecting;
                client.has_left = true;
                client.rooms.clear();
                client.forget();
                Ok(vec![Step { action: Action::Close, ..step.clone() }])
            }
            Action::Emit { event, data, ack } => {
                if event == "leave-room" {
                    client.leave(dialect, data.as_ref());
                }
                if enters_by_connecting && !client.is_open {
                    return Err(Unsayable("a message outside of a room".to_owned()));
                }
                let said = client.say(event, data.as_ref(), *ack);
                let is_malformed = is_malformed_signal(event, data.as_ref());
                self.has_malformed |= is_malformed && said.is_ok();
                match said {
                    Err(unsayable) if is_malformed => {
                        self.left_out.get_or_insert(unsayable);
                        return Ok(Vec::new());
                    }
                    said => said?,
                }
                let client = self.client(&step.peer);
                if event == "leave-room" && closes {
                    client.has_left = true;
                    client.forget();
                    return Ok(vec![step.clone(), Step { action: Action::Close, burst: 1, ..step.clone() }]);
                }
                same()
            }
            Action::Broken(_) | Action::Raw(_) if enters_by_connecting && !client.is_open => {
                Err(Unsayable("a frame outside of a room".to_owned()))
            }
            // Leaving has closed it: the case was adapted before.
            Action::Close if client.has_left => Ok(Vec::new()),
            Action::Close | Action::Drop => {
                client.reopen();
                client.is_open = false;
                same()
            }
            _ => same(),
        }
    }

    fn client(&mut self, peer: &Peer) -> &mut Client {
        let (plan, dialect) = (&self.plan, self.dialect);
        self.clients.entry(peer.clone()).or_insert_with(|| Client {
            speaker: plan.as_ref().map(|plan| Speaker::new(Arc::clone(plan), Arc::default())),
            inside: false,
            rooms: Vec::new(),
            has_left: false,
            is_open: !dialect.enters_by_connecting,
        })
    }
}

impl Client {
    fn reopen(&mut self) {
        self.forget();
        self.inside = false;
        self.rooms.clear();
        self.has_left = false;
    }

    fn forget(&mut self) {
        if let Some(speaker) = &mut self.speaker {
            speaker.forget();
        }
    }

    /// Tries to say something, and takes a request for granted.
    fn say(&mut self, event: &str, data: Option<&Template>, ack: bool) -> Result<(), Unsayable> {
        let Some(speaker) = &mut self.speaker else { return Ok(()) };
        let reaction = speaker.say(event, data.map(|data| &data.0), ack.then_some(0))?;
        let refused =
            |incoming: &Incoming| matches!(incoming, Incoming::Ack { data, .. } if read_ack(data.as_ref()).is_none());
        debug_assert!(!reaction.incoming.iter().any(refused), "a speaker makes no ack that means nothing");
        Ok(())
    }
}

/// Whether an event is a signal that no server could relay.
fn is_malformed_signal(event: &str, data: Option<&Template>) -> bool {
    let Some(kind) = SignalKind::ALL.into_iter().find(|kind| kind.event() == event) else { return false };
    let member = |name: &str| data.and_then(|data| data.0.get(name));
    !member("target").is_some_and(Value::is_string) || member(kind.payload_member()).is_none()
}

fn moves(step: &Step) -> bool {
    step.is_request() || matches!(&step.action, Action::Emit { event, .. } if event == "leave-room")
}

/// Whether a room can be a part of an address: it is a text, and not too long.
fn fits_into_an_address(room: &Value) -> bool {
    room.as_str().is_some_and(|text| text.len() <= ADDRESS_ROOM_BYTES_MAX)
}

/// Whether a room id is one that every server has to take: a scenario's own name for a room, or a valid text.
fn is_surely_valid(room: &Value) -> bool {
    room.as_str().is_some_and(|text| RoomId::parse(text).is_ok())
}
