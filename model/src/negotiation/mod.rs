//! The peer's rules towards one remote: who offers, what an offer or an answer does, what is stale.
//!
//! One function, [`step()`], takes what the peer knows of the remote ([`Negotiation`]), the [`Strategy`] (a variant of the
//! protocol, as data), the peer's [`Role`] and one [`Event`]; it returns the new state and emits [`Command`]s in the order
//! in which a shell carries them out. It is total: every event has a defined outcome in every state.
//!
//! The signaling states are those of JSEP (RFC 9429, section 3.2) without provisional answers:
//!
//! ```text
//!             Met: Send offer                       Answer: Apply
//!   closed ─────────────────────▶ have-local-offer ─────────────────▶ stable
//!     │ ▲                           │     ▲                           │ ▲ │
//!     │ │ Gone, from every state    │     └── ChangeTracks, IceFailed ┘ │ │
//!     │ └────────────────────       │ Offer, polite: Rollback, Apply    │ │
//!     │                             ▼                                   │ │
//!     └── Offer: Apply ─────▶ have-remote-offer ── Ready: Send answer ──┘ │
//!                                   ▲                                     │
//!                                   └───────────── Offer: Apply ──────────┘
//! ```
//!
//! [`table`] walks the code and writes all of it: `model/tests/snapshots` has the state x event matrix and the diagram.
//!
//! - A description is made, applied locally and sent by one command, so that no remote description comes between.
//! - What the application changes while an offer or an answer is under way waits for `stable`, and is offered then. So
//!   does what a rolled back offer carried. Replacing a track's source needs no offer.
//! - A candidate says by its `ufrag` to which description it belongs. One that comes too early is kept, one that comes
//!   too late is dropped, and nothing is ever added to a description that it is not of.
//! - `disconnected` may pass. After `failed` an offer restarts ICE; if both ends offer one, that is glare like any other.
//!
//! # Leaving and coming back: what a signal has to carry
//!
//! A user id lives as long as its connection, so a member that leaves and comes back has the id it had. The server
//! relays by membership at the moment of relaying. So a signal that A sent to B in B's first stay is delivered in B's
//! second one, if the server happens to serve B's `leave-room` and `join-room` first. It bears the right names, both are
//! members, and A does not know yet.
//!
//! The reference peers therefore number their *meetings*. Each counts how often the server told it of the other: by
//! `user-joined` or in `existingUsers`. A join tells both sides once (ROOM-06, ROOM-07), always before the first signal
//! that follows (ORDER-01, ORDER-02), so both counts are equal whenever a fresh signal arrives. Each signal carries its
//! sender's count; a receiver with another count drops it. No message is added and no reply is waited for. Two details
//! are needed: the count survives the stay (it is kept per user id for as long as the own connection lives), and a
//! notice counts also when it arrives after the peer itself sent `leave-room`, because the other side counted it too.
//!
//! Weaker rules fail, as the checker shows (`model/tests/strategies.rs` pins each, with its shortest counterexample):
//!
//! | signals carry | what happens |
//! |---|---|
//! | nothing | an answer of the earlier stay is applied to the offer of the later one (NEG-03); the pair hangs (NEG-06) |
//! | an answer names its offer | a stale offer is accepted; the fresh one is then applied to the connection that the stale one built (NEG-06) |
//! | and offers name their connection | heals, as the fresh offer resets the connection; still a stale offer was answered (NEG-07) |
//! | the sender's meeting number | every property holds |
//! | the same, not counted while outside | the two counts differ after a join that crosses a leave, for ever (NEG-06) |
//!
//! So the meeting number alone is enough for leave and rejoin. [`Strategy::REFERENCE`] carries all three. It repairs a
//! failed connection by a restart of ICE and never replaces it within a meeting, so the model does not show that the
//! other two are needed beside the meeting number; they cost nothing and hold against peers that do replace it.
//!
//! What counts as stale is judged in the model by another bookkeeping: the world numbers the meetings of each two members
//! by whom the server lets in where, and every signal under way bears the number that its sender had been told last. No
//! rule reads that. So that the peers' counts agree exactly when the stays do is proved, not assumed, and NEG-07 kills the
//! rules that count otherwise: forgetting the count with the stay, or keeping only its last bit. Under the reference the
//! world's numbers are those of the peers, so that they add no states.
//!
//! What the meeting number asks of a server: exactly one notice for each join. Towards a server that announces twice or
//! not at all (ROOM-07), it is less forgiving than the connection number.

mod event;
mod state;
mod step;
mod strategy;
pub mod table;

pub use event::{Command, Event, Ignored, Role, Side};
pub use state::{Description, Ice, Negotiation, Signaling};
pub use step::step;
pub use strategy::{
    Answers, Candidates, Connections, FirstOffer, Glare, Meetings, Recovery, Rollback, Setup, Strategy,
};
