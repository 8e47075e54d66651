//! Glare's conformance runner: it plays scenarios against a signaling server, records what the wire shows, and says,
//! clause by clause, what the server breaks and how to reproduce it.
//!
//! ```text
//! scenario (data) -> driver -> transport -> trace -> oracle -> verdict -> report
//! ```

mod again;
mod aside;
pub mod baseline;
pub mod binding;
pub mod capability;
pub mod cli;
pub mod dialect;
pub mod driver;
pub mod fence;
mod forecast;
pub mod latency;
pub mod limits;
pub mod observation;
pub mod oracle;
pub mod pool;
pub mod port;
pub mod process;
pub mod report;
pub mod run;
pub mod saved;
pub mod scenario;
mod shard;
pub mod shrink;
pub mod snapshot;
pub mod suite;
pub mod target;
pub mod trace;
pub mod transport;
pub mod verdict;
