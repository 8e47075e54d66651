//! How often each kind of action may happen.

/// The kinds of action that are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Budget {
    /// [`super::Action::Enter`] by create.
    Create,
    /// [`super::Action::Enter`] by join.
    Join,
    /// [`super::Action::Leave`].
    Leave,
    /// [`super::Action::Drop`].
    Drop,
    /// [`super::Action::Reconnect`].
    Reconnect,
    /// [`super::Action::EnterSecond`].
    SecondRoom,
    /// [`super::Action::RequestWithoutAck`].
    RequestWithoutAck,
    /// [`super::Action::StrayToUser`] and [`super::Action::StrayToRoom`].
    Stray,
    /// [`super::Action::ChangeTracks`].
    Renegotiate,
    /// [`super::Action::EnterInvalid`].
    InvalidRequest,
    /// [`super::Action::LeaveOutside`].
    StrayLeave,
    /// [`super::Action::Gather`].
    Candidate,
    /// [`super::Action::GatherEarly`].
    EarlyCandidate,
    /// Offers whose answer is not made at once: until [`super::Action::Ready`], other things happen.
    SlowAnswer,
    /// [`super::IceAction::Disconnect`]. A configuration that has any looks at ICE: see [`super::Setting::ice`].
    IceLoss,
    /// [`super::Action::ServeOvertaking`]: a server that handles the messages of one connection concurrently.
    Overtake,
}

impl Budget {
    /// All kinds, with their names on a command line.
    pub const NAMED: [(&'static str, Self); BUDGET_COUNT] = [
        ("create", Self::Create),
        ("join", Self::Join),
        ("leave", Self::Leave),
        ("drop", Self::Drop),
        ("reconnect", Self::Reconnect),
        ("second-room", Self::SecondRoom),
        ("no-ack", Self::RequestWithoutAck),
        ("stray", Self::Stray),
        ("renegotiate", Self::Renegotiate),
        ("invalid-request", Self::InvalidRequest),
        ("stray-leave", Self::StrayLeave),
        ("candidate", Self::Candidate),
        ("early-candidate", Self::EarlyCandidate),
        ("slow-answer", Self::SlowAnswer),
        ("ice-loss", Self::IceLoss),
        ("overtake", Self::Overtake),
    ];
}

const BUDGET_COUNT: usize = Budget::Overtake as usize + 1;

/// How often each kind of action may still happen, by all peers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Budgets([u8; BUDGET_COUNT]);

impl Budgets {
    /// No action at all.
    pub const NONE: Self = Self([0; BUDGET_COUNT]);

    /// With one budget set.
    #[must_use]
    pub const fn with(mut self, budget: Budget, times: u8) -> Self {
        self.0[budget as usize] = times;
        self
    }

    /// What is left of one budget.
    #[must_use]
    pub const fn left(&self, budget: Budget) -> u8 {
        self.0[budget as usize]
    }

    /// Whether some client may do what a well-behaved one does not.
    #[must_use]
    pub fn allow_misbehaviour(&self) -> bool {
        let kinds = [
            Budget::SecondRoom,
            Budget::RequestWithoutAck,
            Budget::Stray,
            Budget::InvalidRequest,
            Budget::StrayLeave,
            Budget::Overtake,
        ];
        kinds.iter().any(|budget| self.left(*budget) > 0)
    }

    /// Uses one up. The action was enabled, so there is one.
    pub(super) fn spend(&mut self, budget: Budget) {
        self.0[budget as usize] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_budget_has_its_own_place_and_name() {
        for (place, (name, budget)) in Budget::NAMED.into_iter().enumerate() {
            assert_eq!(budget as usize, place, "{name}");
        }
    }
}
