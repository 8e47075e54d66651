//! The server's part of a step: runs the rules of the room, and looks at what they did.

use super::{
    Fact, World,
    account::Numbers,
    audit::{Served, audit_effect, audit_message, audit_overtaking},
    audit_outcome::{Tally, audit_outcome},
    packed::{Downward, Upward},
    queue::{Overflow, Queue},
    several::Naming,
    state::{is_live, sessions},
    system::Setting,
    trace::{Lane, Watch, session_name},
};
use crate::{
    message::ServerMessage,
    negotiation::Description,
    room::{Directory, Effect, Input, step},
};

impl<const P: usize, const S: usize> World<P, S> {
    /// The server handles the oldest message of a session.
    pub(super) fn serve(&mut self, setting: &Setting, session: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let message = self.up[usize::from(session)].pop().expect("serving is enabled only with a message waiting");
        self.serve_message(setting, session, message, watch)
    }

    /// The server handles the second message of a session before the first.
    pub(super) fn serve_overtaking(
        &mut self,
        setting: &Setting,
        session: u8,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        let queue = &mut self.up[usize::from(session)];
        let message = queue.pop_second().expect("overtaking is enabled only with two messages waiting");
        let overtaken = queue.words().next().map(Upward::unpack);
        audit_overtaking(overtaken, Upward::unpack(message.0), watch);
        self.serve_message(setting, session, message, watch)
    }

    fn serve_message(
        &mut self,
        setting: &Setting,
        session: u8,
        (word, mark): (u32, u32),
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        let message = Upward::unpack(word);
        watch.arrow_up::<P>(session, || message.text::<P>(session));
        let next = self.up[usize::from(session)].words().next().map(Upward::unpack);
        let several = setting.has_several_rooms();
        let served = Served { by: session, message: Some(message), mark, before: self.server, several };
        audit_message(&served, next, watch);
        self.run(setting, Input::Message(session, message.message()), &served, watch)
    }

    /// The server learns that a session has ended. What it had sent and was not served is cut.
    pub(super) fn notice(&mut self, setting: &Setting, session: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let cut = self.up[usize::from(session)].len();
        self.up[usize::from(session)] = Queue::default();
        watch.note(Lane::Server, || {
            let name = session_name::<P>(session);
            if cut == 0 {
                format!("notices that {name} is gone")
            } else {
                format!("notices that {name} is gone; {cut} of its messages are lost")
            }
        });
        let several = setting.has_several_rooms();
        let served = Served { by: session, message: None, mark: 0, before: self.server, several };
        watch.fact_if(self.server.room_bits(session) != 0, Fact::MemberEnded);
        self.run(setting, Input::Disconnect(session), &served, watch)?;
        // The session meets nobody again.
        self.meetings[usize::from(session)] = Numbers::default();
        self.meetings.iter_mut().try_for_each(|numbers| numbers.set(session, 0))
    }

    /// The server accepts a connection.
    pub(super) fn connect(&mut self, setting: &Setting, session: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let several = setting.has_several_rooms();
        let served = Served { by: session, message: None, mark: 0, before: self.server, several };
        self.run(setting, Input::Connect(session), &served, watch)
    }

    fn run(
        &mut self,
        setting: &Setting,
        input: Input<u8, u8, Description>,
        served: &Served<S>,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        let (mut outcome, mut tally, mut entered) = (Ok(()), Tally::default(), None);
        let mut naming = Naming::default();
        let waiting = self.down.map(|queue| queue.len());
        let (clients, down, crashed) = (&self.clients, &mut self.down, &mut self.crashed);
        let mut emit = |effect: Effect<u8, u8, Description>| {
            audit_effect::<P, S>(served, &effect, down, watch);
            tally.count(served, &effect);
            if let Effect::Send { to, message: ServerMessage::Created(room) | ServerMessage::Joined(room, _), .. } =
                &effect
                && *to == served.by
            {
                entered = Some(*room);
            }
            match effect {
                Effect::Crash => *crashed = true,
                // What is sent to a connection that has ended, and is not noticed yet, is lost.
                Effect::Send { to, .. } if !is_live(clients, to) => {}
                Effect::Send { to, message, clause: _ } => {
                    let message = if served.several { naming.of(served, to, message) } else { Downward::of(message) };
                    let sent = message.pack().and_then(|word| down[usize::from(to)].push((word, 0)));
                    outcome = outcome.and(sent);
                }
            }
        };
        match setting.server {
            None => step(&mut self.server, &setting.rules, input, &mut emit),
            Some(server_step) => server_step(&mut self.server, &setting.rules, input, &mut emit),
        }
        audit_outcome(served, &setting.rules, &tally, &self.server, watch);
        outcome?;
        // Who may be in several rooms negotiates in each, and nothing here counts that.
        if let Some(room) = entered.filter(|_| !served.several) {
            self.meet(served, room)?;
        }
        self.mark(served, waiting)
    }

    /// Numbers the meetings of a session that the server let into a room.
    fn meet(&mut self, served: &Served<S>, room: u8) -> Result<(), Overflow> {
        for member in served.before.members(&room).iter().filter(|member| **member != served.by) {
            let number = self.meetings[usize::from(*member)].get(served.by) + 1;
            self.meetings[usize::from(*member)].set(served.by, number)?;
            self.meetings[usize::from(served.by)].set(*member, number)?;
        }
        Ok(())
    }

    /// Marks what the server has just sent: behind what was `waiting` for each session.
    fn mark(&mut self, served: &Served<S>, waiting: [usize; S]) -> Result<(), Overflow> {
        for ((queue, waiting), met) in self.down.iter_mut().zip(waiting).zip(&self.meetings) {
            let told_of = |users: u8| {
                let mut news = Numbers::default();
                sessions(users).try_for_each(|user| news.set(user, met.get(user)))?;
                Ok(news.mark())
            };
            queue.mark_behind(waiting, |word| match Downward::unpack(word) {
                Downward::UserJoined(user) => told_of(1 << user),
                Downward::Joined(_, users) => told_of(users),
                Downward::Signal(..) => Ok(served.mark),
                Downward::Created(_)
                | Downward::Refused(_)
                | Downward::UserLeft(_)
                | Downward::Entered(..)
                | Downward::Departed(..)
                | Downward::RoomClosed
                | Downward::HostChanged(_)
                | Downward::Error(_) => Ok(0),
            })?;
        }
        Ok(())
    }
}
