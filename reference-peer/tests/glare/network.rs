//! A server in memory with a network before it: each connection keeps its order, and nothing else does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use glare_peer::signaling::{ConnectError, Dial, Incoming, Outgoing, Signaling};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// The longest way of one message.
const DELAY_MS_MAX: u64 = 40;

#[derive(Clone)]
pub(crate) struct Network(Arc<Mutex<Inner>>);

struct Inner {
    rng: ChaCha8Rng,
    next_id: u32,
    /// Connections, and whether each is in the room.
    members: BTreeMap<String, (bool, mpsc::UnboundedSender<(Instant, Incoming)>)>,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner { rng: ChaCha8Rng::seed_from_u64(seed), next_id: 0, members: BTreeMap::new() })))
    }

    fn delay(&self) -> Duration {
        Duration::from_millis(self.0.lock().unwrap().rng.random_range(0..=DELAY_MS_MAX))
    }
}

impl Inner {
    fn post(&mut self, to: &str, incoming: Incoming) {
        let due = Instant::now() + Duration::from_millis(self.rng.random_range(0..=DELAY_MS_MAX));
        if let Some((_, lane)) = self.members.get(to) {
            // Its reader may have left.
            lane.send((due, incoming)).ok();
        }
    }

    fn others(&self, but: &str) -> Vec<String> {
        let inside = self.members.iter().filter(|(id, (is_inside, _))| *is_inside && *id != but);
        inside.map(|(id, _)| id.clone()).collect()
    }

    fn tell_others(&mut self, of: &str, event: &str) {
        for other in self.others(of) {
            self.post(&other, Incoming::Event(event.to_owned(), json!({ "userId": of, "timestamp": "" })));
        }
    }

    fn set_inside(&mut self, id: &str, is_inside: bool) {
        self.members.get_mut(id).expect("connected").0 = is_inside;
    }

    fn serve(&mut self, id: &str, Outgoing { event, data, ack }: Outgoing) {
        let data = data.unwrap_or_default();
        match event {
            "create-room" | "join-room" => {
                let others = self.others(id);
                let is_right = (event == "create-room") == others.is_empty();
                let answer = if is_right {
                    self.tell_others(id, "user-joined");
                    self.set_inside(id, true);
                    json!({ "success": true, "existingUsers": others })
                } else {
                    json!({ "success": false, "error": "no" })
                };
                self.post(id, Incoming::Ack(ack.expect("a request asks for its ack"), answer));
            }
            "leave-room" => {
                self.set_inside(id, false);
                self.tell_others(id, "user-left");
            }
            kind => self.relay(id, kind, data),
        }
    }

    fn relay(&mut self, from: &str, kind: &str, mut data: Value) {
        let target = data["target"].as_str().unwrap_or_default().to_owned();
        let is_fellow = [from, &target].iter().all(|id| self.members.get(*id).is_some_and(|(inside, _)| *inside));
        if is_fellow {
            let member = if kind == "ice-candidate" { "candidate" } else { kind };
            let event = json!({ member: data[member].take(), "from": from });
            self.post(&target, Incoming::Event(kind.to_owned(), event));
        }
    }
}

impl Dial for Network {
    async fn dial(&self) -> Result<Signaling, ConnectError> {
        let (outgoing, mut sent) = mpsc::channel::<Outgoing>(1024);
        let (arriving, incoming) = mpsc::channel(1024);
        let (lane, mut due) = mpsc::unbounded_channel::<(Instant, Incoming)>();
        let id = {
            let mut inner = self.0.lock().unwrap();
            inner.next_id += 1;
            // The order of ids is not the order of connecting.
            let id = format!("u{:02}-{}", inner.rng.random_range(0..100_u32), inner.next_id);
            inner.members.insert(id.clone(), (false, lane));
            id
        };
        let (network, own) = (self.clone(), id.clone());
        let task = tokio::spawn(async move {
            // One message after the other, as on a TCP connection.
            let up = async {
                while let Some(outgoing) = sent.recv().await {
                    tokio::time::sleep(network.delay()).await;
                    network.0.lock().unwrap().serve(&own, outgoing);
                }
                let mut inner = network.0.lock().unwrap();
                if inner.members.remove(&own).is_some_and(|(is_inside, _)| is_inside) {
                    inner.tell_others(&own, "user-left");
                }
            };
            let down = async {
                while let Some((at, incoming)) = due.recv().await {
                    sleep_until(at).await;
                    // A session that is closing reads no more.
                    arriving.send(incoming).await.ok();
                }
            };
            tokio::join!(up, down);
        });
        Ok(Signaling::new(id, outgoing, incoming, task))
    }
}
