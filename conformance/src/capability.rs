//! What a target declares of itself: capabilities, which are optional parts of the protocol (docs/protocol.md,
//! "Capabilities"), and where it differs ([`crate::dialect`]). Both together are its profile.

use std::{fmt, num::NonZeroU16, str::FromStr};

use glare_model::{
    requirement::{
        RequirementId, Role,
        ids::{CAP_CAPACITY_01, CAP_HOST_CLOSE_01, CAP_HOST_TRANSFER_01},
    },
    room::{HostLeaves, RoomRules},
};

use crate::{
    dialect::Dialect,
    limits::CAPACITY_FILLED_MAX,
    scenario::{Scenario, parse},
};

/// An optional part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// A room ends when its host leaves.
    HostClose,
    /// A new host is announced when the host leaves.
    HostTransfer,
    /// A room has at most so many members.
    Capacity,
    /// A room may have a password.
    Password,
    /// A room may be entered by invitation.
    Invite,
    /// Clients identify themselves.
    Auth,
    /// Members have names and the like.
    Profile,
    /// A departure has a reason.
    LeaveReason,
    /// Rooms can be listed.
    RoomList,
    /// A room can be asked about.
    RoomInfo,
    /// Clients that send too much are told so.
    RateLimit,
    /// A reconnect keeps the user id and what was missed.
    Resume,
    /// Rooms outlive a restart.
    Persist,
    /// Offers and answers carry ids.
    Correlation,
}

impl Capability {
    /// All of them, in the order of the document.
    pub const ALL: [Self; 14] = [
        Self::HostClose,
        Self::HostTransfer,
        Self::Capacity,
        Self::Password,
        Self::Invite,
        Self::Auth,
        Self::Profile,
        Self::LeaveReason,
        Self::RoomList,
        Self::RoomInfo,
        Self::RateLimit,
        Self::Resume,
        Self::Persist,
        Self::Correlation,
    ];

    /// The name by which a target declares it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HostClose => "host-close",
            Self::HostTransfer => "host-transfer",
            Self::Capacity => "capacity",
            Self::Password => "password",
            Self::Invite => "invite",
            Self::Auth => "auth",
            Self::Profile => "profile",
            Self::LeaveReason => "leave-reason",
            Self::RoomList => "room-list",
            Self::RoomInfo => "room-info",
            Self::RateLimit => "rate-limit",
            Self::Resume => "resume",
            Self::Persist => "persist",
            Self::Correlation => "correlation",
        }
    }

    /// The clauses that bind a target which declares it; none for a capability that the document only names.
    #[must_use]
    pub fn clauses(self) -> &'static [RequirementId] {
        match self {
            Self::HostClose => &[CAP_HOST_CLOSE_01],
            Self::HostTransfer => &[CAP_HOST_TRANSFER_01],
            Self::Capacity => &[CAP_CAPACITY_01],
            Self::Password
            | Self::Invite
            | Self::Auth
            | Self::Profile
            | Self::LeaveReason
            | Self::RoomList
            | Self::RoomInfo
            | Self::RateLimit
            | Self::Resume
            | Self::Persist
            | Self::Correlation => &[],
        }
    }

    /// The capability that a clause is about, if it is about one.
    #[must_use]
    pub fn of_clause(clause: RequirementId) -> Option<Self> {
        if clause.role() != Role::Capability {
            return None;
        }
        Self::ALL.into_iter().find(|capability| capability.clauses().contains(&clause))
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One capability as a target declares it: its name, and for `capacity` the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    capability: Capability,
    /// The most members of a room; there exactly for [`Capability::Capacity`].
    most: Option<NonZeroU16>,
}

/// A text declares no capability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeclarationError {
    /// No such capability.
    #[error("no capability is called {0:?}; `glare list capabilities` shows them")]
    Unknown(String),
    /// A number is missing or wrong.
    #[error("capacity is declared with the most members of a room, 2 to 65535, such as capacity=8, not {0:?}")]
    NoCapacity(String),
    /// A number where none belongs.
    #[error("{0} is declared by its name alone, not {1:?}")]
    NotCounted(Capability, String),
    /// Two that exclude each other.
    #[error("host-close and host-transfer exclude each other: one ends the room, the other keeps it")]
    Both,
}

impl Declaration {
    /// Which capability it is.
    #[must_use]
    pub fn capability(&self) -> Capability {
        self.capability
    }
}

impl FromStr for Declaration {
    type Err = DeclarationError;

    fn from_str(text: &str) -> Result<Self, DeclarationError> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let found = Capability::ALL.into_iter().find(|capability| capability.name() == name);
        let capability = found.ok_or_else(|| DeclarationError::Unknown(name.to_owned()))?;
        match (capability, value) {
            (Capability::Capacity, value) => {
                let most = value.and_then(|value| value.parse::<NonZeroU16>().ok()).filter(|most| most.get() > 1);
                let most = most.ok_or_else(|| DeclarationError::NoCapacity(text.to_owned()))?;
                Ok(Self { capability, most: Some(most) })
            }
            (_, None) => Ok(Self { capability, most: None }),
            (_, Some(_)) => Err(DeclarationError::NotCounted(capability, text.to_owned())),
        }
    }
}

impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most {
            Some(most) => write!(f, "{}={most}", self.capability),
            None => write!(f, "{}", self.capability),
        }
    }
}

/// All that a target declares: by which rules it is judged, and on which clauses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    declared: [bool; Capability::ALL.len()],
    most: Option<NonZeroU16>,
    dialect: Dialect,
}

impl Profile {
    /// What docs/protocol.md demands of every server: no capability, and no difference.
    pub const CORE: Self = Self { declared: [false; Capability::ALL.len()], most: None, dialect: Dialect::CORE };

    /// Everything that was declared together.
    ///
    /// # Errors
    /// [`DeclarationError::Both`].
    pub fn new(declarations: &[Declaration]) -> Result<Self, DeclarationError> {
        Self::CORE.declaring(declarations)
    }

    /// This and more that was declared.
    ///
    /// # Errors
    /// [`DeclarationError::Both`].
    pub fn declaring(self, declarations: &[Declaration]) -> Result<Self, DeclarationError> {
        let mut profile = self;
        for declaration in declarations {
            profile.declared[declaration.capability as usize] = true;
            profile.most = declaration.most.or(profile.most);
        }
        if profile.has(Capability::HostClose) && profile.has(Capability::HostTransfer) {
            return Err(DeclarationError::Both);
        }
        Ok(profile)
    }

    /// The same of a target that differs in this way.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// Where the target differs.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Whether a clause is judged.
    #[must_use]
    pub fn judges(&self, clause: RequirementId) -> bool {
        self.dialect.reason(clause).is_none()
    }

    /// Reads declarations.
    ///
    /// # Errors
    /// The first text that declares nothing, or [`DeclarationError::Both`].
    pub fn parse(texts: &[String]) -> Result<Self, DeclarationError> {
        Self::new(&texts.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()?)
    }

    /// Whether a capability is declared.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.declared[capability as usize]
    }

    /// The declarations, in the order of the document.
    pub fn declarations(&self) -> impl Iterator<Item = Declaration> {
        let declared = Capability::ALL.into_iter().filter(|capability| self.has(*capability));
        declared.map(|capability| {
            let most = if capability == Capability::Capacity { self.most } else { None };
            Declaration { capability, most }
        })
    }

    /// The most members of a room, if there is a most.
    #[must_use]
    pub fn capacity(&self) -> Option<NonZeroU16> {
        self.most
    }

    /// The model's rules for a server that declares this.
    #[must_use]
    pub fn rules(&self) -> RoomRules {
        let host_leaves = match (self.has(Capability::HostClose), self.has(Capability::HostTransfer)) {
            (true, _) => HostLeaves::CloseRoom,
            (false, true) => HostLeaves::HandOver,
            (false, false) => HostLeaves::Nothing,
        };
        RoomRules { host_leaves, capacity: self.most, ..self.dialect.rules() }
    }

    /// Why a case is of no concern to a target that declares this, if it is of none.
    #[must_use]
    pub fn excludes(&self, case: &Scenario) -> Option<String> {
        if let Some(capability) = case.covers.iter().find_map(|clause| self.lacks(*clause)) {
            return Some(format!("{capability} is not declared"));
        }
        if let Some((clause, reason)) = case.covers.first().and_then(|main| Some((main, self.dialect.excludes(*main)?)))
        {
            return Some(format!("{clause}: {reason}"));
        }
        let most = self.most.filter(|_| !case.covers.contains(&CAP_CAPACITY_01))?;
        let needed = case.peers().len();
        (needed > usize::from(most.get()))
            .then(|| format!("it has {needed} clients, and a room at most {most} members"))
    }

    /// The capability that a clause needs and that is not declared, if that is so.
    #[must_use]
    pub fn lacks(&self, clause: RequirementId) -> Option<Capability> {
        Capability::of_clause(clause).filter(|capability| !self.has(*capability))
    }
}

/// Cases of [`CAP_CAPACITY_01`] for rooms of so many members; none for rooms that no run fills.
#[must_use]
pub fn capacity_cases(most: NonZeroU16) -> Vec<Scenario> {
    let most = usize::from(most.get());
    if most > CAPACITY_FILLED_MAX {
        return Vec::new();
    }
    let joins = |from: usize, to: usize| -> String { (from..to).map(|number| format!("M{number} join r\n")).collect() };
    let full = format!("M0 create r\n{}", joins(1, most));
    let cases = [
        (
            "full",
            "a full room takes nobody, and its members hear nothing",
            format!("{full}X join r\nM0 offer M1\nX join r\n"),
        ),
        (
            "again",
            "a room takes somebody when somebody left",
            format!("{full}X join r\nM1 leave\nX join r\nM1 join r\n"),
        ),
        ("elsewhere", "a full room is no matter to others", format!("{full}X create s\nY join s\nX offer Y\n")),
        ("race", "of two that want the last place, one gets it", {
            let last = joins(1, most - 1);
            format!("M0 create r\n{last}together\n  X join r\n  Y join r\nend\nM0 offer X\nM0 offer Y\n")
        }),
    ];
    let text: String = cases
        .iter()
        .map(|(name, title, steps)| {
            format!("case: cap-capacity-01-{name}\ntitle: {title}\ncovers: {CAP_CAPACITY_01}\n{steps}")
        })
        .collect();
    parse(&text).expect("the tests make all of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_of_a_capability_belongs_to_one() {
        for clause in RequirementId::all().iter().filter(|id| id.role() == Role::Capability) {
            assert!(Capability::of_clause(*clause).is_some(), "{clause}");
        }
    }

    #[test]
    fn declarations_are_read_as_they_are_written() {
        for text in ["host-close", "capacity=2", "correlation"] {
            assert_eq!(text.parse::<Declaration>().unwrap().to_string(), text);
        }
        for (text, culprit) in
            [("host", "host"), ("capacity", "capacity=8"), ("capacity=1", "=1"), ("host-close=2", "name alone")]
        {
            let error = text.parse::<Declaration>().unwrap_err().to_string();
            assert!(error.contains(culprit), "{error}");
        }
        let both = ["host-close".to_owned(), "host-transfer".to_owned()];
        assert_eq!(Profile::parse(&both), Err(DeclarationError::Both));
    }

    #[test]
    fn capacity_cases_are_there_for_every_room_that_a_run_fills() {
        for most in 2..=CAPACITY_FILLED_MAX {
            let most = u16::try_from(most).ok().and_then(NonZeroU16::new).unwrap();
            assert!(capacity_cases(most).iter().any(|case| case.peers().len() > usize::from(most.get())));
        }
        assert!(capacity_cases(NonZeroU16::MAX).is_empty());
    }

    #[test]
    fn the_order_of_the_list_is_that_of_the_enum() {
        for (place, capability) in Capability::ALL.into_iter().enumerate() {
            assert_eq!(capability as usize, place);
        }
    }
}
