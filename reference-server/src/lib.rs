//! The reference server of the room signaling protocol (docs/protocol.md): Socket.IO v4 and JSON over WebSocket on one
//! port, as a thin shell around [`glare_model::room`]. No rule of the protocol is written here; the shell moves bytes,
//! time and ids.
//!
//! ```no_run
//! # async fn example() -> Result<(), glare_server::BindError> {
//! let server = glare_server::Server::start(glare_server::Config::default()).await?;
//! println!("http://{}", server.addr());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! How it is built: every client has one task, a bounded [outbox](OutboxLimits) and a seat at the hub. A message is read by
//! its connection's task, performed by the rules under the hub's one lock, and what follows from it is queued under the
//! same lock. So state changes and messages have one total order, and a slow reader delays nobody: its outbox
//! overflows, and it is disconnected.

mod config;
mod converse;
mod ending;
mod engine;
mod http;
mod hub;
mod json;
pub mod limits;
mod outbox;
mod random_id;
mod server;
mod shared;
mod web;
mod websocket;

pub use config::Config;
pub use glare_model::room::RoomRules;
pub use outbox::OutboxLimits;
pub use server::{BindError, RunningServer, Server, Stopped};
