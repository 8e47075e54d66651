//! Variants of the peer's rules, as data.

use super::{Role, Side};

/// How a peer negotiates with each remote. Each field is one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Strategy {
    /// Who offers when two peers meet.
    pub first_offer: FirstOffer,
    /// What an offer does where a connection exists already (NEG-01, NEG-02).
    pub glare: Glare,
    /// Which answers are applied (NEG-03).
    pub answers: Answers,
    /// What an offer of a connection other than the known one does.
    pub connections: Connections,
    /// Which signals count as of an earlier stay (NEG-07).
    pub meetings: Meetings,
}

/// See [`Strategy::first_offer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirstOffer {
    /// Both sides.
    Both,
    /// The joiner always, and the resident if its id is the lower one.
    JoinerAndLowerResident,
    /// The joiner.
    Joiner,
    /// The side with the lower id.
    LowerId,
}

/// See [`Strategy::glare`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Glare {
    /// Every offer gets a new connection, which overwrites the one in the map. Nobody closes that one.
    Replace,
    /// Of two that cross, the offer of the lower id survives; the higher id rolls its own back.
    IdOrder,
}

/// See [`Strategy::answers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answers {
    /// Whatever arrives is applied to whatever connection there is.
    Any,
    /// An answer names its offer, and is ignored unless that one waits for it.
    ToPendingOffer,
}

/// See [`Strategy::connections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connections {
    /// It is applied like a renegotiation of the known one. The connection stays bound to the first, whose DTLS
    /// certificate it has seen.
    Keep,
    /// It closes the local connection and gets a new one.
    Reset,
}

/// See [`Strategy::meetings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meetings {
    /// None: what arrives is taken for fresh.
    Ignored,
    /// Those whose meeting number is not ours, with meetings counted only while in a room.
    CountedInside,
    /// Those whose meeting number is not ours.
    Counted,
}

impl Strategy {
    /// docs/protocol.md, clauses NEG-01 to NEG-07.
    pub const REFERENCE: Self = Self {
        first_offer: FirstOffer::LowerId,
        glare: Glare::IdOrder,
        answers: Answers::ToPendingOffer,
        connections: Connections::Reset,
        meetings: Meetings::Counted,
    };

    /// The tutorial as written: a joiner offers to everyone in `existingUsers`, and everyone offers on `user-joined`.
    pub const BOTH_OFFER: Self = Self {
        first_offer: FirstOffer::Both,
        glare: Glare::Replace,
        answers: Answers::Any,
        connections: Connections::Keep,
        meetings: Meetings::Ignored,
    };

    /// The tutorial with its fix for glare (7.4): the resident offers only if its id is the lower one.
    pub const LOWER_ID_GUARD: Self = Self { first_offer: FirstOffer::JoinerAndLowerResident, ..Self::BOTH_OFFER };

    /// Whether a peer offers when it meets a remote.
    pub(super) fn offers_first(&self, side: Side, role: Role) -> bool {
        match (side, self.first_offer) {
            (Side::Outside, _) => false,
            (Side::Joiner, FirstOffer::Both | FirstOffer::JoinerAndLowerResident | FirstOffer::Joiner) => true,
            (Side::Resident, FirstOffer::Both) => true,
            (Side::Resident, FirstOffer::Joiner) => false,
            (Side::Resident, FirstOffer::JoinerAndLowerResident) | (_, FirstOffer::LowerId) => role == Role::Impolite,
        }
    }
}
