//! The server's part of a step: runs the rules of the room, and looks at what they did.

use super::{
    Fact, World,
    audit::{Served, audit_effect, audit_message, audit_overtaking},
    audit_outcome::{Tally, audit_outcome},
    packed::{Downward, Upward},
    queue::{Overflow, Queue},
    state::is_live,
    system::Setting,
    trace::{Lane, Watch, session_name},
};
use crate::{
    negotiation::Description,
    room::{Directory, Effect, Input, step},
};

impl<const P: usize, const S: usize> World<P, S> {
    /// The server handles the oldest message of a session.
    pub(super) fn serve(&mut self, setting: &Setting, session: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let word = self.up[usize::from(session)].pop().expect("serving is enabled only with a message waiting");
        self.serve_word(setting, session, word, watch)
    }

    /// The server handles the second message of a session before the first.
    pub(super) fn serve_overtaking(
        &mut self,
        setting: &Setting,
        session: u8,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        let queue = &mut self.up[usize::from(session)];
        let word = queue.pop_second().expect("overtaking is enabled only with two messages waiting");
        let overtaken = queue.words().next().map(Upward::unpack);
        audit_overtaking(overtaken, Upward::unpack(word), watch);
        self.serve_word(setting, session, word, watch)
    }

    fn serve_word(
        &mut self,
        setting: &Setting,
        session: u8,
        word: u32,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        let message = Upward::unpack(word);
        watch.arrow_up::<P>(session, || message.text::<P>(session));
        let next = self.up[usize::from(session)].words().next().map(Upward::unpack);
        let served = Served { by: session, message: Some(message), before: self.server };
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
        let served = Served { by: session, message: None, before: self.server };
        watch.fact_if(self.server.current(session).is_some(), Fact::MemberEnded);
        self.run(setting, Input::Disconnect(session), &served, watch)
    }

    /// The server accepts a connection.
    pub(super) fn connect(&mut self, setting: &Setting, session: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let served = Served { by: session, message: None, before: self.server };
        self.run(setting, Input::Connect(session), &served, watch)
    }

    fn run(
        &mut self,
        setting: &Setting,
        input: Input<u8, u8, Description>,
        served: &Served<S>,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        let (mut outcome, mut tally) = (Ok(()), Tally::default());
        let (clients, down, crashed) = (&self.clients, &mut self.down, &mut self.crashed);
        let mut emit = |effect: Effect<u8, u8, Description>| {
            audit_effect::<P, S>(served, &effect, down, watch);
            tally.count(served, &effect);
            match effect {
                Effect::Crash => *crashed = true,
                // What is sent to a connection that has ended, and is not noticed yet, is lost.
                Effect::Send { to, .. } if !is_live(clients, to) => {}
                Effect::Send { to, message, clause: _ } => {
                    let sent = Downward::of(message).pack().and_then(|word| down[usize::from(to)].push(word));
                    outcome = outcome.and(sent);
                }
            }
        };
        match setting.server {
            None => step(&mut self.server, &setting.rules, input, &mut emit),
            Some(server_step) => server_step(&mut self.server, &setting.rules, input, &mut emit),
        }
        audit_outcome(served, &setting.rules, &tally, &self.server, watch);
        outcome
    }
}
