//! What a peer knows of one remote, and what a signal carries.

/// What a signal carries beside its SDP or candidate. Numbers start at 1; 0 means none. They are per sender and target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Description {
    /// How often its sender had been told of the target ([`Negotiation::met`]).
    pub meeting: u32,
    /// The sender's peer connection: the number of the first description that it made.
    pub connection: u32,
    /// The description's own number; 0 in a candidate.
    pub number: u32,
    /// In an answer, the number of the offer that it answers; 0 in an offer and in a candidate.
    pub answers: u32,
    /// The ICE generation: the number of the description that introduced the user fragment and password in force. SDP
    /// and candidates carry it as `ufrag`. A description whose generation is its own number starts ICE, or restarts it.
    pub ice: u32,
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
    /// The remote's offer that waits for our answer (JSEP's pending remote description); 0 if none does.
    pub pending_remote: u32,
    /// The current local description; 0 before the first one took effect.
    pub local: u32,
    /// The current remote description, by the remote's number; 0 before the first one took effect.
    pub remote: u32,
    /// The ICE generation of the current local description; 0 if the next description starts one.
    pub local_ice: u32,
    /// The ICE generation of the last remote description applied; 0 before the first.
    pub remote_ice: u32,
    /// The ICE generation of the candidates that wait for their description; 0 if none do.
    pub kept_ice: u32,
    /// How many candidates wait.
    pub kept: u32,
    /// What ICE says of the connection.
    pub ice: Ice,
    /// Whether the data channel is open.
    pub channel: bool,
    /// Whether the application changed its media and no offer carries the change yet.
    pub unsent: bool,
    /// Whether ICE is to be restarted and no offer does so yet.
    pub restart: bool,
    /// Whether the pending offer restarts ICE.
    pub restarting: bool,
}

/// JSEP's signaling states (RFC 9429, section 3.2), without provisional answers. `Closed` is no connection at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signaling {
    /// There is no connection.
    Closed,
    /// An offer of ours is not answered yet.
    HaveLocalOffer,
    /// An offer of the remote was applied, and our answer is not made yet.
    HaveRemoteOffer,
    /// Offer and answer are in place.
    Stable,
}

impl Signaling {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Closed, Self::HaveLocalOffer, Self::HaveRemoteOffer, Self::Stable];

    /// The state's name in JSEP.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HaveLocalOffer => "have-local-offer",
            Self::HaveRemoteOffer => "have-remote-offer",
            Self::Stable => "stable",
        }
    }
}

/// ICE's state of one end, as far as the rules look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ice {
    /// Checking, after a start or a restart.
    #[default]
    New,
    /// A pair of candidates works.
    Connected,
    /// It stopped working, and may recover by itself.
    Disconnected,
    /// It will not recover by itself.
    Failed,
}

impl Ice {
    /// All states.
    pub const ALL: [Self; 4] = [Self::New, Self::Connected, Self::Disconnected, Self::Failed];
}

impl Negotiation {
    /// The connection's signaling state.
    #[must_use]
    pub fn signaling(&self) -> Signaling {
        match (self.connection, self.pending, self.pending_remote) {
            (0, ..) => Signaling::Closed,
            (_, 0, 0) => Signaling::Stable,
            (_, 0, _) => Signaling::HaveRemoteOffer,
            _ => Signaling::HaveLocalOffer,
        }
    }

    /// Whether the two ends fit together: both are stable, they are bound to each other, and each one's local
    /// description and ICE generation are the other's remote ones. ICE can connect such ends, and no others.
    #[must_use]
    pub fn is_connected_with(&self, other: &Self) -> bool {
        self.signaling() == Signaling::Stable
            && other.signaling() == Signaling::Stable
            && (self.remote_connection, other.remote_connection) == (other.connection, self.connection)
            && (self.local, self.remote) == (other.remote, other.local)
            && (self.local_ice, self.remote_ice) == (other.remote_ice, other.local_ice)
    }

    /// The number of the last remote description applied, answered or not; 0 before the first.
    #[must_use]
    pub fn last_remote(&self) -> u32 {
        if self.pending_remote == 0 { self.remote } else { self.pending_remote }
    }

    /// The ICE generation whose candidates are gathered now; 0 before a local description.
    #[must_use]
    pub fn gathering(&self) -> u32 {
        if self.pending != 0 && (self.restarting || self.local_ice == 0) { self.pending } else { self.local_ice }
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

    const OFFERER: Negotiation = Negotiation {
        met: 1,
        made: 1,
        connection: 1,
        remote_connection: 4,
        pending: 0,
        pending_remote: 0,
        local: 1,
        remote: 4,
        local_ice: 1,
        remote_ice: 4,
        kept_ice: 0,
        kept: 0,
        ice: Ice::New,
        channel: false,
        unsent: false,
        restart: false,
        restarting: false,
    };
    const ANSWERER: Negotiation = Negotiation {
        made: 4,
        connection: 4,
        remote_connection: 1,
        local: 4,
        remote: 1,
        local_ice: 4,
        remote_ice: 1,
        ..OFFERER
    };

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

    #[test]
    fn an_end_that_has_not_answered_is_not_connected() {
        assert!(!Negotiation { pending_remote: 2, ..OFFERER }.is_connected_with(&ANSWERER));
    }

    #[test]
    fn an_end_of_another_ice_generation_is_not_connected() {
        assert!(!Negotiation { remote_ice: 5, ..OFFERER }.is_connected_with(&ANSWERER));
    }

    #[test]
    fn a_restart_gathers_for_the_offer_that_restarts() {
        assert_eq!(Negotiation { pending: 6, restarting: true, ..OFFERER }.gathering(), 6);
        assert_eq!(Negotiation { pending: 6, ..OFFERER }.gathering(), 1);
    }
}
