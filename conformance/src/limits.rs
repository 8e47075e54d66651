//! Every bound of the runner, in one place.

use std::time::Duration;

/// How long to wait for something that the protocol promises, unless `--timeout-ms` says otherwise.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_millis(2_000);
/// A missing event that no fence can vouch for has to be missing again with this many times the timeout.
pub const TIMEOUT_RETRY_FACTOR: u32 = 4;
/// What a server may need beyond its advertised ping interval and timeout to notice a silent connection (ROOM-13).
pub const HEARTBEAT_SLACK: Duration = Duration::from_millis(1_000);
/// The longest that ROOM-13 waits, whatever a server advertises.
pub const HEARTBEAT_WAIT_MAX: Duration = Duration::from_secs(120);
/// How long a server that `--process` started has until it accepts connections.
pub const PROCESS_READY_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a started server has to end after it was asked to, before it is killed.
pub const PROCESS_STOP_TIMEOUT: Duration = Duration::from_secs(3);
/// How often one run restarts a server that dies.
pub const PROCESS_RESTARTS_MAX: u32 = 200;
/// Messages received on all connections of a scenario that wait to be recorded.
pub const INCOMING_QUEUE: usize = 4_096;
/// Messages of one connection that wait to be sent.
pub const OUTGOING_QUEUE: usize = 1_024;
/// The largest message that is accepted from a target, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// Received messages in one trace; beyond it the scenario ends as inconclusive.
pub const TRACE_RECORDS_MAX: usize = 100_000;
/// The receive buffer of a connection that stops reading, in bytes: small, so that its server notices soon.
pub const FROZEN_RECEIVE_BUFFER_BYTES: u32 = 4_096;
/// Steps in one scenario, and steps in flight at the same time.
pub const STEPS_MAX: usize = 10_000;
/// Steps that may be under way at the same time where the model has to try every order.
pub const RACING_STEPS_MAX: usize = 6;
/// Inputs in one generated tour. Shorter ones cost more connections; longer ones hide more behind a failure.
pub const TOUR_INPUTS_MAX: usize = 60;
/// Candidate states of the model oracle; beyond it a verdict is inconclusive.
pub const CANDIDATES_MAX: usize = 4_096;
/// Scenarios side by side, unless `--jobs` says otherwise.
pub const JOBS_DEFAULT: usize = 8;
/// The most that `--jobs` accepts.
pub const JOBS_MAX: usize = 256;
/// Ping interval and timeout of the embedded reference server: short, so that ROOM-13 takes no time.
pub const EMBEDDED_HEARTBEAT: (Duration, Duration) = (Duration::from_millis(400), Duration::from_millis(400));
/// The most that `glare check --threads` accepts.
pub const THREADS_MAX: usize = 64;
/// Random scenarios in a run, unless `--cases` says otherwise.
pub const RANDOM_CASES_DEFAULT: usize = 1_000;
/// The most that `--cases` accepts.
pub const RANDOM_CASES_MAX: usize = 1_000_000;
/// States beyond the model's for which the complete suite is complete, unless `--extra-states` says otherwise.
pub const EXTRA_STATES_DEFAULT: usize = 1;
/// The most that `--extra-states` accepts: the suite grows with the number of inputs to this power.
pub const EXTRA_STATES_MAX: usize = 2;
/// The most parts that `--shard` cuts a run into.
pub const SHARDS_MAX: u64 = 10_000;
/// The longest `--budget`.
pub const BUDGET_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Cases that the console names where many share one finding; the JSON report names all.
pub const NAMES_SHOWN_MAX: usize = 12;
/// The largest answer of an HTTP prelude, in bytes.
pub const PRELUDE_BYTES_MAX: usize = 64 << 10;
