//! What happens between a peer and one remote, and what the peer does about it.

use super::Description;
use crate::message::SignalKind;

/// A peer's role towards one remote, by the order of their ids (perfect negotiation's polite and impolite).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The lower id: its offer survives glare.
    Impolite,
    /// The higher id: it rolls back.
    Polite,
}

impl Role {
    /// The role of `local` towards `remote`.
    #[must_use]
    pub fn between<I: Ord>(local: &I, remote: &I) -> Self {
        if local > remote { Self::Polite } else { Self::Impolite }
    }
}

/// How a peer came to meet a remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It was in the room, and got `user-joined`.
    Resident,
    /// It joined, and found the remote in `existingUsers`.
    Joiner,
    /// It got `user-joined` after it had left.
    Outside,
}

/// Something that happens between a peer and one remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// The server told the peer of the remote.
    Met(Side),
    /// The remote left, or the peer itself does (NEG-05).
    Gone,
    /// An offer arrived.
    Offer(Description),
    /// An answer arrived.
    Answer(Description),
    /// A candidate arrived.
    Candidate(Description),
    /// What [`Command::Prepare`] asked for is done: the answer can be made.
    Ready,
    /// The local ICE agent found a candidate.
    Gathered,
    /// The application added or removed a track.
    ChangeTracks,
    /// The application put another source into a track's place.
    ReplaceTrack,
    /// ICE works.
    IceConnected,
    /// ICE stopped working, and may recover.
    IceDisconnected,
    /// ICE gave up.
    IceFailed,
    /// The data channel opened.
    ChannelOpened,
}

/// Something that a peer does in answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Build a peer connection, with a data channel of a fixed id at both ends.
    Build,
    /// Put the handlers of tracks, candidates and states in place (NEG-08).
    Attach,
    /// Add the local tracks (NEG-08).
    AddTracks,
    /// Close the peer connection.
    Close,
    /// Lose the reference to a live peer connection. Only faulty variants do this.
    Orphan,
    /// Roll the own offer back (RFC 9429, section 4.1.10.2), explicitly: not every implementation does it by itself.
    Rollback,
    /// Apply a remote description.
    Apply(SignalKind, Description),
    /// Let the application do what it does before an answer, and report [`Event::Ready`].
    Prepare,
    /// Restart ICE with the next offer.
    Restart,
    /// Make a description, apply it locally and send it; or send the candidate that was found.
    Send(SignalKind, Description),
    /// Add the candidate that arrived.
    Add(Description),
    /// Keep the candidate that arrived (NEG-04).
    Keep(Description),
    /// Add all candidates that are kept.
    Release,
    /// Forget all candidates that are kept (NEG-05).
    Discard,
    /// Replace the track's source. No description changes.
    Replace,
    /// Try what the connection's state forbids: `InvalidStateError`. Only faulty variants do this.
    Fail(SignalKind, Description),
    /// Do nothing, for a reason.
    Ignore(Ignored),
}

/// Why a signal or a wish has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// It is of another meeting (NEG-07).
    Stale,
    /// Its offer crossed ours, and ours survives (NEG-02).
    LostGlare,
    /// It answers no offer that waits (NEG-03).
    NotOutstanding,
    /// The candidate belongs to a description that was replaced or rolled back.
    Superseded,
    /// More candidates are kept than the limit allows.
    TooMany,
    /// There is no connection that it could concern.
    NoConnection,
}
