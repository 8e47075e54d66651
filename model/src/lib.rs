//! The rules of WebRTC room signaling, and nothing else.
//!
//! Everything here is a pure function of its inputs: no runtime, no clock, no randomness, no I/O. What a rule needs of
//! the outside (a fresh user id, the time of a notice) is an input. Three users share each rule:
//!
//! - the reference server executes [`room::step`],
//! - the model checker explores it ([`world`], [`explore`]),
//! - the conformance suite's model oracle steps it beside a real server.
//!
//! The protocol in words is docs/protocol.md; [`requirement`] ties its clause ids to the code.

pub mod explore;
pub mod findings;
pub mod id;
pub mod limits;
pub mod message;
pub mod negotiation;
pub mod requirement;
pub mod room;
pub mod wire;
pub mod world;
