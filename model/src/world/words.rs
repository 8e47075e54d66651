//! A state and what can happen in it, in the protocol's words: for people who walk through a world step by step.

use std::fmt::{self, Display, Formatter};

use super::{
    Action, Budget, Lane, Line, System, World,
    packed::{Downward, Upward},
    queue::{Overflow, Queue},
    state::sessions,
    trace::{Recorder, ice_text, room_name, room_names, session_name},
};
use crate::{
    negotiation::{Description, Ice, Negotiation},
    room::Directory,
};

/// `A`, `B` and so on, or `server`.
impl Display for Lane {
    fn fmt(&self, page: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(peer) => write!(page, "{}", char::from(b'A' + peer)),
            Self::Server => page.write_str("server"),
        }
    }
}

impl<const P: usize, const S: usize> System<P, S> {
    /// What an action brings about in a state, line by line.
    ///
    /// # Errors
    /// The next state does not fit.
    pub fn tell(&self, state: &World<P, S>, action: Action) -> Result<Vec<Line>, Overflow> {
        let mut recorder = Recorder::default();
        let mut next = *state;
        next.apply(&self.setting, action, &mut recorder)?;
        Ok(recorder.lines)
    }
}

impl<const P: usize, const S: usize> World<P, S> {
    /// An action that can happen now, in a few words: `A: join-room r1`, `server handles offer B1 to A`.
    #[must_use]
    pub fn action_text(&self, action: Action) -> String {
        let name = session_name::<P>;
        let own = |peer: u8| name(self.session_of(peer));
        match action {
            Action::Enter(peer, kind, room) => {
                format!("{}: {}", own(peer), Upward::Request(kind, room).text::<P>(peer))
            }
            Action::EnterSecond(peer, kind, room) => {
                format!("{}: {}, while in a room", own(peer), Upward::Request(kind, room).text::<P>(peer))
            }
            Action::RequestWithoutAck(peer) => {
                format!("{}: {}", own(peer), Upward::RequestWithoutAck.text::<P>(peer))
            }
            Action::EnterInvalid(peer, kind) => {
                format!("{}: {}", own(peer), Upward::InvalidRequest(kind).text::<P>(peer))
            }
            Action::Leave(peer) => format!("{}: leave-room", own(peer)),
            Action::LeaveOne(peer, room) => {
                format!("{}: {}", own(peer), Upward::LeaveOne(room).text::<P>(peer))
            }
            Action::LeaveOutside(peer) => format!("{}: leave-room, while in no room", own(peer)),
            Action::Drop(peer) => format!("{}: connection lost", own(peer)),
            Action::Reconnect(peer) => {
                format!("{}: connects again, as {}", own(peer), name(self.session_of(peer) + P as u8))
            }
            Action::Notice(session) => format!("server notices that {} is gone", name(session)),
            Action::StrayToUser(peer, session) => {
                format!("{}: ice-candidate to {}, no fellow member", own(peer), name(session))
            }
            Action::StrayToRoom(peer, room) => format!("{}: ice-candidate to \"{}\"", own(peer), room_name(room)),
            Action::ChangeTracks(peer, remote) => format!("{}: changes its tracks for {}", own(peer), name(remote)),
            Action::Ready(peer, remote) => format!("{}: answer for {} is ready", own(peer), name(remote)),
            Action::Gather(peer, remote) => format!("{}: finds an ice-candidate for {}", own(peer), name(remote)),
            Action::GatherEarly(peer, remote) => {
                format!("{}: finds an ice-candidate for {}, sent ahead of its description", own(peer), name(remote))
            }
            Action::Ice(peer, remote, ice) => format!("{}: {}", own(peer), ice_text::<P>(remote, ice)),
            Action::Serve(session) => format!("server handles {}", self.waiting(session, 0)),
            Action::ServeOvertaking(session) => {
                format!("server handles {}, ahead of {}", self.waiting(session, 1), self.waiting(session, 0))
            }
            Action::Deliver(session) => {
                let message = self.down[usize::from(session)].words().next().map(Downward::unpack);
                let message = message.expect("a message is handled only while it waits");
                format!("{} handles {}", name(session), message.text::<P>(session))
            }
        }
    }

    /// A message that waits for the server. A description bears its maker's name already.
    fn waiting(&self, session: u8, place: usize) -> String {
        let message = self.up[usize::from(session)].words().nth(place).map(Upward::unpack);
        let message = message.expect("a message is handled only while it waits");
        let text = message.text::<P>(session);
        match message {
            Upward::Signal(_, _, description) if description != Description::default() => text,
            _ => format!("{text} of {}", session_name::<P>(session)),
        }
    }
}

/// The whole state: who is where, as the server has recorded it and as each peer sees it; each negotiation; what is under
/// way, the oldest message first; and what is left of the budgets. A description under way is named and not spelled out, so
/// that two states may read alike.
impl<const P: usize, const S: usize> Display for World<P, S> {
    fn fmt(&self, page: &mut Formatter<'_>) -> fmt::Result {
        if self.crashed {
            writeln!(page, "The server's process has ended.\n")?;
        }
        self.write_server(page)?;
        for session in 0..S as u8 {
            self.write_queue(page, session)?;
        }
        (0..P as u8).try_for_each(|peer| self.write_peer(page, peer))?;
        write!(page, "\nMay still happen: {}", self.budgets_text())
    }
}

impl<const P: usize, const S: usize> World<P, S> {
    fn write_server(&self, page: &mut Formatter<'_>) -> fmt::Result {
        writeln!(page, "Server")?;
        for room in 0..super::ROOMS_MAX as u8 {
            let members = self.server.members(&room);
            if !members.is_empty() {
                writeln!(page, "  {}: {}", room_name(room), names::<P>(members.iter().copied()))?;
            }
        }
        for session in (0..S as u8).filter(|session| self.server.is_connected(*session)) {
            let place = match self.server.room_bits(session) {
                0 => "no room".into(),
                rooms => room_names(rooms),
            };
            let ended = if self.is_live(session) { "" } else { " (has ended, not noticed yet)" };
            writeln!(page, "  {} in {place}{ended}", session_name::<P>(session))?;
        }
        Ok(())
    }

    fn write_queue(&self, page: &mut Formatter<'_>, session: u8) -> fmt::Result {
        let name = session_name::<P>(session);
        let place = usize::from(session);
        if !self.up[place].is_empty() {
            let messages = texts(&self.up[place], |word| Upward::unpack(word).text::<P>(session));
            writeln!(page, "  {name} → server: {messages}")?;
        }
        if !self.down[place].is_empty() {
            let messages = texts(&self.down[place], |word| Downward::unpack(word).text::<P>(session));
            writeln!(page, "  server → {name}: {messages}")?;
        }
        Ok(())
    }

    fn write_peer(&self, page: &mut Formatter<'_>, peer: u8) -> fmt::Result {
        let client = &self.clients[usize::from(peer)];
        write!(page, "\n{}", session_name::<P>(self.session_of(peer)))?;
        for room in client.stays.rooms() {
            let known = names::<P>(sessions(client.stays.roster(room)));
            write!(page, " is in {}", room_name(room))?;
            if !known.is_empty() {
                write!(page, " with {known}")?;
            }
            page.write_str(",")?;
        }
        match (client.is_alive, client.room, client.asking) {
            (true, None, None) if client.stays.is_anywhere() => write!(page, " and asks for nothing")?,
            (true, None, Some(room)) if client.stays.is_anywhere() => {
                write!(page, " and asks for {}", room_name(room))?
            }
            (false, ..) => write!(page, " is not connected")?,
            (true, None, None) => write!(page, " is in no room")?,
            (true, None, Some(room)) => write!(page, " is in no room, and asks for {}", room_name(room))?,
            (true, Some(room), None) => write!(page, " is in {}", room_name(room))?,
            (true, Some(room), Some(asked)) => {
                write!(page, " is in {}, and asks for {}", room_name(room), room_name(asked))?;
            }
        }
        if client.roster != 0 && !client.stays.is_anywhere() {
            write!(page, ", knows {}", names::<P>(sessions(client.roster)))?;
        }
        writeln!(page)?;
        for remote in 0..S as u8 {
            let state = self.negotiation(peer, remote);
            if state != Negotiation::default() {
                let names = [self.session_of(peer), remote].map(session_name::<P>);
                writeln!(page, "  with {}: {}", names[1], negotiation_text(&state, &names))?;
            }
        }
        Ok(())
    }

    fn budgets_text(&self) -> String {
        let left = Budget::NAMED.iter().filter(|(_, budget)| self.budgets.left(*budget) > 0);
        let left: Vec<_> = left.map(|(name, budget)| format!("{name} {}", self.budgets.left(*budget))).collect();
        if left.is_empty() { "nothing but what is under way".into() } else { left.join(", ") }
    }
}

fn names<const P: usize>(sessions: impl Iterator<Item = u8>) -> String {
    sessions.map(session_name::<P>).collect::<Vec<_>>().join(", ")
}

fn texts(queue: &Queue, text: impl Fn(u32) -> String) -> String {
    queue.words().map(text).collect::<Vec<_>>().join("; ")
}

/// A peer's negotiation with one remote. Descriptions are named after their makers, as in the lanes of a run.
fn negotiation_text(state: &Negotiation, [own, remote]: &[String; 2]) -> String {
    let ours = |number: u32| format!("{own}{number}");
    let theirs = |number: u32| format!("{remote}{number}");
    let mut parts = vec![state.signaling().name().to_owned()];
    let mut say = |condition: bool, text: String| {
        if condition {
            parts.push(text);
        }
    };
    let restarts = if state.restarting { ", restarts ICE" } else { "" };
    say(state.pending != 0, format!("its offer {} waits{restarts}", ours(state.pending)));
    say(state.pending_remote != 0, format!("owes an answer to {}", theirs(state.pending_remote)));
    say(state.connection != 0, format!("connection {}", ours(state.connection)));
    say(state.remote_connection != 0, format!("bound to {}", theirs(state.remote_connection)));
    say(state.local != 0, format!("local {}", ours(state.local)));
    say(state.remote != 0, format!("remote {}", theirs(state.remote)));
    say(state.local_ice != 0, format!("ICE of {}", ours(state.local_ice)));
    say(state.remote_ice != 0, format!("remote ICE of {}", theirs(state.remote_ice)));
    say(state.ice != Ice::New, format!("ICE {}", ice_name(state.ice)));
    say(state.channel, "data channel open".into());
    say(state.kept != 0, format!("keeps {} candidates of {}", state.kept, theirs(state.kept_ice)));
    say(state.unsent, "a change not offered yet".into());
    say(state.restart, "ICE to be restarted".into());
    say(true, format!("met {}, made {}", state.met, state.made));
    parts.join("; ")
}

fn ice_name(ice: Ice) -> &'static str {
    match ice {
        Ice::New => "new",
        Ice::Connected => "connected",
        Ice::Disconnected => "disconnected",
        Ice::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        message::RequestKind,
        world::{Configuration, Variant},
    };

    /// Takes the first action with each of these texts.
    fn walk(world: &str, texts: &[&str]) -> (System<2, 2>, World<2, 2>) {
        let configuration = Configuration::named(world).unwrap();
        let setting = Variant::reference().setting(&configuration);
        let system = System::<2, 2> { setting, budgets: configuration.budgets };
        let mut state = system.initial();
        for text in texts {
            let mut actions = Vec::new();
            system.actions(&state, &mut actions);
            let told: Vec<_> = actions.iter().map(|action| state.action_text(*action)).collect();
            let place = told.iter().position(|it| it == text).unwrap_or_else(|| panic!("{text:?} is none of {told:?}"));
            state = system.step(&state, actions[place]).unwrap().0;
        }
        (system, state)
    }

    const MEETING: [&str; 7] = [
        "A: create-room r1",
        "server handles create-room r1 of A",
        "A handles ack: r1",
        "B: join-room r1",
        "server handles join-room r1 of B",
        "A handles user-joined B",
        "B handles ack: r1, users [A]",
    ];

    #[test]
    fn a_state_names_who_is_where_and_what_is_under_way() {
        let (_, state) = walk("renegotiation", &MEETING);
        insta::assert_snapshot!(state, @r"
        Server
          r1: A, B
          A in r1
          B in r1
          A → server: offer A1 to B

        A is in r1, knows B
          with B: have-local-offer; its offer A1 waits; connection A1; met 1, made 1

        B is in r1, knows A
          with A: closed; met 1, made 0

        May still happen: create 1, join 1, leave 2, renegotiate 2
        ");
    }

    #[test]
    fn a_negotiation_in_full_names_descriptions_after_their_makers() {
        let more = ["server handles offer A1 to B", "B handles offer A1", "A: changes its tracks for B"];
        let (_, state) = walk("renegotiation", &[&MEETING[..], &more].concat());
        insta::assert_snapshot!(state, @r"
        Server
          r1: A, B
          A in r1
          B in r1
          B → server: answer B1 (for A1)

        A is in r1, knows B
          with B: have-local-offer; its offer A1 waits; connection A1; a change not offered yet; met 1, made 1

        B is in r1, knows A
          with A: stable; connection B1; bound to A1; local B1; remote A1; ICE of B1; remote ICE of A1; met 1, made 1

        May still happen: create 1, join 1, leave 2, renegotiate 1
        ");
    }

    #[test]
    fn a_step_is_told_line_by_line() {
        let (system, state) = walk("pair", &MEETING[..5]);
        let lines = system.tell(&state, Action::Deliver(0)).unwrap();
        let expected = ["user-joined B", "builds a connection to B", "offer A1 to B"];
        let texts: Vec<_> = lines
            .iter()
            .map(|line| match line {
                Line::Send { text, .. } | Line::Arrow { text, .. } | Line::Note { text, .. } => text,
            })
            .collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn a_message_that_overtakes_another_is_told_with_it() {
        let budgets = crate::world::Budgets::NONE.with(Budget::Create, 1).with(Budget::StrayLeave, 1);
        let budgets = budgets.with(Budget::Overtake, 1);
        let configuration = Configuration { budgets, ..Configuration::named("pair").unwrap() };
        let system = System::<2, 2> { setting: Variant::reference().setting(&configuration), budgets };
        let (mut state, _) = system.step(&system.initial(), Action::LeaveOutside(0)).unwrap();
        (state, _) = system.step(&state, Action::Enter(0, RequestKind::Create, 0)).unwrap();
        let text = state.action_text(Action::ServeOvertaking(0));
        assert_eq!(text, "server handles create-room r1 of A, ahead of leave-room of A");
    }
}
