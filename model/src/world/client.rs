//! A peer's part of a step: what its user does, and what it does with what it hears.
//!
//! The client's rules around the negotiation are those of the tutorial's client: it asks for a room only while it is in
//! none and waits for no ack (a misbehaving one asks anyway), it leaves at once without waiting, its listeners for
//! signals live as long as its stay, and on leaving it closes every connection.

use super::{
    Budget, Fact, World,
    account::Account,
    audit_peer::{Deeds, audit_identity, audit_negotiation},
    packed::{Downward, Upward},
    queue::{Overflow, Queue},
    several::Stays,
    state::sessions,
    system::Setting,
    trace::{Watch, session_name},
};
use crate::{
    message::{RequestKind, SignalKind, Target},
    negotiation::{Command, Description, Event, Negotiation, Role, Side, step},
    room::{Directory, Identity},
};

impl<const P: usize, const S: usize> World<P, S> {
    pub(super) fn request(
        &mut self,
        peer: u8,
        kind: RequestKind,
        room: u8,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        self.clients[usize::from(peer)].asking = Some(room);
        self.send(peer, Upward::Request(kind, room), watch)
    }

    pub(super) fn leave(&mut self, setting: &Setting, peer: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        self.quit(setting, peer, watch)?;
        self.send(peer, Upward::Leave, watch)
    }

    /// The peer finds a candidate, which may overtake the description that it belongs to.
    pub(super) fn gather(
        &mut self,
        setting: &Setting,
        peer: u8,
        remote: u8,
        is_early: bool,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        if !is_early {
            return self.negotiate(setting, peer, remote, Event::Gathered, watch);
        }
        let own = usize::from(self.session_of(peer));
        let Negotiation { met, connection, .. } = self.negotiation(peer, remote);
        let newest = self.up[own].last().map(Upward::unpack);
        let Some(Upward::Signal(_, _, Description { ice, .. })) = newest else {
            unreachable!("a candidate is early only while its description is the newest message")
        };
        let candidate = Description { meeting: met, connection, ice, ..Description::default() };
        let message = Upward::Signal(SignalKind::Candidate, Target::User(remote), candidate);
        watch.send::<P>(own as u8, || format!("{}, ahead of its description", message.text::<P>(own as u8)));
        let mark = self.accounts[usize::from(peer)].told.get(remote);
        self.up[own].push_before_last((message.pack()?, mark))
    }

    pub(super) fn stray(&mut self, peer: u8, target: Target<u8, u8>, watch: &mut impl Watch) -> Result<(), Overflow> {
        self.send(peer, Upward::Signal(SignalKind::Candidate, target, Description::default()), watch)
    }

    /// The peer's connection is lost, and with it what was on its way to the peer. The peer ends its stay, and forgets all
    /// that it knew.
    pub(super) fn drop_connection(
        &mut self,
        setting: &Setting,
        peer: u8,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        let session = self.session_of(peer);
        let lost = self.down[usize::from(session)].len();
        watch.note(Self::lane(peer), || match lost {
            0 => "loses its connection".into(),
            1 => "loses its connection, and a message on its way".into(),
            _ => format!("loses its connection, and {lost} messages on their way"),
        });
        self.down[usize::from(session)] = Queue::default();
        // What its rules would send has no way any more.
        let sent = self.up[usize::from(session)];
        self.quit(setting, peer, watch)?;
        self.up[usize::from(session)] = sent;
        self.negotiations[usize::from(peer)] = [0; S];
        self.accounts[usize::from(peer)] = Account::default();
        let client = &mut self.clients[usize::from(peer)];
        (client.is_alive, client.asking) = (false, None);
        Ok(())
    }

    pub(super) fn reconnect(&mut self, setting: &Setting, peer: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let before = self.session_of(peer);
        let client = &mut self.clients[usize::from(peer)];
        client.epoch += 1;
        client.is_alive = true;
        let session = match setting.rules.identity {
            Identity::Fresh => self.session_of(peer),
            Identity::Resumed => before,
        };
        audit_identity(Self::lane(peer), before, session, self.server.is_connected(before), watch);
        if session == before {
            self.clients[usize::from(peer)].epoch -= 1;
        }
        watch.note(Self::lane(peer), || format!("connects again, as {}", session_name::<P>(session)));
        self.connect(setting, session, watch)
    }

    /// The peer handles the oldest message to its session.
    pub(super) fn deliver(&mut self, setting: &Setting, session: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let queue = &mut self.down[usize::from(session)];
        let (word, mark) = queue.pop().expect("delivering is enabled only with a message waiting");
        let message = Downward::unpack(word);
        watch.arrow_down::<P>(session, || message.text::<P>(session));
        let peer = Self::peer_of(session);
        if setting.has_several_rooms() {
            self.hear_in_rooms(peer, message, watch);
            return Ok(());
        }
        if matches!(message, Downward::Joined(..) | Downward::UserJoined(_)) {
            self.accounts[usize::from(peer)].hear(mark);
        }
        let client = &mut self.clients[usize::from(peer)];
        let is_inside = client.room.is_some();
        match message {
            Downward::Created(room) => self.enter(setting, peer, room, 0, watch),
            Downward::Joined(room, users) => self.enter(setting, peer, room, users, watch),
            Downward::Refused(_) => {
                client.asking = None;
                Ok(())
            }
            Downward::UserJoined(remote) if is_inside => {
                watch.fact(Fact::AnnouncementHeard);
                if client.roster & 1 << remote != 0 {
                    watch.finding(Fact::DuplicateAnnouncement, Self::lane(peer), || {
                        format!("knows {} already", session_name::<P>(remote))
                    });
                }
                client.roster |= 1 << remote;
                self.negotiate(setting, peer, remote, Event::Met(Side::Resident), watch)
            }
            Downward::UserJoined(remote) => self.negotiate(setting, peer, remote, Event::Met(Side::Outside), watch),
            Downward::UserLeft(remote) if is_inside => {
                watch.fact(Fact::DepartureHeard);
                client.roster &= !(1 << remote);
                watch.fact_if(self.negotiation(peer, remote).connection != 0, Fact::ConnectionClosed);
                self.negotiate(setting, peer, remote, Event::Gone, watch)
            }
            Downward::Signal(kind, from, description) if is_inside => {
                self.hear(setting, peer, from, (kind, description, mark), watch)
            }
            Downward::RoomClosed if is_inside => self.quit(setting, peer, watch),
            Downward::UserLeft(_)
            | Downward::Entered(..)
            | Downward::Departed(..)
            | Downward::Signal(..)
            | Downward::RoomClosed => {
                watch.note(Self::lane(peer), || "ignores it: it is in no room".into());
                Ok(())
            }
            Downward::Error(_) | Downward::HostChanged(_) => Ok(()),
        }
    }

    fn hear(
        &mut self,
        setting: &Setting,
        peer: u8,
        from: u8,
        (kind, description, mark): (SignalKind, Description, u32),
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        watch.fact(Fact::SignalHeard);
        if self.clients[usize::from(peer)].roster & 1 << from == 0 {
            watch.finding(Fact::SignalOfStranger, Self::lane(peer), || {
                format!("knows of no {} in its room", session_name::<P>(from))
            });
        }
        let event = match kind {
            SignalKind::Offer => Event::Offer(description),
            SignalKind::Answer => Event::Answer(description),
            SignalKind::Candidate => Event::Candidate(description),
        };
        let is_stale = mark != self.accounts[usize::from(peer)].told.get(from);
        self.negotiate_once(setting, peer, from, (event, is_stale), watch)?;
        self.answer_unless_slow(setting, peer, from, event, watch)
    }

    /// A request succeeded. If the peer was in a room, then that stay ends for it.
    fn enter(
        &mut self,
        setting: &Setting,
        peer: u8,
        room: u8,
        users: u8,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        self.quit(setting, peer, watch)?;
        let client = &mut self.clients[usize::from(peer)];
        (client.room, client.asking, client.roster) = (Some(room), None, users);
        for remote in sessions(users) {
            self.negotiate(setting, peer, remote, Event::Met(Side::Joiner), watch)?;
        }
        Ok(())
    }

    /// The peer's stay ends, as the peer sees it.
    fn quit(&mut self, setting: &Setting, peer: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let client = &mut self.clients[usize::from(peer)];
        (client.room, client.roster, client.stays) = (None, 0, Stays::default());
        watch.fact_if(self.accounts[usize::from(peer)].living() != 0, Fact::StayEnded);
        for remote in 0..S as u8 {
            let state = self.negotiation(peer, remote);
            if state.connection != 0 || state.kept > 0 {
                self.negotiate(setting, peer, remote, Event::Gone, watch)?;
            }
        }
        let account = &mut self.accounts[usize::from(peer)];
        let living = account.living();
        if living != 0 {
            watch.finding(Fact::LeftBehind, Self::lane(peer), || {
                let names: Vec<_> = sessions(living).map(session_name::<P>).collect();
                format!("leaves an open connection to {} behind", names.join(" and to "))
            });
        }
        account.forget_connections();
        Ok(())
    }

    /// Runs the peer's rules for one remote, about something that is no signal.
    pub(super) fn negotiate(
        &mut self,
        setting: &Setting,
        peer: u8,
        remote: u8,
        event: Event,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        self.negotiate_once(setting, peer, remote, (event, false), watch)
    }

    /// An answer that is due is made at once, unless it may take its time.
    fn answer_unless_slow(
        &mut self,
        setting: &Setting,
        peer: u8,
        remote: u8,
        event: Event,
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        if !matches!(event, Event::Offer(_)) || !self.owes_answer(peer, remote) {
            return Ok(());
        }
        if self.budgets.left(Budget::SlowAnswer) > 0 {
            self.budgets.spend(Budget::SlowAnswer);
            return Ok(());
        }
        self.negotiate(setting, peer, remote, Event::Ready, watch)
    }

    /// Runs the peer's rules, and looks at what they did. A signal is stale by the world's own account.
    fn negotiate_once(
        &mut self,
        setting: &Setting,
        peer: u8,
        remote: u8,
        (event, is_stale): (Event, bool),
        watch: &mut impl Watch,
    ) -> Result<(), Overflow> {
        let before = self.negotiation(peer, remote);
        let own = self.session_of(peer);
        let role = Role::between(&own, &remote);
        let account = &mut self.accounts[usize::from(peer)];
        let up = &mut self.up[usize::from(own)];
        let (mut deeds, mut sent) = (Deeds::default(), Ok(()));
        let mut emit = |command| {
            deeds.record(command);
            watch.command::<P>(own, remote, command);
            // A faulty server introduces a peer to itself. That is no remote, and the clauses of negotiation are silent.
            if remote != own {
                account.record(remote, command);
            }
            if let Command::Send(kind, description) = command {
                let message = Upward::Signal(kind, Target::User(remote), description);
                watch.send::<P>(own, || message.text::<P>(own));
                sent = sent.and_then(|()| up.push((message.pack()?, account.told.get(remote))));
            }
        };
        let after = match setting.peer {
            None => step(before, &setting.strategy, role, event, &mut emit),
            Some(peer_step) => peer_step(before, &setting.strategy, role, event, &mut emit),
        };
        sent?;
        if remote != own {
            audit_negotiation(Self::lane(peer), [&before, &after], role, (event, is_stale), deeds, watch);
        }
        self.set_negotiation(peer, remote, after)
    }

    pub(super) fn send(&mut self, peer: u8, message: Upward, watch: &mut impl Watch) -> Result<(), Overflow> {
        let session = self.session_of(peer);
        watch.send::<P>(session, || message.text::<P>(session));
        self.up[usize::from(session)].push((message.pack()?, 0))
    }
}
