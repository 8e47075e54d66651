//! Traces written by hand.

use glare_conformance::{
    scenario::Peer,
    trace::{Ending, Entry, Record, Trace},
    transport::ConnectionId,
};
use serde_json::{Value, json};

/// A trace in the making. Connection `n` has the user id `un`; its first fence has the ack number 100.
#[derive(Default)]
pub(crate) struct Tape {
    trace: Trace,
    phases: usize,
    pub(crate) connections: u16,
}

impl Tape {
    /// Members of the room `r`, each joined in a phase of its own, and clients that are nowhere.
    pub(crate) fn with(members: u16, others: u16) -> Self {
        let mut tape = Self::default();
        for member in 0..members {
            tape.phase().open(member);
            if member == 0 {
                tape.create(0, 0, "r").created(0, 0, "r");
            } else {
                let present: Vec<u16> = (0..member).collect();
                tape.join(member, 0, "r").joined(member, 0, "r", &present);
                present.iter().for_each(|one| {
                    tape.told(*one, "user-joined", member);
                });
            }
            tape.fence_all();
        }
        tape.phase();
        (members..members + others).for_each(|other| {
            tape.open(other);
        });
        tape.fence_all().phase();
        tape
    }

    pub(crate) fn push(&mut self, entry: Entry) -> &mut Self {
        let at_us = self.trace.records.len() as u64;
        self.trace.records.push(Record { at_us, entry });
        self
    }

    pub(crate) fn phase(&mut self) -> &mut Self {
        self.phases += 1;
        self.push(Entry::Phase { phase: self.phases - 1 })
    }

    pub(crate) fn open(&mut self, of: u16) -> &mut Self {
        self.connections = self.connections.max(of + 1);
        let name = char::from(b'A' + u8::try_from(of).expect("few connections")).to_string();
        let (peer, user_id) = (Peer(name.as_str().into()), format!("u{of}"));
        self.push(Entry::Opened { connection: ConnectionId(of), peer, user_id, heartbeat_ms: None, reused: false })
    }

    pub(crate) fn sent(&mut self, of: u16, event: &str, data: Option<Value>, ack: Option<u64>) -> &mut Self {
        self.push(Entry::Sent { connection: ConnectionId(of), event: event.to_owned(), data, ack })
    }

    pub(crate) fn create(&mut self, of: u16, ack: u64, room: &str) -> &mut Self {
        self.sent(of, "create-room", Some(json!(room)), Some(ack))
    }

    pub(crate) fn join(&mut self, of: u16, ack: u64, room: &str) -> &mut Self {
        self.sent(of, "join-room", Some(json!(room)), Some(ack))
    }

    pub(crate) fn leave(&mut self, of: u16) -> &mut Self {
        self.sent(of, "leave-room", None, None)
    }

    pub(crate) fn offer(&mut self, of: u16, to: u16, mark: u32) -> &mut Self {
        self.sent(of, "offer", Some(json!({"target": format!("u{to}"), "offer": mark})), None)
    }

    pub(crate) fn ending(&mut self, of: u16, how: Ending) -> &mut Self {
        self.push(Entry::Ending { connection: ConnectionId(of), how })
    }

    pub(crate) fn acked(&mut self, of: u16, ack: u64, data: Value) -> &mut Self {
        self.push(Entry::Acked { connection: ConnectionId(of), ack, data: Some(data) })
    }

    pub(crate) fn created(&mut self, of: u16, ack: u64, room: &str) -> &mut Self {
        self.acked(of, ack, json!({"success": true, "roomId": room}))
    }

    pub(crate) fn joined(&mut self, of: u16, ack: u64, room: &str, existing: &[u16]) -> &mut Self {
        let users: Vec<_> = existing.iter().map(|one| format!("u{one}")).collect();
        self.acked(of, ack, json!({"success": true, "roomId": room, "existingUsers": users}))
    }

    pub(crate) fn refused(&mut self, of: u16, ack: u64) -> &mut Self {
        self.acked(of, ack, json!({"success": false}))
    }

    pub(crate) fn received(&mut self, of: u16, event: &str, data: Value) -> &mut Self {
        self.push(Entry::Received { connection: ConnectionId(of), event: event.to_owned(), data: Some(data) })
    }

    pub(crate) fn told(&mut self, of: u16, event: &str, about: u16) -> &mut Self {
        let timestamp = "2026-01-02T03:04:05Z";
        self.received(of, event, json!({"userId": format!("u{about}"), "timestamp": timestamp}))
    }

    pub(crate) fn got_offer(&mut self, of: u16, from: u16, mark: u32) -> &mut Self {
        self.received(of, "offer", json!({"from": format!("u{from}"), "offer": mark}))
    }

    pub(crate) fn got_error(&mut self, of: u16) -> &mut Self {
        self.received(of, "error", json!({"type": "offer-error", "message": "no"}))
    }

    pub(crate) fn fence(&mut self, of: u16) -> &mut Self {
        self.push(Entry::Fence { connection: ConnectionId(of), ack: 100, receiver: None })
    }

    pub(crate) fn fenced(&mut self, of: u16) -> &mut Self {
        self.push(Entry::Fenced { connection: ConnectionId(of), refused: true, present: None })
    }

    /// Fences each of these, and then again.
    pub(crate) fn fence_these(&mut self, connections: &[u16]) -> &mut Self {
        for _ in 0..2 {
            connections.iter().for_each(|of| {
                self.fence(*of);
            });
            connections.iter().for_each(|of| {
                self.fenced(*of);
            });
        }
        self
    }

    pub(crate) fn fence_all(&mut self) -> &mut Self {
        let all: Vec<u16> = (0..self.connections).collect();
        self.fence_these(&all)
    }

    pub(crate) fn trace(&self) -> Trace {
        self.trace.clone()
    }
}
