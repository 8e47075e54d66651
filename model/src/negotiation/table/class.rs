//! Which row of the table an event belongs to, so that real runs can be counted against it.

use crate::negotiation::{Event, Negotiation, Side};

/// The event's name in [`super::EVENTS`], in a state. `None` for what the table does not try: the opening of a data
/// channel, and candidates of an earlier meeting.
#[must_use]
pub fn class(state: &Negotiation, event: Event) -> Option<&'static str> {
    Some(match event {
        Event::Met(Side::Resident) => "met as resident",
        Event::Met(Side::Joiner) => "met as joiner",
        Event::Met(Side::Outside) => "met outside",
        Event::Gone => "gone",
        Event::Offer(offer) if offer.meeting != state.met => "offer of an earlier meeting",
        Event::Offer(offer) if ![0, offer.connection].contains(&state.remote_connection) => {
            "offer of another connection"
        }
        Event::Offer(offer) if ![0, offer.ice].contains(&state.remote_ice) => "offer that restarts ICE",
        Event::Offer(_) => "offer",
        Event::Answer(answer) if answer.meeting != state.met => "answer of an earlier meeting",
        Event::Answer(answer) if state.pending != 0 && answer.answers == state.pending => "answer to the pending offer",
        Event::Answer(_) => "answer to another offer",
        Event::Candidate(candidate) if candidate.meeting != state.met => return None,
        Event::Candidate(candidate)
            if state.remote_ice != 0
                && (candidate.connection, candidate.ice) == (state.remote_connection, state.remote_ice) =>
        {
            "candidate of the description applied"
        }
        Event::Candidate(candidate) if candidate.ice <= state.last_remote() => "candidate of an earlier description",
        Event::Candidate(_) => "candidate of a description to come",
        Event::Ready => "answer ready",
        Event::Gathered => "candidate gathered",
        Event::ChangeTracks => "tracks changed",
        Event::ReplaceTrack => "track replaced",
        Event::IceConnected => "ICE connected",
        Event::IceDisconnected => "ICE disconnected",
        Event::IceFailed => "ICE failed",
        Event::ChannelOpened => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiation::{Strategy, table::cases};

    #[test]
    fn every_event_of_the_table_is_classed_under_its_own_name() {
        for strategy in [Strategy::REFERENCE, Strategy::PERFECT, Strategy::JOINER_OFFERS] {
            for case in cases(&strategy) {
                // An answer is never to the pending offer by a wrong number, and the table's names say what was meant.
                assert_eq!(class(&case.before, case.event), Some(case.name), "{case:?}");
            }
        }
    }
}
