//! What a target may differ in, and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! rule {
    ($(#[$about:meta])* $name:ident { $(#[$first_about:meta])* $first:ident $(, $(#[$other_about:meta])* $other:ident)* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $(#[$first_about])*
            #[default]
            $first,
            $($(#[$other_about])* $other,)*
        }
    };
}

rule!(
    /// What a member gets that asks for another room.
    SecondRoomRule {
        /// It is refused (ROOM-04).
        Refused,
        /// It leaves the first room and enters the second.
        Moves,
        /// It is in both.
        Several,
        /// It cannot be asked on this wire.
        Impossible,
    }
);
rule!(
    /// How long a room exists.
    RoomsRule {
        /// From its creation until its last member leaves.
        Created,
        /// Whoever enters first makes it: to create and to join are the same.
        Implicit,
        /// There are no rooms: everybody is in the same one from connecting on.
        None,
    }
);
rule!(
    /// What a joiner is told of the members that are there.
    MembersRule {
        /// Their ids, in the answer to its request.
        Listed,
        /// Each, by a notice like that of a joiner.
        Announced,
        /// Nothing.
        Untold,
    }
);
rule!(
    /// Whether members are told who joins and who leaves.
    NoticesRule {
        /// Of both.
        Both,
        /// Of joining only.
        Joins,
        /// Of leaving only.
        Leaves,
        /// Of neither.
        None,
        /// Of neither, but who asks is told who is there: the answer to each fence lists the members.
        Asked,
    }
);
rule!(
    /// Whom a signal reaches.
    ReachRule {
        /// A fellow member.
        FellowMembers,
        /// Whoever is connected under that id.
        Everybody,
    }
);
rule!(
    /// What comes of a signal that reaches nobody.
    UndeliverableRule {
        /// An error to its sender (RELAY-07).
        Error,
        /// Nothing.
        Silent,
    }
);
rule!(
    /// Whether a malformed signal is answered with an error (ERR-01).
    MalformedRule {
        /// It is.
        Error,
        /// It is not; it reaches nobody all the same.
        Silent,
    }
);
