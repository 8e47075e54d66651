//! A trace as a sequence diagram: a lane for each connection and one for the server, time going down. The phases that broke
//! a clause lie on a band; what was promised and did not come is a dashed arrow.

use std::collections::BTreeMap;

use askama::Template;

use super::rows::{Kind, Row, rows};
use crate::{
    limits::DIAGRAM_ROWS_MAX,
    oracle::{Violation, story::Story},
    report::lanes::{cut, milliseconds},
    trace::Trace,
    transport::ConnectionId,
};

/// Between two lanes, in pixels, where there is room.
const PITCH_MAX: usize = 155;
/// And where there is none.
const PITCH_MIN: usize = 120;
/// As wide as the lanes together may get before they move closer.
const LANES_WIDTH: usize = 880;
/// What stands before the lanes: the number, and then the time.
const MARGIN: usize = 28;
const TIME: usize = 48;
/// Between the page's edges and the outer lanes.
const EDGE: usize = 52;
const HEAD: usize = 44;
const ROW: usize = 31;
/// The width of a letter of a label, roughly.
const LETTER: usize = 7;

/// A drawing, as SVG.
#[derive(Template)]
#[template(path = "diagram.html")]
pub(super) struct Diagram {
    label: String,
    width: usize,
    height: usize,
    has_times: bool,
    lanes: Vec<LaneView>,
    bands: Vec<Band>,
    rows: Vec<RowView>,
}

struct LaneView {
    x: usize,
    name: String,
    class: &'static str,
}

/// The rows of a broken phase.
struct Band {
    y: usize,
    height: usize,
}

struct RowView {
    y: usize,
    number: usize,
    time: String,
    class: &'static str,
    /// From where to where the arrow goes; none for a remark.
    arrow: Option<(usize, usize)>,
    x: usize,
    anchor: &'static str,
    label: String,
    /// The whole label, where it was cut.
    full: Option<String>,
}

/// A drawing, and the records behind its numbered rows: each number with the place in the trace.
pub(super) struct Drawn {
    pub(super) diagram: Diagram,
    /// The numbers of the rows of the broken phases, with the records that they show.
    pub(super) numbered: Vec<(usize, usize)>,
}

/// Draws a trace up to the last phase that broke something.
pub(super) fn draw(case: &str, trace: &Trace, violations: &[Violation]) -> Drawn {
    let story = Story::read(trace);
    let broken: Vec<usize> = violations.iter().map(|violation| violation.phase).collect();
    let rows = rows(trace, &story, violations, &broken);
    let clients: Vec<ConnectionId> = story.connections.keys().copied().collect();
    // In memory everything happens at once.
    let canvas = Canvas::new(&clients, rows.iter().any(|row| row.at_us >= 50));
    let hidden = rows.len().saturating_sub(DIAGRAM_ROWS_MAX);
    let (head, tail) = (DIAGRAM_ROWS_MAX / 4, DIAGRAM_ROWS_MAX / 4 + hidden);
    let (mut views, mut bands, mut numbered) = (Vec::new(), Vec::<Band>::new(), Vec::new());
    let (mut y, mut number) = (HEAD, 0);
    for (place, row) in rows.iter().enumerate() {
        number += usize::from(row.kind != Kind::Remark);
        if hidden > 0 && place == head {
            y += ROW;
            views.push(canvas.cut_mark(y, hidden));
        }
        if hidden > 0 && (head..tail).contains(&place) {
            continue;
        }
        if broken.contains(&row.phase) {
            match bands.last_mut().filter(|band| band.y + band.height == y + 10) {
                Some(band) => band.height += ROW,
                None => bands.push(Band { y: y + 10, height: ROW }),
            }
            numbered.push((number, row.record));
        }
        y += ROW;
        views.push(canvas.row(row, y, number));
    }
    let lanes = canvas.lanes(&story);
    let label = format!("Messages of the case {case}, in order; the marked ones show the broken clause");
    let has_times = canvas.margin > MARGIN;
    let diagram = Diagram { label, has_times, width: canvas.width, height: y + 24, lanes, bands, rows: views };
    Drawn { diagram, numbered }
}

struct Canvas {
    /// The clients' lanes; the server's lane stands after the first.
    places: BTreeMap<ConnectionId, usize>,
    server: usize,
    margin: usize,
    width: usize,
}

impl Canvas {
    fn new(clients: &[ConnectionId], has_times: bool) -> Self {
        let margin = MARGIN + if has_times { TIME } else { 0 };
        let pitch = (LANES_WIDTH / (clients.len() + 1)).clamp(PITCH_MIN, PITCH_MAX);
        let x = |place: usize| margin + EDGE + place * pitch;
        let places = clients.iter().enumerate().map(|(place, id)| (*id, x(place + usize::from(place > 0)))).collect();
        let width = margin + 2 * EDGE + clients.len().max(1) * pitch;
        Self { places, server: x(usize::from(!clients.is_empty())), margin, width }
    }

    fn lanes(&self, story: &Story) -> Vec<LaneView> {
        let client = |(id, x): (&ConnectionId, &usize)| LaneView { x: *x, name: story.name(*id), class: "client" };
        let mut lanes: Vec<_> = self.places.iter().map(client).collect();
        lanes.push(LaneView { x: self.server, name: "server".to_owned(), class: "server" });
        lanes
    }

    fn cut_mark(&self, y: usize, hidden: usize) -> RowView {
        let label = format!(".. {hidden} rows more ..");
        let (time, class, x) = (String::new(), "remark", self.width / 2);
        RowView { y, number: 0, time, class, arrow: None, x, anchor: "middle", label, full: None }
    }

    fn row(&self, row: &Row, y: usize, number: usize) -> RowView {
        let client = row.lane.and_then(|lane| self.places.get(&lane)).copied();
        let arrow = match (client, row.kind) {
            (Some(client), Kind::Out) => Some((client, self.server)),
            (Some(client), Kind::In | Kind::Wrong | Kind::Missing) => Some((self.server, client)),
            (Some(_), Kind::Remark) | (None, _) => None,
        };
        let (x, anchor) = self.label_place(client, arrow.is_some(), row.kind);
        let text = if row.times > 1 { format!("{} ({} times)", row.text, row.times) } else { row.text.clone() };
        let room = match anchor {
            "start" => self.width.saturating_sub(x),
            "end" => x.saturating_sub(self.margin),
            _ => 2 * (x.saturating_sub(self.margin)).min(self.width.saturating_sub(x)),
        };
        let label = cut(&text, (room / LETTER).min(52));
        let full = (label != text).then(|| text.clone());
        let number = if row.kind == Kind::Remark { 0 } else { number };
        let has_times = self.margin > MARGIN;
        let time = if has_times { format!("{:.1}", milliseconds(row.at_us)) } else { String::new() };
        RowView { y, number, time, class: row.kind.class(), arrow, x, anchor, label, full }
    }

    /// Where a label stands: at its client's end of the arrow, growing towards the server, so that no label runs off the page.
    fn label_place(&self, client: Option<usize>, is_arrow: bool, kind: Kind) -> (usize, &'static str) {
        match client {
            None => (self.width / 2, "middle"),
            Some(client) if !is_arrow || kind == Kind::Remark => (client, "middle"),
            Some(client) if client < self.server => (client + 8, "start"),
            Some(client) => (client - 8, "end"),
        }
    }
}
