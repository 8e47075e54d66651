//! What a peer knows of one remote, and what a description carries.

/// What an offer or an answer carries beside its SDP. Numbers start at 1; 0 means none. They are per sender and target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Description {
    /// How often its sender had been told of the target ([`Negotiation::met`]).
    pub meeting: u32,
    /// The sender's peer connection: the number of the first description that it made.
    pub connection: u32,
    /// The description's own number.
    pub number: u32,
    /// In an answer, the number of the offer that it answers; 0 in an offer.
    pub answers: u32,
}

/// The state of a peer towards one remote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Negotiation {
    /// How often the server told this peer of the remote, by a notice or in a list. Survives the stay.
    pub met: u32,
    /// How many descriptions were made for the remote. Survives the stay, so that numbers are never used again.
    pub made: u32,
    /// The live peer connection, by the number of its first description; 0 if there is none.
    pub connection: u32,
    /// The remote's peer connection that ours is bound to by the first description applied; 0 if to none.
    pub remote_connection: u32,
    /// The offer that waits for its answer (JSEP's pending local description); 0 if none does.
    pub pending: u32,
    /// The current local description; 0 before the first one took effect.
    pub local: u32,
    /// The current remote description, by the remote's number; 0 before the first one took effect.
    pub remote: u32,
}

/// JSEP's signaling states, as far as they outlive a step, and `Closed` for no connection at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signaling {
    /// There is no connection.
    Closed,
    /// An offer of ours is not answered yet.
    HaveLocalOffer,
    /// Offer and answer are in place.
    Stable,
}

impl Negotiation {
    /// The connection's signaling state.
    #[must_use]
    pub fn signaling(&self) -> Signaling {
        match (self.connection, self.pending) {
            (0, _) => Signaling::Closed,
            (_, 0) => Signaling::Stable,
            _ => Signaling::HaveLocalOffer,
        }
    }

    /// Whether the two ends are connected: both are stable, they are bound to each other, and each one's local
    /// description is the other's remote one.
    #[must_use]
    pub fn is_connected_with(&self, other: &Self) -> bool {
        self.signaling() == Signaling::Stable
            && other.signaling() == Signaling::Stable
            && (self.remote_connection, other.remote_connection) == (other.connection, self.connection)
            && (self.local, self.remote) == (other.remote, other.local)
    }

    /// The state without a connection. What was counted stays.
    #[must_use]
    pub(super) fn closed(self) -> Self {
        Self { met: self.met, made: self.made, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERER: Negotiation =
        Negotiation { met: 1, made: 1, connection: 1, remote_connection: 4, pending: 0, local: 1, remote: 4 };
    const ANSWERER: Negotiation =
        Negotiation { met: 1, made: 4, connection: 4, remote_connection: 1, pending: 0, local: 4, remote: 1 };

    #[test]
    fn two_stable_ends_with_each_others_descriptions_are_connected() {
        assert!(OFFERER.is_connected_with(&ANSWERER));
    }

    #[test]
    fn an_end_whose_remote_description_is_another_one_is_not_connected() {
        assert!(!Negotiation { remote: 3, ..OFFERER }.is_connected_with(&ANSWERER));
    }

    #[test]
    fn an_end_that_is_bound_to_an_earlier_connection_is_not_connected() {
        assert!(!OFFERER.is_connected_with(&Negotiation { remote_connection: 7, ..ANSWERER }));
    }

    #[test]
    fn an_end_that_waits_for_an_answer_is_not_connected() {
        assert!(!Negotiation { pending: 2, ..OFFERER }.is_connected_with(&ANSWERER));
    }
}
