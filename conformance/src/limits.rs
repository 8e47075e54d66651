//! Every bound of the runner, in one place.

use std::time::Duration;

/// How long to wait for something that the protocol promises, unless `--timeout-ms` says otherwise.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_millis(2_000);
/// A missing event that no fence can vouch for has to be missing again with this many times the timeout.
pub const TIMEOUT_RETRY_FACTOR: u32 = 4;
/// Without a fence nothing may have come for this many times the slow end of the target's own round trips.
pub const QUIET_FACTOR: u32 = 10;
/// The percentile that counts as the slow end.
pub const QUIET_PERCENTILE: usize = 99;
/// The least to wait for without a fence: a scheduler's hiccup is no answer.
pub const QUIET_FLOOR: Duration = Duration::from_millis(40);
/// Round trips that have to be known before a bound is derived from them.
pub const LATENCY_SAMPLES_MIN: usize = 8;
/// Round trips that are remembered, the last ones.
pub const LATENCY_SAMPLES_MAX: usize = 1_024;
/// Rounds of fences in one phase, while things keep arriving of a target's own accord.
pub const FENCE_ROUNDS_MAX: usize = 6;
/// The first pause between two questions who is there, where an end has to be noticed; each pause is twice the one before.
pub const PROBE_PAUSE_MIN: Duration = Duration::from_millis(2);
/// The longest of these pauses.
pub const PROBE_PAUSE_MAX: Duration = Duration::from_millis(200);
/// Runs on fresh connections and with all fences that a failure on reused ones has to show up in at least once.
pub const CONFIRMATIONS_MAX: u32 = 10;
/// Idle connections that wait for the next scenario.
pub const POOL_CONNECTIONS_MAX: usize = 256;
/// How long a waiting connection has to take up another scenario; otherwise a new one is opened.
pub const ATTACH_TIMEOUT: Duration = Duration::from_millis(250);
/// How long the end of a connection that a step ended is waited for, where the target takes its time with the farewell.
pub const FAREWELL_TIMEOUT: Duration = Duration::from_millis(250);
/// Bytes that are written to a connection in one go while more commands wait for it.
pub const CORK_BYTES_MAX: usize = 64 << 10;
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
/// The bytes of a room's id that fit into an address, where a room is entered by connecting.
pub const ADDRESS_ROOM_BYTES_MAX: usize = 4_096;
/// The receive buffer of a connection that stops reading, in bytes: small, so that its server notices soon.
pub const FROZEN_RECEIVE_BUFFER_BYTES: u32 = 4_096;
/// Bytes that one step writes past every library: more than a transport message may have.
pub const RAW_BYTES_MAX: usize = 2_000_000;
/// How long the answer to bytes that no library sends is waited for: the end of their connection.
pub const RAW_TIMEOUT: Duration = Duration::from_millis(250);
/// The answer to the request that opens a polling session, in bytes.
pub const SESSION_ANSWER_BYTES_MAX: usize = 16 << 10;
/// Steps in one scenario, and steps in flight at the same time.
pub const STEPS_MAX: usize = 10_000;
/// Steps of a random scenario that are sent without waiting.
pub const RACING_STEPS_MAX: usize = 6;
/// Inputs in one generated tour. Shorter ones cost more connections; longer ones hide more behind a failure.
pub const TOUR_INPUTS_MAX: usize = 60;
/// Races in one generated scenario. Fewer cost more connections; more hide behind a failure.
pub const RACES_PER_SCENARIO_MAX: usize = 14;
/// How often a race that may come out in two ways is repeated, with the other order of writing first and then in turn.
pub const RACE_REPEATS: usize = 3;
/// States more than the rules that a complete suite is made for; the number of its scenarios grows tenfold with each.
pub const EXTRA_STATES_MAX: usize = 2;
/// States that may explain one part of a trace at one record; beyond it a verdict is inconclusive.
pub const FRONTIER_STATES_MAX: usize = 16_384;
/// Steps of the model that are tried for one record; beyond it a verdict is inconclusive, and nothing is certain to come.
pub const FRONTIER_STEPS_MAX: usize = 65_536;
/// Explanations that are followed at the same time where clauses have to be taken for broken: the cheapest.
pub const FRONTIER_REPAIRS_MAX: usize = 64;
/// Messages that a report lists as what could have come instead of something.
pub const FRONTIER_ALLOWED_MAX: usize = 8;
/// States of a running scenario's frontier beyond which the driver steps it beside other tasks.
pub const FORECAST_STATES_BRISK: usize = 4;
/// Steps of the model that are tried to count the outcomes of one phase.
pub const OUTCOMES_STEPS_MAX: usize = 65_536;
/// Scenarios side by side, unless `--jobs` says otherwise.
pub const JOBS_DEFAULT: usize = 8;
/// The most that `--jobs` accepts.
pub const JOBS_MAX: usize = 256;
/// Ping interval and timeout of the embedded reference server: short, so that ROOM-13 takes no time.
pub const EMBEDDED_HEARTBEAT: (Duration, Duration) = (Duration::from_millis(400), Duration::from_millis(400));
/// How long an adapter has to say that it is ready.
pub const ADAPTER_READY_TIMEOUT: Duration = Duration::from_secs(10);
/// How often an adapter is asked whether it lives.
pub const ADAPTER_PING_INTERVAL: Duration = Duration::from_millis(500);
/// For how long an adapter may not answer that.
pub const ADAPTER_SILENCE_MAX: Duration = Duration::from_secs(5);
/// Lines that wait to be read by an adapter.
pub const ADAPTER_QUEUE: usize = 1_024;
/// The longest line of an adapter, in bytes.
pub const ADAPTER_LINE_BYTES_MAX: usize = 8 << 20;
/// As much of what an adapter wrote to its standard error is shown where it fails, in bytes.
pub const ADAPTER_WORDS_BYTES_MAX: usize = 4 << 10;
/// Rooms whose ids a server chose, and users of several names, that are remembered, the last ones: more than the scenarios
/// have that run side by side.
pub const NAMES_REMEMBERED_MAX: usize = 16_384;
/// The largest answer of an HTTP prelude, in bytes.
pub const PRELUDE_BYTES_MAX: usize = 64 << 10;
/// The same where every byte is compared: a connection that a busy machine lets go silent would be a difference.
pub const SNAPSHOT_HEARTBEAT: (Duration, Duration) = (Duration::from_millis(1_000), Duration::from_millis(4_000));
/// Clients of a random scenario.
pub const RANDOM_CLIENTS_MAX: usize = 5;
/// Rooms of a random scenario.
pub const RANDOM_ROOMS_MAX: usize = 3;
/// Phases of a random scenario, apart from reconnects.
pub const RANDOM_BEATS_MAX: usize = 20;
/// States of the server that a random scenario leaves possible before it makes up its mind.
pub const RANDOM_WORLDS_MAX: usize = 4;
/// Courses that the racing steps of one phase of a random scenario may take, so that no oracle gives up.
pub const RANDOM_COURSES_MAX: usize = 1_024;
/// Candidates for each random scenario, of which the one is kept that takes most new transitions.
pub const RANDOM_CANDIDATES: usize = 4;
/// Drafts of random scenarios that wait to be written.
pub const RANDOM_DRAFTS_MAX: usize = 64;
/// Random scenarios in a run, unless `--cases` says otherwise.
pub const RANDOM_CASES_DEFAULT: usize = 1_000;
/// The most that `--cases` accepts.
pub const RANDOM_CASES_MAX: usize = 1_000_000;
/// Hostile scenarios by chance in a run, unless `--cases` says otherwise.
pub const HOSTILE_CASES_DEFAULT: usize = 40;
/// States beyond the model's for which the complete suite is complete, unless `--extra-states` says otherwise.
pub const EXTRA_STATES_DEFAULT: usize = 1;
/// The most parts that `--shard` cuts a run into.
pub const SHARDS_MAX: u64 = 10_000;
/// The longest `--budget`.
pub const BUDGET_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Cases that the console names where many share one finding; the JSON report names all.
pub const NAMES_SHOWN_MAX: usize = 12;
/// Scenarios that the shrinking of one failure tries.
pub const SHRINK_ATTEMPTS_MAX: usize = 400;
/// After this time the shrinking of one failure begins no further attempt.
pub const SHRINK_TIME_MAX: Duration = Duration::from_secs(10);
/// A candidate waits for as much less long than the run that found the failure.
pub const SHRINK_TIMEOUT_DIVISOR: u32 = 4;
/// And no less long than this.
pub const SHRINK_TIMEOUT_MIN: Duration = Duration::from_millis(100);
/// How often each candidate is tried where the failure does not always happen.
pub const SHRINK_TRIES_MAX: usize = 4;
/// How often a failure is run to say how often it happens, before and after it is shrunk.
pub const REPRODUCTIONS: usize = 5;
/// Failures that one run shrinks.
pub const SHRUNK_FAILURES_MAX: usize = 3;
/// How often `glare replay` runs a case, unless `--times` says otherwise.
pub const REPLAY_TIMES_DEFAULT: usize = 3;
/// The most that `glare replay --times` accepts.
pub const REPLAY_TIMES_MAX: usize = 10_000;
/// The largest file of saved traces, in bytes.
pub const TRACE_FILE_BYTES_MAX: usize = 256 << 20;
/// The most that `glare check --threads` accepts.
pub const THREADS_MAX: usize = 16;
/// The most threads that explore unless `--threads` says otherwise.
pub const THREADS_DEFAULT_MAX: usize = 4;
/// Pause between two looks whether the page of `glare check --explore` is there.
pub const EXPLORER_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The largest declared capacity whose rooms a run fills.
pub const CAPACITY_FILLED_MAX: usize = 64;
/// Broken clauses whose transcript the Markdown report shows: a step summary may have 1 MiB.
pub const MARKDOWN_TRANSCRIPTS_MAX: usize = 24;
/// Bytes of diagrams and payloads in the HTML report; failures beyond are shown without.
pub const HTML_DIAGRAMS_BYTES_MAX: usize = 256 << 10;
/// The largest JSON report that `glare report` reads, in bytes.
pub const REPORT_FILE_BYTES_MAX: u64 = 256 << 20;
/// Characters of one text in a snapshot; longer ones are told by their length and hash.
pub const SNAPSHOT_TEXT_CHARS_MAX: usize = 400;
/// Ids that are shorter are not looked for within longer texts of a snapshot.
pub const SNAPSHOT_ID_CHARS_MIN: usize = 6;
/// Rows of one sequence diagram; longer ones are cut in the middle.
pub const DIAGRAM_ROWS_MAX: usize = 40;
/// Bytes of the smallest form of a failure that the HTML report shows; a longer one is in the JSON report.
pub const HTML_SHRUNK_BYTES_MAX: usize = 8 << 10;
/// Payloads that the HTML report shows of one failure.
pub const HTML_PAYLOADS_MAX: usize = 24;
/// Characters of one payload there.
pub const HTML_PAYLOAD_CHARS_MAX: usize = 1_200;
