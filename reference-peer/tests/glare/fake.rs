//! A fake of WebRTC that is stricter than any real one: what JSEP forbids is an error, candidates have to fit, and two ends are
//! connected only when each has the other's descriptions and a candidate of its ICE generation.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use glare_model::message::SignalKind;
use glare_peer::{
    local::Local,
    rtc::{Connection, Factory, Failure, IceState, MediaKind, Notice, Notices, Source, Stats},
};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Every connection that was built, by its number.
#[derive(Clone, Default)]
pub(crate) struct Air(Arc<Mutex<BTreeMap<u64, End>>>);

struct End {
    remote: String,
    notices: Notices,
    is_attached: bool,
    tracks: usize,
    descriptions: u64,
    generation: u64,
    restarts: bool,
    pending_local: Option<Described>,
    pending_remote: Option<Described>,
    local: Option<Described>,
    far: Option<Described>,
    candidates: Vec<(u64, u64)>,
    is_connected: bool,
    has_channel: bool,
}

/// What a description says: whose it is, which one, and of which ICE generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Described {
    connection: u64,
    number: u64,
    generation: u64,
    answers: u64,
}

impl Described {
    fn write(self, kind: &str) -> Value {
        let Self { connection, number, generation, answers } = self;
        json!({ "type": kind, "sdp": format!("{connection} {number} {generation} {answers}") })
    }

    fn read(payload: &Value) -> Result<Self, Failure> {
        let text = payload["sdp"].as_str().unwrap_or_default();
        let numbers: Vec<u64> = text.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [connection, number, generation, answers] = numbers[..] else { return forbid("no description") };
        Ok(Self { connection, number, generation, answers })
    }
}

fn forbid<T>(why: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(why.into()))
}

impl Air {
    /// How many connections are open, and how many of them are connected.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let ends = self.0.lock().unwrap();
        (ends.len(), ends.values().filter(|end| end.is_connected).count())
    }

    /// Of each open connection, how many others its owner has to the same remote.
    pub(crate) fn remotes(&self) -> Vec<String> {
        self.0.lock().unwrap().values().map(|end| end.remote.clone()).collect()
    }

    /// Connects the two ends if they fit.
    fn connect(ends: &mut BTreeMap<u64, End>, one: u64) {
        let fits = |near: &End, far: &End| {
            let (Some(local), Some(remote)) = (near.local, near.far) else { return false };
            far.local == Some(remote)
                && far.far == Some(local)
                && near.pending_local.is_none()
                && near.pending_remote.is_none()
                && near.candidates.contains(&(remote.connection, remote.generation))
        };
        let Some(other) = ends.get(&one).and_then(|end| end.far).map(|far| far.connection) else { return };
        let (Some(near), Some(far)) = (ends.get(&one), ends.get(&other)) else { return };
        if near.is_connected || !fits(near, far) || !fits(far, near) {
            return;
        }
        for number in [one, other] {
            let Some(end) = ends.get_mut(&number) else { continue };
            end.is_connected = true;
            end.notices.put(Notice::Ice(IceState::Connected));
            end.notices.put(Notice::State("connected"));
            if !std::mem::replace(&mut end.has_channel, true) {
                end.notices.put(Notice::ChannelOpened);
            }
        }
    }
}

pub(crate) struct Fakes(pub(crate) Air);

impl Factory for Fakes {
    type Connection = Fake;

    async fn build(&self, remote: &str, _local: watch::Receiver<Local>, notices: Notices) -> Result<Fake, Failure> {
        let mut ends = self.0.0.lock().unwrap();
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        ends.insert(
            number,
            End {
                remote: remote.to_owned(),
                notices,
                is_attached: false,
                tracks: 0,
                descriptions: 0,
                generation: 0,
                restarts: false,
                pending_local: None,
                pending_remote: None,
                local: None,
                far: None,
                candidates: Vec::new(),
                is_connected: false,
                has_channel: false,
            },
        );
        Ok(Fake { number, air: self.0.clone() })
    }
}

/// Numbers of connections are never used again, in whichever air.
static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);

pub(crate) struct Fake {
    number: u64,
    air: Air,
}

impl Fake {
    fn with<T>(&self, act: impl FnOnce(&mut End, u64) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut ends = self.air.0.lock().unwrap();
        let result = act(ends.get_mut(&self.number).expect("open until it is closed"), self.number);
        Air::connect(&mut ends, self.number);
        result
    }
}

impl End {
    fn make(&mut self, kind: SignalKind, ice: u32, number: u64) -> Result<Value, Failure> {
        if !self.is_attached || self.tracks == 0 {
            return forbid("a description without handlers or tracks");
        }
        self.descriptions += 1;
        let is_stable = self.pending_local.is_none() && self.pending_remote.is_none();
        let first = self.local.is_none();
        let made = match (kind, self.pending_remote) {
            (SignalKind::Offer, None) if is_stable => {
                if first || std::mem::take(&mut self.restarts) {
                    self.generation += 1;
                }
                let made = Described {
                    connection: number,
                    number: self.descriptions,
                    generation: self.generation,
                    answers: 0,
                };
                self.pending_local = Some(made);
                made.write("offer")
            }
            (SignalKind::Answer, Some(offer)) => {
                let restarts = self.far.is_some_and(|far| far.generation != offer.generation);
                if first || restarts {
                    self.generation += 1;
                    self.is_connected = false;
                }
                let made = Described {
                    connection: number,
                    number: self.descriptions,
                    generation: self.generation,
                    answers: offer.number,
                };
                (self.local, self.far, self.pending_remote) = (Some(made), Some(offer), None);
                made.write("answer")
            }
            _ => return forbid(format!("InvalidStateError: making {kind:?}")),
        };
        let candidate = json!({ "candidate": format!("{number} {}", self.generation), "sdpMid": "0" });
        self.notices.put(Notice::Gathered(ice, candidate));
        Ok(made)
    }

    fn apply(&mut self, payload: &Value) -> Result<(), Failure> {
        let it = Described::read(payload)?;
        match (payload["type"].as_str(), self.pending_local) {
            (Some("offer"), None) if self.pending_remote.is_none() => {
                if self.far.is_some_and(|far| far.connection != it.connection) {
                    return forbid("an offer of another connection");
                }
                self.pending_remote = Some(it);
                Ok(())
            }
            (Some("answer"), Some(offer)) if it.answers == offer.number => {
                if self.local.is_some_and(|local| local.generation != offer.generation) {
                    self.is_connected = false;
                }
                (self.local, self.far, self.pending_local) = (Some(offer), Some(it), None);
                Ok(())
            }
            (kind, pending) => forbid(format!("InvalidStateError: applying {kind:?} with {pending:?} pending")),
        }
    }

    fn add(&mut self, payload: &Value) -> Result<(), Failure> {
        let text = payload["candidate"].as_str().unwrap_or_default();
        let numbers: Vec<u64> = text.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [connection, generation] = numbers[..] else { return forbid("no candidate") };
        let described = self.pending_remote.or(self.far);
        if described.is_none_or(|it| (it.connection, it.generation) != (connection, generation)) {
            return forbid(format!("InvalidStateError: a candidate of {connection}/{generation} beside {described:?}"));
        }
        self.candidates.push((connection, generation));
        Ok(())
    }
}

impl Connection for Fake {
    fn attach(&mut self) {
        let mut ends = self.air.0.lock().unwrap();
        ends.get_mut(&self.number).expect("open").is_attached = true;
    }

    async fn add_tracks(&mut self) -> Result<(), Failure> {
        self.add_track(MediaKind::Video).await
    }

    async fn make(&mut self, kind: SignalKind, ice: u32) -> Result<Value, Failure> {
        self.with(|end, number| end.make(kind, ice, number))
    }

    async fn apply(&mut self, payload: &Value) -> Result<(), Failure> {
        self.with(|end, _| end.apply(payload))
    }

    async fn add(&mut self, payload: &Value) -> Result<(), Failure> {
        self.with(|end, _| end.add(payload))
    }

    async fn rollback(&mut self) -> Result<(), Failure> {
        self.with(|end, _| match end.pending_local.take() {
            Some(_) => Ok(()),
            None => forbid("InvalidStateError: nothing to roll back"),
        })
    }

    async fn restart(&mut self) -> Result<(), Failure> {
        self.with(|end, _| {
            end.restarts = true;
            Ok(())
        })
    }

    async fn replace(&mut self, _source: Source) -> Result<(), Failure> {
        Ok(())
    }

    async fn add_track(&mut self, _kind: MediaKind) -> Result<(), Failure> {
        self.with(|end, _| {
            end.tracks += 1;
            Ok(())
        })
    }

    async fn say(&mut self, _text: &str) -> Result<(), Failure> {
        Ok(())
    }

    async fn stats(&mut self) -> Result<Stats, Failure> {
        Ok(Stats::default())
    }

    async fn signaling_state(&mut self) -> Option<&'static str> {
        let ends = self.air.0.lock().unwrap();
        let end = ends.get(&self.number)?;
        Some(match (end.pending_local, end.pending_remote) {
            (Some(_), _) => "have-local-offer",
            (None, Some(_)) => "have-remote-offer",
            (None, None) => "stable",
        })
    }

    async fn close(self) -> Result<(), Failure> {
        self.air.0.lock().unwrap().remove(&self.number).expect("closed once");
        Ok(())
    }
}
