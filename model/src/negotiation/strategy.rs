//! Variants of the peer's rules, as data.

use super::{Role, Side};

/// How a peer negotiates with each remote. Each field is one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Strategy {
    /// Who offers when two peers meet.
    pub first_offer: FirstOffer,
    /// What an offer does where a connection exists already (NEG-01, NEG-02).
    pub glare: Glare,
    /// What becomes of the change that a rolled back offer carried.
    pub rollback: Rollback,
    /// Which answers are applied (NEG-03).
    pub answers: Answers,
    /// What a candidate without its description does (NEG-04).
    pub candidates: Candidates,
    /// What an offer of a connection other than the known one does.
    pub connections: Connections,
    /// Which signals count as of an earlier stay (NEG-07).
    pub meetings: Meetings,
    /// When a new connection gets its handlers and tracks (NEG-08).
    pub setup: Setup,
    /// What a lost path does.
    pub recovery: Recovery,
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
    /// Both roll back and answer.
    BothYield,
    /// Neither rolls back.
    NobodyYields,
    /// Neither rolls back, and each sends its offer again whenever it is crossed.
    SendAgain,
}

/// See [`Strategy::rollback`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rollback {
    /// It is offered again once the connection is stable.
    OfferAgain,
    /// It is lost.
    Forget,
}

/// See [`Strategy::answers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answers {
    /// Whatever arrives is applied to whatever connection there is.
    Any,
    /// An answer names its offer, and is ignored unless that one waits for it.
    ToPendingOffer,
}

/// See [`Strategy::candidates`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Candidates {
    /// It is added at once, which fails.
    Dropped,
    /// It is kept until some description arrives, and added then.
    Kept,
    /// It is kept until the description of its own ICE generation arrives. One of an earlier generation is dropped.
    Correlated,
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

/// See [`Strategy::setup`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// Both before anything else.
    First,
    /// Handlers after the first description, whose tracks and candidates are then missed.
    HandlersLast,
    /// Tracks after the first description, which then does not offer them.
    TracksLast,
}

/// See [`Strategy::recovery`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recovery {
    /// ICE is restarted as soon as it failed; `disconnected` may pass by itself.
    Restart,
    /// The connection is closed as soon as it is `disconnected`. Nobody offers another.
    Close,
    /// Nothing.
    Wait,
}

impl Strategy {
    /// docs/protocol.md, clauses NEG-01 to NEG-08: the lower id offers.
    pub const REFERENCE: Self = Self {
        first_offer: FirstOffer::LowerId,
        glare: Glare::IdOrder,
        rollback: Rollback::OfferAgain,
        answers: Answers::ToPendingOffer,
        candidates: Candidates::Correlated,
        connections: Connections::Reset,
        meetings: Meetings::Counted,
        setup: Setup::First,
        recovery: Recovery::Restart,
    };

    /// Perfect negotiation by id order: both sides offer, and the rule for glare sorts it out.
    pub const PERFECT: Self = Self { first_offer: FirstOffer::Both, ..Self::REFERENCE };

    /// The joiner offers, whatever the ids.
    pub const JOINER_OFFERS: Self = Self { first_offer: FirstOffer::Joiner, ..Self::REFERENCE };

    /// The tutorial as written: a joiner offers to everyone in `existingUsers`, and everyone offers on `user-joined`.
    pub const BOTH_OFFER: Self = Self {
        first_offer: FirstOffer::Both,
        glare: Glare::Replace,
        answers: Answers::Any,
        candidates: Candidates::Dropped,
        connections: Connections::Keep,
        meetings: Meetings::Ignored,
        recovery: Recovery::Close,
        ..Self::REFERENCE
    };

    /// The tutorial with its fix for glare (7.4): the resident offers only if its id is the lower one.
    pub const LOWER_ID_GUARD: Self = Self { first_offer: FirstOffer::JoinerAndLowerResident, ..Self::BOTH_OFFER };

    /// Both sides offer, and whoever sees its offer crossed sends it again.
    pub const SEND_AGAIN: Self = Self { glare: Glare::SendAgain, ..Self::PERFECT };

    /// The strategies that have names, for a command line.
    pub const NAMED: [(&'static str, Self); 6] = [
        ("both-offer", Self::BOTH_OFFER),
        ("lower-id-guard", Self::LOWER_ID_GUARD),
        ("lower-id-offers", Self::REFERENCE),
        ("joiner-offers", Self::JOINER_OFFERS),
        ("perfect-negotiation", Self::PERFECT),
        ("send-again", Self::SEND_AGAIN),
    ];

    /// The strategy of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, strategy)| *strategy)
    }

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

    /// Whether the peer ignores an offer that crosses its own.
    pub(super) fn stands(&self, role: Role) -> bool {
        match self.glare {
            Glare::Replace | Glare::BothYield => false,
            Glare::IdOrder => role == Role::Impolite,
            Glare::NobodyYields | Glare::SendAgain => true,
        }
    }
}
