//! Which of several rooms a step is about, where a member may be in several and the wire says so.

use glare_model::message::SignalKind;
use serde_json::Value;

use super::{Adapter, Client, is_surely_valid};
use crate::{
    binding::Unsayable,
    dialect::Dialect,
    scenario::{Action, Peer, Step, Template},
};

impl Adapter {
    /// A leave of one room, or a signal in one, where a member may be in several and the wire names the room: the one that was
    /// entered last, and of a signal, the last that its target is in as well. What a scenario names itself stays.
    pub(super) fn in_its_room(&mut self, step: &Step) -> Result<Step, Unsayable> {
        let dialect = self.dialect;
        let Action::Emit { event, data, ack } = &step.action else { return Ok(step.clone()) };
        if !dialect.has_several_rooms() {
            return Ok(step.clone());
        }
        let with = |data: Value| {
            let action = Action::Emit { event: event.clone(), data: Some(Template(data)), ack: *ack };
            Step { action, ..step.clone() }
        };
        let own = self.client(&step.peer).rooms.clone();
        if event == "leave-room" {
            let names = data.as_ref().is_some_and(|data| data.0.is_string());
            return match own.last() {
                Some(_) if names && !dialect.leaves_by_name => Err(Unsayable("leaving one room of several".to_owned())),
                // Of a single room nothing more is to be said.
                Some(last) if !names && dialect.leaves_by_name && own.len() > 1 => Ok(with(last.clone())),
                _ => Ok(step.clone()),
            };
        }
        let is_signal = SignalKind::ALL.into_iter().any(|kind| kind.event() == event);
        match data.as_ref().map(|data| &data.0) {
            Some(Value::Object(members)) if is_signal && members.contains_key("room") && !dialect.signals_in_rooms => {
                Err(Unsayable("a signal in one room of several".to_owned()))
            }
            Some(Value::Object(members)) if is_signal && dialect.signals_in_rooms && !members.contains_key("room") => {
                let target = members.get("target").and_then(Value::as_str).and_then(|text| text.strip_prefix('$'));
                let theirs = target.map(|name| self.client(&Peer(name.into())).rooms.clone()).unwrap_or_default();
                let shared = own.iter().rev().find(|room| theirs.contains(room));
                let Some(room) = shared.or(own.last()) else { return Ok(step.clone()) };
                let mut members = members.clone();
                members.insert("room".to_owned(), room.clone());
                Ok(with(members.into()))
            }
            _ => Ok(step.clone()),
        }
    }
}

impl Client {
    /// Takes a request for granted.
    pub(super) fn enter(&mut self, room: Option<&Value>) {
        if let Some(room) = room.filter(|room| is_surely_valid(room) && !self.rooms.contains(room)) {
            self.rooms.push(room.clone());
        }
    }

    /// Leaves the room that is named, where one of several can be, or all.
    pub(super) fn leave(&mut self, dialect: Dialect, data: Option<&Template>) {
        match data.filter(|data| dialect.leaves_by_name && data.0.is_string()) {
            Some(room) => self.rooms.retain(|other| *other != room.0),
            None => self.rooms.clear(),
        }
        self.inside = !self.rooms.is_empty();
    }
}
