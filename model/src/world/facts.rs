//! What a step or a state shows. Found by looking, without calling the rules.

macro_rules! facts {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {
        /// One observation. Which of them are violations is for [`super::PROPERTIES`] to say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fact {
            $($(#[$doc])+ $name),+
        }

        impl Fact {
            /// All facts.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

facts! {
    /// A room lists a connection that is elsewhere, or the other way round.
    GhostMember,
    /// A room lists a connection that has ended.
    EndedMember,
    /// The server served a create or join of a member.
    SecondRoomAsked,
    /// The connection of a member ended, and the server noticed.
    MemberEnded,
    /// A create succeeded although the room had members.
    TakenRoomCreated,
    /// A create was refused because the room exists.
    TakenRoomRefused,
    /// A join succeeded although the room had no members.
    MissingRoomJoined,
    /// A join was refused because there is no such room.
    MissingRoomRefused,
    /// The server served a create of a free room by a caller in no room.
    CreateServed,
    /// That create did not make the caller the only member, or somebody else heard of it.
    CreateFailed,
    /// The server served a request with an invalid room id.
    InvalidServed,
    /// That request was not just refused.
    InvalidAccepted,
    /// A create or join of a member changed something, or was told to somebody.
    SecondRoomGranted,
    /// The server served a leave of a caller in no room.
    IdleLeave,
    /// That leave had an effect.
    IdleLeaveActed,
    /// The last member of a room left.
    LastMemberLeft,
    /// A create was refused although the room had no members.
    EndedRoomRefused,
    /// A create was refused while the ack of the create that came first was under way.
    CreatesRaced,
    /// A create succeeded while the ack of another one of that room was under way.
    CreatedTwice,
    /// A join's list holds the joiner or a duplicate, or is not the members.
    WrongList,
    /// A join's list went out with somebody in it.
    ListSent,
    /// A peer was told of the joining of somebody it knows to be there.
    DuplicateAnnouncement,
    /// A peer was told of somebody's joining.
    AnnouncementHeard,
    /// At rest, a peer does not know of a fellow member.
    MissedArrival,
    /// At rest, a peer believes in a fellow member that is not.
    MissedDeparture,
    /// A peer was told of a departure.
    DepartureHeard,
    /// A notice of a room was sent to a connection that is not in it.
    NoticeToOutsider,
    /// A notice of a room was sent while there was an outsider.
    NoticePastOutsider,
    /// A peer got a signal of somebody it does not know to be there.
    SignalOfStranger,
    /// A peer got a signal of a fellow member.
    SignalHeard,
    /// A joiner was sent something of the room before its ack.
    BeforeAck,
    /// A joiner was sent something of the room while its ack was under way.
    NoticeBehindAck,
    /// Of two signals of one sender to one target, the later was served first.
    SignalsReordered,
    /// A signal was served while another one of that sender to that target waited.
    SignalsInARow,
    /// Two members were sent the joins and leaves of others in different orders.
    NoticesDiffer,
    /// Two members had the same two notices on their way.
    NoticesAlike,
    /// The server served a signal to a fellow member.
    FellowSignal,
    /// That signal was not delivered exactly once, to its target only.
    Misdelivered,
    /// A signal was relayed with the payload that was sent.
    PayloadKept,
    /// A signal was relayed with another kind or payload than was sent.
    PayloadChanged,
    /// A signal was relayed under its sender's id.
    FromStamped,
    /// A signal was relayed under another id.
    FromForged,
    /// The server served a signal that is undeliverable.
    UndeliverableServed,
    /// An undeliverable signal was not answered with one error, to its sender.
    UndeliverableUnanswered,
    /// The server served a signal to its own sender.
    SignalToSelf,
    /// It was delivered.
    RelayedToSelf,
    /// A signal of a member reached somebody outside its room.
    RelayedAcrossRooms,
    /// The server served a member's signal to a user outside its room.
    SignalAcrossRooms,
    /// A signal of a sender in no room reached somebody.
    RelayedFromNoRoom,
    /// The server served a signal of a sender in no room.
    SignalFromNoRoom,
    /// A signal to a room's name reached somebody.
    RelayedByRoomName,
    /// The server served a signal to a room's name.
    SignalToRoomName,
    /// A client connected again while the server still knew its earlier connection.
    ReconnectedEarly,
    /// It got the id of that connection.
    IdShared,
    /// A client connected again.
    ReconnectedAnew,
    /// It got the id that it had had.
    IdReused,
    /// The server's process ended.
    Crashed,
    /// The server served a request without an ack callback.
    AcklessServed,
    /// A live peer connection was overwritten and is out of reach.
    Orphaned,
    /// An offer arrived where a connection exists already.
    OfferToExisting,
    /// Of two crossing offers not the lower id's survived.
    WrongSurvivor,
    /// Two offers crossed.
    Glare,
    /// An answer was applied, or tried, where no offer of it waits.
    AnswerMisapplied,
    /// An answer was applied to the offer that it answers.
    AnswerApplied,
    /// At rest, a peer has a connection to somebody it does not believe to be there.
    ConnectionKept,
    /// A peer that had a connection to a member was told of the member's departure.
    ConnectionClosed,
    /// At rest, two members of one room are not connected.
    Unconnected,
    /// At rest, two members of one room are connected.
    Connected,
    /// A signal of an earlier stay was applied or kept.
    StaleApplied,
    /// A signal of an earlier stay arrived.
    StaleHeard,
    /// A candidate arrived before the description that it belongs to.
    CandidateEarly,
    /// That candidate was not kept, or not added when its description was applied.
    CandidateLost,
    /// A candidate was added to a description that it does not belong to.
    CandidateMisapplied,
    /// At rest, what the application changed was never offered.
    ChangeForgotten,
    /// A new connection's first description was applied or made.
    FirstDescription,
    /// That was before its handlers were in place.
    HandlersLate,
    /// That was before its tracks were added.
    TracksLate,
    /// The stay or the connection of a peer ended that had built connections.
    StayEnded,
    /// Not all of them were closed.
    LeftBehind,
    /// At rest, more than one connection to a member is open, or one to somebody else.
    Leaked,
    /// The host of a room with other members left, where that closes the room.
    HostLeft,
    /// The members of a closed room were not told once each, or are still recorded to be in it.
    RoomHalfClosed,
    /// The host of a room with other members left, where that makes another one host.
    HostHandedOver,
    /// The members were not told once each.
    HostUntold,
    /// A join was refused because the room is full.
    FullRoomRefused,
    /// A join of a full room was not just refused.
    FullRoomJoined,
}

/// A set of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts(u128);

impl Facts {
    /// Whether the fact is in the set.
    #[must_use]
    pub fn contains(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u32) != 0
    }

    /// Adds a fact.
    pub fn add(&mut self, fact: Fact) {
        self.0 |= 1 << fact as u32;
    }

    /// Adds a fact if the condition holds.
    pub fn add_if(&mut self, condition: bool, fact: Fact) {
        self.0 |= u128::from(condition) << fact as u32;
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in either set.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The facts of the set, in the order of [`Fact::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.iter().copied().filter(move |fact| self.contains(*fact))
    }
}

impl FromIterator<Fact> for Facts {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Self {
        let mut set = Self::default();
        facts.into_iter().for_each(|fact| set.add(fact));
        set
    }
}

const _: () = assert!(Fact::ALL.len() <= 128, "facts are the bits of a u128");
