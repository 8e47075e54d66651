//! The server's rules: who is in which room, and who hears of what.
//!
//! One function, [`step()`], takes a [`Directory`] (where everybody is), the [`RoomRules`] (the variant of the protocol)
//! and one [`Input`], changes the directory and emits [`Effect`]s in the order in which the server sends them. It is total:
//! every input has a defined outcome. Each effect carries the clause that demands it.
//!
//! The caller serialises inputs. A server holds one lock around a step and the enqueueing of its effects; that lock is
//! the total order that the model checker explores.

mod directory;
pub mod invariants;
mod rules;
mod step;

pub(crate) use directory::Presence;
pub use directory::{Directory, HashDirectory, SmallDirectory};
pub use rules::{Entry, HostLeaves, Identity, MissingAck, Relay, RoomRules, SecondRoom, SelfSignal};
pub use step::{Effect, Input, step};
