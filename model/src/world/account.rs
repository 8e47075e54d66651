//! What the world itself keeps account of: who met whom how often, and which connections are open. No rule reads it, so
//! that properties are judged by something else than the rules' own numbers.
//!
//! **Stays.** Two sessions *meet* when the server lets one into the room of the other. The world numbers the meetings of
//! each two, by the server's answers and its lists of members. A notice or a list of members carries the numbers of the
//! meetings that it tells of, and a peer is *told* them when it handles the message. A signal carries the number that its
//! sender had been told when it sent the signal. It is of an earlier stay of either end if that is not the number that
//! the receiver has been told (NEG-07).
//!
//! **Connections.** What is built and not closed is counted by the commands of the peer's rules, not by their state
//! (NEG-09).
//!
//! Where the rules are right their own numbers agree with these, and the account adds no state.

use super::queue::Overflow;
use crate::negotiation::Command;

/// A number of four bits for each session; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Numbers(u32);

impl Numbers {
    /// As they are carried by a message: see [`Self::mark`].
    pub(super) fn of_mark(mark: u32) -> Self {
        Self(mark)
    }

    /// The numbers as one word.
    pub(super) fn mark(self) -> u32 {
        self.0
    }

    pub(super) fn get(self, session: u8) -> u32 {
        self.0 >> (4 * session) & 15
    }

    pub(super) fn set(&mut self, session: u8, number: u32) -> Result<(), Overflow> {
        if number > 15 {
            return Err(Overflow::Number);
        }
        self.0 = self.0 & !(15 << (4 * session)) | number << (4 * session);
        Ok(())
    }

    /// Takes over what is told of.
    fn learn(&mut self, news: Self) {
        let told = (0..8).filter(|session| news.get(*session) != 0);
        let mask = told.fold(0, |mask, session| mask | 15 << (4 * session));
        self.0 = self.0 & !mask | news.0;
    }
}

/// What the world knows of one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Account {
    /// The last meeting with each session that the peer was told of.
    pub(super) told: Numbers,
    /// The sessions to which it has an open connection within its reach, as bits.
    pub(super) open: u8,
    /// The sessions to which it has an open connection that it lost hold of.
    pub(super) lost: u8,
}

impl Account {
    /// The peer handles a message that tells of meetings.
    pub(super) fn hear(&mut self, mark: u32) {
        self.told.learn(Numbers::of_mark(mark));
    }

    /// The peer's rules emit a command about a remote.
    pub(super) fn record(&mut self, remote: u8, command: Command) {
        let bit = 1 << remote;
        match command {
            Command::Build => {
                // Whatever was there is overwritten.
                self.lost |= self.open & bit;
                self.open |= bit;
            }
            Command::Orphan => {
                self.lost |= self.open & bit;
                self.open &= !bit;
            }
            Command::Close => self.open &= !bit,
            Command::Attach
            | Command::AddTracks
            | Command::Rollback
            | Command::Apply(..)
            | Command::Prepare
            | Command::Restart
            | Command::Send(..)
            | Command::Add(_)
            | Command::Keep(_)
            | Command::Release
            | Command::Discard
            | Command::Replace
            | Command::Fail(..)
            | Command::Ignore(_) => {}
        }
    }

    /// The sessions to which a connection is open.
    pub(super) fn living(self) -> u8 {
        self.open | self.lost
    }

    /// What was left behind has been told: nobody looks at it again.
    pub(super) fn forget_connections(&mut self) {
        (self.open, self.lost) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_has_its_own_number() {
        let mut numbers = Numbers::default();
        (0..8).for_each(|session| numbers.set(session, u32::from(session) + 3).unwrap());
        assert!((0..8).all(|session| numbers.get(session) == u32::from(session) + 3));
        numbers.set(5, 0).unwrap();
        assert_eq!([4, 5, 6].map(|session| numbers.get(session)), [7, 0, 9]);
        assert_eq!(numbers.set(0, 16), Err(Overflow::Number));
    }

    #[test]
    fn what_is_not_told_of_stays() {
        let (mut account, mut news) = (Account::default(), Numbers::default());
        account.told.set(1, 4).unwrap();
        account.told.set(2, 4).unwrap();
        news.set(2, 5).unwrap();
        account.hear(news.mark());
        assert_eq!([1, 2].map(|session| account.told.get(session)), [4, 5]);
    }

    #[test]
    fn a_connection_that_is_overwritten_lives_on_and_cannot_be_closed() {
        let mut account = Account::default();
        for command in [Command::Build, Command::Build, Command::Close] {
            account.record(3, command);
        }
        assert_eq!((account.open, account.lost), (0, 1 << 3));
        account.record(2, Command::Build);
        account.record(2, Command::Orphan);
        assert_eq!(account.living(), 1 << 3 | 1 << 2);
    }
}
