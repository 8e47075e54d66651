//! From a binding file to a plan: each part with its place in the file for errors, and then what no single part says.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use glare_model::requirement::RequirementId;
use serde_json::Value;
use toml::Spanned;

use super::{Each, Holes, IdForm, Identity, Leave, Listed, Outcome, Plan, Receive, Request, TransportPlan};
use crate::{
    binding::{
        error::Fault,
        schema::{
            BindingFile, FenceBy, IdentityFrom, Kinds, LeaveTable, Meaning, OutcomeTable, ReceiveTable, RequestTable,
            SignalTable, TransportTable,
        },
        template::{Hole, Node, TemplateError, Text},
    },
    capability::{Declaration, Profile},
    dialect::{RoomsRule, SecondRoomRule},
};

/// The longest hexadecimal id that a client makes up.
const HEX_DIGITS_MAX: usize = 256;
/// The bounds of a keepalive's interval, in milliseconds.
const KEEPALIVE_MS: Range<u64> = 10..3_600_000;

/// Compiles one part after the other; remembers the holes.
struct Compiler {
    holes: Holes,
    /// Holes that what is received, or the runner, fills.
    filled: Vec<Hole>,
    /// Holes that what is sent asks for, and where.
    asked: Vec<(Hole, Range<usize>)>,
}

impl Plan {
    /// Compiles a binding file.
    pub(in crate::binding) fn compile(file: BindingFile) -> Result<Self, Fault> {
        let mut compiler = Compiler { holes: Holes::new(), filled: Vec::new(), asked: Vec::new() };
        check_name(&file.name)?;
        let closing = super::closing::places(&file);
        let (transport, prelude_has_id) = compiler.transport(file.transport)?;
        let is_socketio = matches!(transport, TransportPlan::SocketIo { .. });
        let receive = file.receive.into_iter().map(|it| compiler.receive(it)).collect::<Result<Vec<_>, _>>()?;
        let create = file.create.map(|table| compiler.request(table, is_socketio)).transpose()?;
        let join = compiler.request(file.join, is_socketio)?;
        let kinds = file.signal.kinds.clone();
        let signals = compiler.signals(file.signal)?;
        let hello = compiler.sent_all(file.hello)?;
        let leave = file.leave.map(|LeaveTable { send, closes }| {
            let send = compiler.sent_all(send)?;
            Ok::<_, Fault>(Leave { send, closes })
        });
        let leave = leave.transpose()?;
        let unknown = file.unknown.map(|it| compiler.sent(&it)).transpose()?;
        let unknown = match unknown {
            None if is_socketio => {
                let any = Value::from(vec!["{event}", "{data}"]);
                Some(Node::compile(&any, &mut compiler.holes.names).expect("the template is constant"))
            }
            unknown => unknown,
        };
        let keepalive = match file.keepalive {
            None => None,
            Some(table) if !KEEPALIVE_MS.contains(table.every_ms.get_ref()) => {
                let problem = format!("expected {} to {} milliseconds", KEEPALIVE_MS.start, KEEPALIVE_MS.end - 1);
                return Err(Fault::at(table.every_ms.span(), problem));
            }
            Some(table) => Some((compiler.sent(&table.send)?, Duration::from_millis(*table.every_ms.get_ref()))),
        };
        let ping = file.fence.send.as_ref().map(|it| compiler.sent(it)).transpose()?;
        let ping_ack = file.fence.ack.as_ref().map(|it| compiler.listing(it, is_socketio)).transpose()?;
        let identity = identity(&file.identity.from, file.identity.form.as_ref())?;
        let listed = compiler.listed(file.identity.listed)?;
        let not_applicable = file.not_applicable.into_iter().map(clause).collect::<Result<BTreeMap<_, _>, _>>()?;
        let profile = capabilities(&file.capabilities)?;
        compiler.every_hole_is_filled()?;
        let mut plan = Self {
            name: file.name.into_inner(),
            description: file.description,
            transport,
            identity,
            hello,
            create,
            join,
            leave,
            signals,
            kinds: names_of(kinds).map(Value::from),
            unknown,
            has_names_of_the_protocol: file.names_of_the_protocol,
            receive,
            keepalive,
            fence: file.fence.by,
            ping,
            ping_ack,
            listed,
            table: file.dialect,
            profile,
            not_applicable,
            process: file.process,
            holes: compiler.holes,
        };
        plan.agrees_with_itself(is_socketio, prelude_has_id)?;
        plan.agrees_with_closing(closing, is_socketio)?;
        plan.profile = plan.profile.with_dialect(plan.dialect());
        Ok(plan)
    }

    /// What no single table says.
    fn agrees_with_itself(&self, is_socketio: bool, prelude_has_id: bool) -> Result<(), Fault> {
        let hears = |meaning| self.receive.iter().any(|receive| receive.meaning == meaning);
        let problem = match () {
            () if self.create.is_none() && self.table.rooms == RoomsRule::Created && !self.joins_by_connecting() => {
                "there is no [create], and [dialect] does not say rooms = \"implicit\" or \"none\""
            }
            () if self.identity == Identity::Socket && !is_socketio => {
                "[identity] from = \"socket\" is for Socket.IO; say from = \"message\", \"client\" or \"prelude\""
            }
            () if self.identity == Identity::Message && !hears(Meaning::Identified) => {
                "[identity] from = \"message\" needs a [[receive]] with as = \"identified\""
            }
            () if self.identity == Identity::Prelude && !prelude_has_id => {
                "[identity] from = \"prelude\" needs a prelude whose answer has the hole {id}"
            }
            () if self.fence == FenceBy::Ping && self.ping.is_none() => "[fence] by = \"ping\" needs send",
            () if self.fence == FenceBy::Ping && !is_socketio && !hears(Meaning::Pong) => {
                "[fence] by = \"ping\" needs a [[receive]] with as = \"pong\""
            }
            () if self.fence != FenceBy::Ping && (self.ping.is_some() || self.ping_ack.is_some()) => {
                "[fence] send and ack are for by = \"ping\""
            }
            () if self.dialect().asks_who_is_there() && !self.says_who_is_there() => {
                "[dialect] notices = \"asked\" needs [fence] by = \"ping\" whose answer has the hole {users}: a [[receive]] with \
                 as = \"pong\", or on Socket.IO `ack`"
            }
            () if !self.dialect().asks_who_is_there() && self.says_who_is_there() => {
                "the answer to the fence has the hole {users}, which is for [dialect] notices = \"asked\""
            }
            () if self.dialect().asks_who_is_there() && self.dialect().has_several_rooms() => {
                "[dialect] notices = \"asked\" is for members of one room: second-room cannot be \"several\""
            }
            () if self.fence == FenceBy::Request && !self.join.can_be_refused() && !self.join.is_refused_by_close() => {
                "[fence] by = \"request\" needs a [join] that can be refused; say by = \"ping\", \"echo\" or \"none\""
            }
            () if !self.join.is_answered() && self.dialect().second_room == SecondRoomRule::Refused => {
                "nobody answers a [join], so nobody would know that a second room is refused; say in [dialect] second-room = \
                 \"moves\", \"several\" or \"impossible\""
            }
            () if !hears(Meaning::Signal) => "nothing is received as = \"signal\"",
            () => return Ok(()),
        };
        Err(Fault::missing(problem))
    }
}

impl Compiler {
    fn transport(&mut self, table: TransportTable) -> Result<(TransportPlan, bool), Fault> {
        let mut prelude_has_id = false;
        let plan = match table {
            TransportTable::SocketIo { path, namespace, auth, query, over } => TransportPlan::SocketIo {
                path,
                namespace,
                auth: auth.map(|auth| self.sent(&auth)).transpose()?,
                query: self.texts(query)?,
                over,
            },
            TransportTable::WebSocket { path, headers, subprotocol, frames, prelude } => {
                let prelude = match prelude {
                    None => None,
                    Some(table) => {
                        let answer = self.heard(&table.answer)?;
                        prelude_has_id = answer.holes().contains(&self.holes.id);
                        Some((self.text(&table.get)?, answer))
                    }
                };
                let path = path.map(|path| self.text(&path)).transpose()?;
                TransportPlan::WebSocket { path, headers: self.texts(headers)?, subprotocol, frames, prelude }
            }
        };
        Ok((plan, prelude_has_id))
    }

    fn receive(&mut self, table: ReceiveTable) -> Result<Receive, Fault> {
        let place = table.pattern.span();
        let pattern = self.heard(&table.pattern)?;
        let absent = |name: &str| Fault::at(place.clone(), format!("`each` names {{{name}}}, which is not here"));
        let item = table.item.map(|item| self.heard(&item)).transpose()?;
        let each = match &table.each {
            None if item.is_some() => return Err(Fault::at(place, "`item` is how an item of `each` looks")),
            None => None,
            Some(name) => {
                let hole = self.holes.names.find(name).filter(|hole| pattern.holes().contains(hole));
                let list = hole.ok_or_else(|| absent(name))?;
                let payload = (table.meaning == Meaning::Signal).then(|| Node::hole(self.holes.payload));
                Some(Each { list, item: item.or(payload) })
            }
        };
        // A member in a list of members has an id, whatever it looks like.
        let lists_members = each.as_ref().is_some_and(|each| each.item.is_none());
        let answer = table.answer.map(|answer| self.sent(&answer)).transpose()?;
        let kind = table.kind.map(|kind| kind as usize);
        let receive = Receive { pattern, meaning: table.meaning, kind, each, answer, also: table.also };
        let wants = |holes: &[Hole], name: &str| {
            if holes.iter().any(|hole| receive.fills(*hole)) {
                return Ok(());
            }
            Err(Fault::at(place.clone(), format!("as = {:?} needs the hole {{{name}}}", table.meaning)))
        };
        match table.meaning {
            Meaning::Identified => wants(&[self.holes.id], "id")?,
            Meaning::Joined | Meaning::Left | Meaning::HostChanged if lists_members => {}
            Meaning::Joined | Meaning::Left | Meaning::HostChanged => {
                wants(&[self.holes.user, self.holes.alias], "user")?;
            }
            Meaning::Signal => {
                wants(&[self.holes.payload], "payload")?;
                if table.kind.is_none() {
                    wants(&[self.holes.kind], "kind")?;
                }
            }
            Meaning::Error | Meaning::Closed | Meaning::Pong | Meaning::Ready | Meaning::Ignored => {}
        }
        Ok(receive)
    }

    fn request(&mut self, table: RequestTable, is_socketio: bool) -> Result<Request, Fault> {
        if let (Some(ack), false) = (&table.ack, is_socketio) {
            let place = ack.accepted.first().map(Spanned::span);
            let fault = Fault { place, ..Fault::missing("acks belong to Socket.IO; use `reply` on this transport") };
            return Err(fault);
        }
        let refused_by_close = super::closing::codes(table.refused_by_close)?;
        let send = self.sent_all(table.send)?;
        let mut outcome = |table: Option<OutcomeTable>| {
            table
                .map(|OutcomeTable { accepted, refused }| {
                    let mut all = |patterns: Vec<Spanned<Value>>| {
                        patterns.iter().map(|it| self.heard(it)).collect::<Result<Vec<_>, _>>()
                    };
                    Ok::<_, Fault>(Outcome { accepted: all(accepted)?, refused: all(refused)? })
                })
                .transpose()
        };
        Ok(Request { send, ack: outcome(table.ack)?, reply: outcome(table.reply)?, refused_by_close })
    }

    fn listed(&mut self, pattern: Option<Spanned<Value>>) -> Result<Listed, Fault> {
        let Some(pattern) = pattern else { return Ok(Listed::As(Node::hole(self.holes.user))) };
        if pattern.get_ref() == "keys" {
            return Ok(Listed::Keys);
        }
        let node = self.heard(&pattern)?;
        if node.holes().contains(&self.holes.user) {
            return Ok(Listed::As(node));
        }
        Err(Fault::at(pattern.span(), "expected a pattern with the hole {user}, or \"keys\""))
    }

    /// The ack of a fence that says who is there.
    fn listing(&mut self, pattern: &Spanned<Value>, is_socketio: bool) -> Result<Node, Fault> {
        if !is_socketio {
            return Err(Fault::at(pattern.span(), "acks belong to Socket.IO; receive the answer as = \"pong\""));
        }
        let node = self.heard(pattern)?;
        if node.holes().contains(&self.holes.users) {
            return Ok(node);
        }
        Err(Fault::at(pattern.span(), "the ack of a fence is read for who is there: it needs the hole {users}"))
    }

    fn signals(&mut self, table: SignalTable) -> Result<[Node; 3], Fault> {
        let mut node = |own: Option<Spanned<Value>>, name: &str| match own.as_ref().or(table.send.as_ref()) {
            Some(template) => self.sent(template),
            None => Err(Fault::missing(format!("[signal] has neither `send` nor `{name}`"))),
        };
        Ok([node(table.offer, "offer")?, node(table.answer, "answer")?, node(table.candidate, "candidate")?])
    }

    /// What is sent.
    fn sent(&mut self, template: &Spanned<Value>) -> Result<Node, Fault> {
        let node = self.node(template)?;
        self.asked.extend(node.holes().into_iter().map(|hole| (hole, template.span())));
        Ok(node)
    }

    fn sent_all(&mut self, templates: Vec<Spanned<Value>>) -> Result<Vec<Node>, Fault> {
        templates.iter().map(|template| self.sent(template)).collect()
    }

    /// What is received.
    fn heard(&mut self, pattern: &Spanned<Value>) -> Result<Node, Fault> {
        let node = self.node(pattern)?;
        self.filled.extend(node.holes());
        Ok(node)
    }

    fn node(&mut self, value: &Spanned<Value>) -> Result<Node, Fault> {
        Node::compile(value.get_ref(), &mut self.holes.names).map_err(at(value.span()))
    }

    fn text(&mut self, text: &Spanned<String>) -> Result<Text, Fault> {
        let compiled = Text::compile(text.get_ref(), &mut self.holes.names).map_err(at(text.span()))?;
        self.asked.extend(compiled.holes().map(|hole| (hole, text.span())));
        Ok(compiled)
    }

    fn texts(&mut self, texts: BTreeMap<String, Spanned<String>>) -> Result<Vec<(String, Text)>, Fault> {
        texts.into_iter().map(|(name, text)| Ok((name, self.text(&text)?))).collect()
    }

    /// A hole that nobody fills is a typing error.
    fn every_hole_is_filled(&self) -> Result<(), Fault> {
        let own = Holes::new().names;
        let is_known = |hole: &Hole| self.filled.contains(hole) || own.has(*hole);
        match self.asked.iter().find(|(hole, _)| !is_known(hole)) {
            None => Ok(()),
            Some((hole, place)) => {
                let name = self.holes.names.name(*hole);
                Err(Fault::at(place.clone(), format!("nothing ever fills the hole {{{name}}}"))
                    .help(format!("the runner fills {}; a pattern can capture others", own.list())))
            }
        }
    }
}

fn at(place: Range<usize>) -> impl FnOnce(TemplateError) -> Fault {
    move |error| Fault::at(place, error.to_string())
}

fn check_name(name: &Spanned<String>) -> Result<(), Fault> {
    let is_sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.get_ref().is_empty() && name.get_ref().chars().all(is_sound) {
        return Ok(());
    }
    Err(Fault::at(name.span(), "a binding's name consists of a-z, 0-9 and -"))
}

fn identity(from: &IdentityFrom, form: Option<&Spanned<String>>) -> Result<Identity, Fault> {
    let forms = "expected form = \"uuid\", \"hexN\" with N digits, or \"word\"";
    match (from, form) {
        (IdentityFrom::Client, None) => Err(Fault::missing(format!("[identity] from = \"client\": {forms}"))),
        (IdentityFrom::Client, Some(form)) => {
            let digits = |text: &str| text.parse().ok().filter(|count| (1..=HEX_DIGITS_MAX).contains(count));
            let parsed = match form.get_ref().as_str() {
                "uuid" => Some(IdForm::Uuid),
                "word" => Some(IdForm::Word),
                text => text.strip_prefix("hex").and_then(digits).map(IdForm::Hex),
            };
            parsed.map(Identity::Client).ok_or_else(|| Fault::at(form.span(), forms))
        }
        (_, Some(form)) => Err(Fault::at(form.span(), "`form` is for from = \"client\"")),
        (IdentityFrom::Socket, None) => Ok(Identity::Socket),
        (IdentityFrom::Message, None) => Ok(Identity::Message),
        (IdentityFrom::Prelude, None) => Ok(Identity::Prelude),
    }
}

fn capabilities(texts: &[Spanned<String>]) -> Result<Profile, Fault> {
    let mut declared: Vec<Declaration> = Vec::new();
    for text in texts {
        declared.push(text.get_ref().parse().map_err(|error| Fault::at(text.span(), format!("{error}")))?);
    }
    let place = texts.last().map(Spanned::span);
    Profile::new(&declared).map_err(|error| Fault { place, ..Fault::missing(error.to_string()) })
}

fn clause((id, reason): (Spanned<String>, String)) -> Result<(RequirementId, String), Fault> {
    let known = id.get_ref().parse().map_err(|error| {
        Fault::at(id.span(), format!("{error}")).help("`glare list requirements` shows the clauses")
    })?;
    Ok((known, reason))
}

fn names_of(Kinds { offer, answer, candidate }: Kinds) -> [String; 3] {
    [offer, answer, candidate]
}
