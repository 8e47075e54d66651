//! Offers that cross: the negotiation alone, a thousand times, and the shell around it with a strict fake of WebRTC on a network
//! in memory with a virtual clock.

mod core;
mod fake;
mod network;
mod run;
mod shell;
