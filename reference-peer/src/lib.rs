//! The reference peer of the room signaling protocol (docs/protocol.md): it joins a room on any server that speaks one of the
//! two wires, and keeps one `RTCPeerConnection` for each remote member. It is a shell: every decision is made by
//! [`glare_model::negotiation`], and what is written here moves bytes, time and ids.
//!
//! ```no_run
//! use glare_peer::{native::{Media, NativeFactory}, report::Report, session::{Config, Session, Wish}, signaling::Endpoint};
//! # async fn example() -> Result<(), glare_peer::signaling::EndpointError> {
//! let server: Endpoint = "http://127.0.0.1:3000".parse()?;
//! let config = Config::new("kitchen", "Ada");
//! let mut session = Session::start(config, server, NativeFactory::new(Media::Synthetic));
//! while let Some(report) = session.next().await {
//!     if let Report::ChannelOpened { .. } = report {
//!         session.wish(Wish::Chat("hello".into())).await;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! How it is built: a [session](session::Session) has one task for the signaling connection, one for itself and one for each
//! remote. Events of one remote are handled one at a time, and the commands of each are carried out to the end before the
//! next. Every event and command is recorded ([`trace`]), and the record is judged by the model ([`judge`]).

pub mod examine;
pub mod judge;
pub mod limits;
pub mod local;
pub mod native;
pub mod payload;
mod remote;
pub mod report;
pub mod rtc;
pub mod session;
pub mod signaling;
pub mod table;
pub mod trace;
