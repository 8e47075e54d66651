//! Saved traces: NDJSON that `--trace-dir` writes and `glare judge` reads, ours or a third party's.
//!
//! A trace is a header line, then one record a line ([`crate::trace::Record`]). A file may hold several traces, one after
//! the other. docs/trace.schema.json is the schema of a line.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::requirement::RequirementId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    capability::Profile,
    dialect::Dialect,
    limits::TRACE_RECORDS_MAX,
    oracle::{Judgement, judge},
    scenario::Scenario,
    trace::{Entry, Record, Trace},
    transport::ConnectionId,
};

/// The version of the form. It changes when a reader of the old form would be misled.
pub const TRACE_VERSION: u32 = 1;

/// The first line of a trace: what it shows, and by which rules it is to be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of this form: 1. That it is there tells a header from a record.
    pub glare_trace: u32,
    /// The id of the case that was played, any text.
    pub case: String,
    /// What happens in it.
    #[serde(default)]
    pub title: String,
    /// The clauses that the case is there to judge. Others that it shows broken are named as well.
    pub covers: Vec<String>,
    /// How the target speaks, such as `tutorial` or `glare`; for readers.
    #[serde(default)]
    pub binding: String,
    /// Whether nothing can be late in it, for everything happened in one process without a clock.
    #[serde(default)]
    pub exact: bool,
    /// The capabilities that the target declares, such as `host-close` or `capacity=8`. Its rooms follow the rules of the
    /// core profile and of these.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Where the target differs from docs/protocol.md, as its binding declares; absent if nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// How many records follow, so that a trace that was cut off is noticed; null if the writer does not know.
    #[serde(default)]
    pub records: Option<usize>,
}

/// A line of a trace.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it gives the schema its shape; reading tells the two by a member")]
enum Line {
    Header(Header),
    Record(Record),
}

/// A trace with its header.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedTrace {
    /// What was played.
    pub case: Scenario,
    /// How the target speaks.
    pub binding: String,
    /// Whether nothing can be late.
    pub exact: bool,
    /// What was seen.
    pub trace: Trace,
}

/// A text is no trace. Carries the line, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TraceError {
    /// The line at fault, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

impl SavedTrace {
    /// The header line and the records.
    #[must_use]
    pub fn to_ndjson(&self) -> String {
        let header = Header {
            glare_trace: TRACE_VERSION,
            case: self.case.id.clone(),
            title: self.case.title.clone(),
            covers: self.case.covers.iter().map(ToString::to_string).collect(),
            binding: self.binding.clone(),
            exact: self.exact,
            capabilities: self.trace.profile.declarations().map(|one| one.to_string()).collect(),
            dialect: Some(*self.trace.profile.dialect()).filter(|dialect| *dialect != Dialect::CORE),
            records: Some(self.trace.records.len()),
        };
        serde_json::to_string(&header).expect("a header is strings and numbers") + "\n" + &self.trace.to_ndjson()
    }

    /// Judges it, as the run did that it comes from.
    #[must_use]
    pub fn judge(&self) -> Judgement {
        judge(&self.trace, self.exact)
    }

    /// Reads all traces of a text.
    ///
    /// # Errors
    /// The first line that is none of a trace.
    pub fn read_all(text: &str) -> Result<Vec<Self>, TraceError> {
        let mut done = Vec::new();
        let mut open: Option<Reader> = None;
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at = |problem: String| TraceError { line: index + 1, problem };
            // Writers put the member first; a payload that contains it is no header for it is not on the outermost level.
            let header = line.contains("\"glare_trace\"") && is_header(line);
            if header {
                done.extend(open.take().map(Reader::finish).transpose()?);
                open = Some(Reader::begin(line, index + 1).map_err(at)?);
            } else {
                let reader = open.as_mut().ok_or_else(|| at("expected a header with \"glare_trace\":1".to_owned()))?;
                reader.record(line).map_err(at)?;
            }
        }
        done.extend(open.map(Reader::finish).transpose()?);
        if done.is_empty() {
            return Err(TraceError { line: 1, problem: "there is no trace".to_owned() });
        }
        Ok(done)
    }
}

fn is_header(line: &str) -> bool {
    serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(line)
        .is_ok_and(|members| members.contains_key("glare_trace"))
}

/// A trace that is being read.
struct Reader {
    saved: SavedTrace,
    header_line: usize,
    promised: Option<usize>,
    order: Order,
}

impl Reader {
    fn begin(line: &str, number: usize) -> Result<Self, String> {
        let header: Header = serde_json::from_str(line).map_err(|error| without_place(&error))?;
        if header.glare_trace != TRACE_VERSION {
            return Err(format!("this reads version {TRACE_VERSION} of the form, not {}", header.glare_trace));
        }
        let covers: Result<Vec<RequirementId>, _> = header.covers.iter().map(|id| id.parse()).collect();
        let case = Scenario {
            id: header.case,
            title: header.title,
            covers: covers.map_err(|error| error.to_string())?,
            hostile: false,
            phases: Vec::new(),
            source: String::new(),
        };
        let profile = Profile::parse(&header.capabilities).map_err(|error| error.to_string())?;
        let profile = profile.with_dialect(header.dialect.unwrap_or_default());
        let trace = Trace { profile, records: Vec::new() };
        let saved = SavedTrace { case, binding: header.binding, exact: header.exact, trace };
        Ok(Self { saved, header_line: number, promised: header.records, order: Order::default() })
    }

    fn record(&mut self, line: &str) -> Result<(), String> {
        let record: Record = serde_json::from_str(line).map_err(|error| without_place(&error))?;
        self.order.check(&record.entry)?;
        // The driver itself goes beyond the bound by the record that says so.
        if self.saved.trace.records.len() > 2 * TRACE_RECORDS_MAX {
            return Err(format!("more than {} records in one trace", 2 * TRACE_RECORDS_MAX));
        }
        self.saved.trace.records.push(record);
        Ok(())
    }

    fn finish(self) -> Result<SavedTrace, TraceError> {
        let found = self.saved.trace.records.len();
        match self.promised.filter(|promised| *promised != found) {
            Some(promised) => Err(TraceError {
                line: self.header_line,
                problem: format!("the header promises {promised} records, and {found} follow: the trace was cut off"),
            }),
            None => Ok(self.saved),
        }
    }
}

/// serde_json counts lines within the text that it was given, which is always one.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line 1 column").unwrap_or(text.len());
    format!("{}, at column {}", &text[..end], error.column())
}

/// What makes a sequence of records one that a driver can have seen.
#[derive(Default)]
struct Order {
    phases: usize,
    opened: BTreeSet<ConnectionId>,
    asked: BTreeSet<(ConnectionId, u64)>,
    fences: BTreeMap<ConnectionId, usize>,
}

impl Order {
    fn check(&mut self, entry: &Entry) -> Result<(), String> {
        if let Entry::Phase { phase } = entry {
            if *phase != self.phases {
                return Err(format!("phases count from 0: expected phase {}, not {phase}", self.phases));
            }
            self.phases += 1;
            return Ok(());
        }
        if self.phases == 0 {
            return Err("expected a record of kind phase first".to_owned());
        }
        let Some(connection) = entry.connection() else { return Ok(()) };
        if let Entry::Opened { .. } = entry {
            let new = self.opened.insert(connection);
            return if new { Ok(()) } else { Err(format!("connection {} was opened before", connection.0)) };
        }
        if !self.opened.contains(&connection) {
            return Err(format!("connection {} was not opened", connection.0));
        }
        self.check_round_trips(connection, entry)
    }

    fn check_round_trips(&mut self, connection: ConnectionId, entry: &Entry) -> Result<(), String> {
        match entry {
            Entry::Sent { ack: Some(ack), .. } | Entry::Fence { ack, .. } => {
                // A marker is a signal, and has no ack.
                let marker = matches!(entry, Entry::Fence { receiver: Some(_), .. });
                if !marker && !self.asked.insert((connection, *ack)) {
                    return Err(format!("connection {} asked for ack {ack} before", connection.0));
                }
                if matches!(entry, Entry::Fence { .. }) {
                    *self.fences.entry(connection).or_default() += 1;
                }
            }
            Entry::Fenced { .. } | Entry::FenceLost { .. } => {
                let open = self.fences.get_mut(&connection).filter(|open| **open > 0);
                *open.ok_or_else(|| format!("connection {} has no open fence", connection.0))? -= 1;
            }
            Entry::Phase { .. }
            | Entry::Opened { .. }
            | Entry::OpenFailed { .. }
            | Entry::Sent { ack: None, .. }
            | Entry::SentBroken { .. }
            | Entry::SentRaw { .. }
            | Entry::Knocked { .. }
            | Entry::Ending { .. }
            | Entry::Received { .. }
            | Entry::Acked { .. }
            | Entry::Ended { .. }
            | Entry::Missed { .. }
            | Entry::Waited { .. }
            | Entry::Unsayable { .. }
            | Entry::GaveUp { .. } => {}
        }
        Ok(())
    }
}

/// The schema of a line, as JSON text.
#[must_use]
pub fn schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Line)).expect("a schema is JSON") + "\n"
}
