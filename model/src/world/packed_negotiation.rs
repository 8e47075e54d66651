//! Negotiations in 64 bits: twelve numbers of four bits, and what is finite.

use super::queue::Overflow;
use crate::negotiation::{Ice, Negotiation};

/// Where the twelve numbers of a negotiation end, and its states and flags begin.
const NUMBERS_END: u32 = 48;

/// The number of [`Negotiation::pending_remote`] within the twelve.
const PENDING_REMOTE: u32 = 5;

pub(super) fn pack_negotiation(state: Negotiation) -> Result<u64, Overflow> {
    let numbers = [
        state.met,
        state.made,
        state.connection,
        state.remote_connection,
        state.pending,
        state.pending_remote,
        state.local,
        state.remote,
        state.local_ice,
        state.remote_ice,
        state.kept_ice,
        state.kept,
    ];
    let mut word = 0;
    for number in numbers.into_iter().rev() {
        if number > 15 {
            return Err(Overflow::Number);
        }
        word = word << 4 | u64::from(number);
    }
    let flags = [state.channel, state.unsent, state.restart, state.restarting];
    let flags = flags.into_iter().fold(state.ice as u64, |bits, flag| bits << 1 | u64::from(flag));
    Ok(word | flags << NUMBERS_END)
}

pub(super) fn unpack_negotiation(word: u64) -> Negotiation {
    let number = |place: u32| (word >> (4 * place) & 15) as u32;
    let flag = |place: u32| word >> (NUMBERS_END + place) & 1 != 0;
    Negotiation {
        met: number(0),
        made: number(1),
        connection: number(2),
        remote_connection: number(3),
        pending: number(4),
        pending_remote: number(PENDING_REMOTE),
        local: number(6),
        remote: number(7),
        local_ice: number(8),
        remote_ice: number(9),
        kept_ice: number(10),
        kept: number(11),
        ice: Ice::ALL[(word >> (NUMBERS_END + 4) & 3) as usize],
        channel: flag(3),
        unsent: flag(2),
        restart: flag(1),
        restarting: flag(0),
    }
}

/// Whether a packed negotiation waits for its own answer to be made.
pub(super) fn owes_answer(word: u64) -> bool {
    word >> (4 * PENDING_REMOTE) & 15 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negotiations_survive_packing() {
        let state = Negotiation {
            met: 1,
            made: 2,
            connection: 3,
            remote_connection: 4,
            pending: 5,
            pending_remote: 6,
            local: 7,
            remote: 8,
            local_ice: 9,
            remote_ice: 10,
            kept_ice: 11,
            kept: 12,
            ..Negotiation::default()
        };
        for ice in Ice::ALL {
            for flags in 0..16 {
                let flag = |place: u32| flags >> place & 1 != 0;
                let (channel, unsent, restart, restarting) = (flag(0), flag(1), flag(2), flag(3));
                let state = Negotiation { ice, channel, unsent, restart, restarting, ..state };
                let word = pack_negotiation(state).unwrap();
                assert_eq!((unpack_negotiation(word), owes_answer(word)), (state, true));
            }
        }
        assert!(!owes_answer(pack_negotiation(Negotiation { pending_remote: 0, ..state }).unwrap()));
    }
}
