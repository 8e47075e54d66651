//! What is wrong, cause by cause, each with the failures that show it.

use std::collections::BTreeSet;

use askama::Template;
use glare_model::requirement::Level;

use super::diagram::{Diagram, draw};
use crate::{
    limits::{
        HTML_DIAGRAMS_BYTES_MAX, HTML_PAYLOAD_CHARS_MAX, HTML_PAYLOADS_MAX, HTML_SHRUNK_BYTES_MAX, NAMES_SHOWN_MAX,
    },
    oracle::story::Story,
    report::{
        Run,
        lanes::cut,
        page::{Prose, prose},
        plain::in_plain_words,
        triage::{Cause, Instance},
    },
    run::CaseResult,
    trace::{Entry, Trace},
};

pub(super) struct CauseView {
    pub(super) id: &'static str,
    pub(super) level: String,
    pub(super) is_must: bool,
    pub(super) wrong: &'static str,
    pub(super) so: &'static str,
    pub(super) clause: Prose,
    pub(super) cases: usize,
    pub(super) shapes: Vec<(String, String, usize)>,
    pub(super) first: FailureView,
    pub(super) others: Vec<FailureView>,
    /// Cases that are told under the clause that they broke first.
    pub(super) elsewhere: Vec<String>,
    /// How many more of those there are.
    pub(super) elsewhere_more: usize,
}

pub(super) struct FailureView {
    /// The page's anchor; none where the case has one already.
    pub(super) anchor: Option<String>,
    pub(super) case: String,
    pub(super) title: String,
    pub(super) expected: String,
    pub(super) actual: String,
    pub(super) evidence: &'static str,
    pub(super) replay: String,
    /// The small form of the failure, if one was looked for.
    pub(super) shrunk: Option<String>,
    /// Empty where the page would become too large.
    pub(super) diagram: String,
    pub(super) payloads: Vec<PayloadView>,
}

pub(super) struct PayloadView {
    pub(super) number: usize,
    pub(super) way: String,
    pub(super) event: String,
    pub(super) json: String,
}

/// What was told so far: each case once, and as many diagrams as the page may have.
pub(super) struct Told<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) shown: BTreeSet<String>,
    pub(super) bytes: usize,
}

impl Told<'_> {
    pub(super) fn first(&mut self, cause: &Cause<'_>) -> FailureView {
        self.failure(*cause.instances.first().expect("a cause shows somewhere"))
    }

    pub(super) fn cause(&mut self, cause: &Cause<'_>, first: FailureView) -> CauseView {
        let words = in_plain_words(cause.id);
        let (mut others, mut elsewhere) = (Vec::new(), Vec::new());
        for instance in &cause.instances[1..] {
            if self.shown.contains(&instance.result.case.id) {
                elsewhere.push(instance.result.case.id.clone());
            } else {
                others.push(self.failure(*instance));
            }
        }
        let elsewhere_more = elsewhere.len().saturating_sub(NAMES_SHOWN_MAX);
        elsewhere.truncate(NAMES_SHOWN_MAX);
        let shape =
            |(one, count): (Instance<'_>, usize)| (one.violation.expected.clone(), one.violation.actual.clone(), count);
        CauseView {
            id: cause.id.as_str(),
            level: cause.id.level().to_string(),
            is_must: cause.id.level() == Level::Must,
            wrong: words.wrong,
            so: words.so,
            clause: prose(&cause.id.clause().text),
            cases: cause.instances.len(),
            shapes: cause.shapes().into_iter().map(shape).collect(),
            first,
            others,
            elsewhere,
            elsewhere_more,
        }
    }

    fn failure(&mut self, instance: Instance<'_>) -> FailureView {
        let Instance { result: CaseResult { case, judgement, trace }, violation } = instance;
        let (mut diagram, mut payloads, mut shrunk) = (String::new(), Vec::new(), None);
        if self.bytes < HTML_DIAGRAMS_BYTES_MAX {
            let drawn = draw(&case.id, trace, &judgement.violations);
            diagram = drawing(&drawn.diagram);
            payloads = self::payloads(trace, &drawn.numbered);
            // A quote is five characters once it is escaped.
            let bytes = |one: &PayloadView| 100 + one.json.len() + 4 * one.json.matches('"').count();
            self.bytes += diagram.len() + payloads.iter().map(bytes).sum::<usize>();
            shrunk = self.run.shrunk.get(&case.id).filter(|text| text.len() <= HTML_SHRUNK_BYTES_MAX).cloned();
            self.bytes += shrunk.as_ref().map_or(0, String::len);
        }
        let is_new = self.shown.insert(case.id.clone());
        FailureView {
            anchor: is_new.then(|| case.id.clone()),
            case: case.id.clone(),
            title: case.title.clone(),
            expected: violation.expected.clone(),
            actual: violation.actual.clone(),
            evidence: judgement.evidence.word(),
            replay: (self.run.replay)(&case.id),
            shrunk,
            diagram,
            payloads,
        }
    }
}

fn drawing(diagram: &Diagram) -> String {
    diagram.render().expect("writing to a string cannot fail, and the template calls nothing that can")
}

/// The messages of the broken phases in full, under the numbers that they have in the diagram.
fn payloads(trace: &Trace, numbered: &[(usize, usize)]) -> Vec<PayloadView> {
    let story = Story::read(trace);
    let view = |(number, record): &(usize, usize)| {
        let entry = &trace.records[*record].entry;
        let name = story.name(entry.connection()?);
        let (way, event, data) = match entry {
            Entry::Sent { event, data, .. } => (format!("{name} → server"), event.clone(), data.as_ref()),
            Entry::Received { event, data, .. } => (format!("server → {name}"), event.clone(), data.as_ref()),
            Entry::Acked { data, .. } => (format!("server → {name}"), "ack".to_owned(), data.as_ref()),
            Entry::Phase { .. }
            | Entry::Opened { .. }
            | Entry::OpenFailed { .. }
            | Entry::SentBroken { .. }
            | Entry::SentRaw { .. }
            | Entry::Knocked { .. }
            | Entry::Ending { .. }
            | Entry::Fence { .. }
            | Entry::Fenced { .. }
            | Entry::FenceLost { .. }
            | Entry::Waited { .. }
            | Entry::Ended { .. }
            | Entry::Missed { .. }
            | Entry::Unsayable { .. }
            | Entry::GaveUp { .. } => return None,
        };
        let json = data.map_or_else(|| "(no data)".to_owned(), ToString::to_string);
        Some(PayloadView { number: *number, way, event, json: cut(&json, HTML_PAYLOAD_CHARS_MAX) })
    };
    numbered.iter().filter_map(view).take(HTML_PAYLOADS_MAX).collect()
}
