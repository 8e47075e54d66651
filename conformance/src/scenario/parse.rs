//! The text form of scenarios. docs/conformance.md describes it for authors.

use glare_model::{
    message::SignalKind,
    requirement::{RequirementId, UnknownRequirement},
};
use serde_json::{Value, json};

use super::{Action, Peer, Phase, Raw, Scenario, Step, Template};
use crate::limits::STEPS_MAX;

/// A text is no scenario. Carries the line, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParseError {
    /// The line at fault, from 1.
    pub line: usize,
    /// What is wrong there, and what was expected.
    pub problem: String,
}

/// Reads all cases of a text.
///
/// # Errors
/// The first [`ParseError`].
pub fn parse(text: &str) -> Result<Vec<Scenario>, ParseError> {
    let mut parser = Parser::default();
    for (index, line) in text.lines().enumerate() {
        parser.line(line).map_err(|problem| ParseError { line: index + 1, problem })?;
    }
    let line = text.lines().count().max(1);
    parser.finish().map_err(|problem| ParseError { line, problem })
}

pub(super) fn is_peer_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

pub(super) fn is_room_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

#[derive(Default)]
struct Parser {
    done: Vec<Scenario>,
    case: Option<Scenario>,
    /// The steps of an open `together` block.
    together: Option<Vec<Step>>,
    /// Numbers the payloads that a scenario does not spell out, so that each can be told from the others.
    marks: usize,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let content = line.trim();
        if let Some(id) = content.strip_prefix("case:") {
            self.finish_case()?;
            self.begin_case(id.trim())?;
        }
        if let Some(case) = &mut self.case {
            case.source.push_str(line);
            case.source.push('\n');
        }
        if content.is_empty() || content.starts_with('#') || content.starts_with("case:") {
            return Ok(());
        }
        let Some(case) = &mut self.case else { return Err("expected `case: ID` first".to_owned()) };
        if let Some(title) = content.strip_prefix("title:") {
            title.trim().clone_into(&mut case.title);
        } else if let Some(ids) = content.strip_prefix("covers:") {
            let ids: Result<_, UnknownRequirement> = ids.split_whitespace().map(str::parse::<RequirementId>).collect();
            case.covers = ids.map_err(|error| error.to_string())?;
        } else if let Some(answer) = content.strip_prefix("hostile:") {
            case.hostile = match answer.trim() {
                "yes" => true,
                "no" => false,
                other => return Err(format!("expected `hostile: yes` or `hostile: no`, not {other:?}")),
            };
        } else {
            return self.step_line(content);
        }
        Ok(())
    }

    fn begin_case(&mut self, id: &str) -> Result<(), String> {
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(sound) {
            return Err(format!("a case id consists of a-z, 0-9 and -, not {id:?}"));
        }
        if self.done.iter().any(|case| case.id == id) {
            return Err(format!("the case id {id:?} is used twice"));
        }
        self.marks = 0;
        self.case = Some(Scenario {
            id: id.to_owned(),
            title: String::new(),
            covers: Vec::new(),
            hostile: false,
            phases: Vec::new(),
            source: String::new(),
        });
        Ok(())
    }

    fn finish_case(&mut self) -> Result<(), String> {
        let Some(case) = self.case.take() else { return Ok(()) };
        if self.together.is_some() {
            return Err(format!("`together` without `end` in case {}", case.id));
        }
        for (missing, what) in
            [(case.title.is_empty(), "title:"), (case.covers.is_empty(), "covers:"), (case.phases.is_empty(), "steps")]
        {
            if missing {
                return Err(format!("case {} has no {what}", case.id));
            }
        }
        self.done.push(case);
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Scenario>, String> {
        self.finish_case()?;
        if self.done.is_empty() {
            return Err("no `case: ID` in this text".to_owned());
        }
        Ok(self.done)
    }

    fn step_line(&mut self, content: &str) -> Result<(), String> {
        match (content, self.together.is_some()) {
            ("together", false) => {
                self.together = Some(Vec::new());
                return Ok(());
            }
            ("together", true) => return Err("`together` inside `together`".to_owned()),
            ("end", true) => {
                let steps = self.together.take().unwrap_or_default();
                return self.push_phase(steps);
            }
            ("end", false) => return Err("`end` without `together`".to_owned()),
            _ => {}
        }
        let steps = parse_step(content, &mut self.marks)?;
        match &mut self.together {
            Some(together) => together.extend(steps),
            None => return self.push_phase(steps),
        }
        Ok(())
    }

    fn push_phase(&mut self, steps: Vec<Step>) -> Result<(), String> {
        let case = self.case.as_mut().ok_or("expected `case: ID` first")?;
        if steps.is_empty() {
            return Err("an empty `together`".to_owned());
        }
        let count: usize = case.phases.iter().map(|phase| phase.steps.len()).sum();
        if count + steps.len() > STEPS_MAX {
            return Err(format!("more than {STEPS_MAX} steps"));
        }
        case.phases.push(Phase { steps });
        Ok(())
    }
}

/// Reads `PEER VERB ARGUMENTS`. `burst` yields several steps, everything else one.
fn parse_step(content: &str, marks: &mut usize) -> Result<Vec<Step>, String> {
    let (name, rest) = split_word(content);
    if !is_peer_name(name) {
        return Err(format!("expected a client such as A, `together` or `end`, not {name:?}"));
    }
    let peer = Peer(name.into());
    let (verb, arguments) = split_word(rest);
    if verb == "burst" {
        return parse_burst(&peer, arguments, content, marks);
    }
    let action = parse_action(verb, arguments, marks)?;
    Ok(vec![Step { peer, action, text: content.to_owned(), burst: 1 }])
}

fn parse_action(verb: &str, arguments: &str, marks: &mut usize) -> Result<Action, String> {
    let bare = |action| match arguments {
        "" => Ok(action),
        extra => Err(format!("`{verb}` takes no arguments, and there is {extra:?}")),
    };
    match verb {
        "connect" => bare(Action::Connect),
        "leave" => bare(Action::Emit { event: "leave-room".to_owned(), data: None, ack: false }),
        "close" => bare(Action::Close),
        "drop" => bare(Action::Drop),
        "freeze" => bare(Action::Freeze),
        "noticed" => bare(Action::Noticed),
        "create" | "join" => {
            let (room, rest) = split_value(arguments)?;
            let ack = parse_flag(rest, "noack")?;
            let event = format!("{verb}-room");
            Ok(Action::Emit { event, data: Some(parse_value(room)?), ack: !ack })
        }
        "offer" | "answer" | "candidate" => {
            let kind = signal_kind(verb).ok_or("one of the three just matched")?;
            let (target, payload) = split_value(arguments)?;
            let payload = match payload {
                "" => Template(default_payload(kind, marks)),
                payload => parse_whole_value(payload)?,
            };
            Ok(signal(kind, &parse_value(target)?, &payload))
        }
        "emit" => {
            let (event, rest) = split_word(arguments);
            let event = event.trim_matches('"');
            let (data, rest) = match rest {
                "" | "ack" => (None, rest),
                rest => {
                    let (data, rest) = split_value(rest)?;
                    (Some(parse_value(data)?), rest)
                }
            };
            Ok(Action::Emit { event: event.to_owned(), data, ack: parse_flag(rest, "ack")? })
        }
        "frame" => match Raw::frames(arguments) {
            Some(raw) => raw.map(Action::Raw),
            None => serde_json::from_value(Value::String(arguments.to_owned()))
                .map(Action::Broken)
                .map_err(|error| format!("no such frame: {error}")),
        },
        "handshake" => Raw::handshake(arguments).map(Action::Handshake),
        other => Err(format!("unknown verb {other:?}; docs/conformance.md lists them")),
    }
}

/// `A burst B 20`: that many signals of all three kinds in turn, without waiting. `A burst B 20 @bytes(1000)` gives each
/// a description of that size.
fn parse_burst(peer: &Peer, arguments: &str, text: &str, marks: &mut usize) -> Result<Vec<Step>, String> {
    let (target, rest) = split_value(arguments)?;
    let (count, payload) = split_word(rest);
    let count: usize = count.parse().map_err(|_| format!("expected a number of signals, not {count:?}"))?;
    if count > STEPS_MAX {
        return Err(format!("at most {STEPS_MAX} signals"));
    }
    let target = parse_value(target)?;
    let given = if payload.is_empty() { None } else { Some(parse_whole_value(payload)?) };
    let steps = (0..count).map(|index| {
        let kind = if given.is_some() { SignalKind::Offer } else { SignalKind::ALL[index % SignalKind::ALL.len()] };
        let payload = given.clone().unwrap_or_else(|| Template(default_payload(kind, marks)));
        let burst = if index == 0 { count } else { 1 };
        Step { peer: peer.clone(), action: signal(kind, &target, &payload), text: text.to_owned(), burst }
    });
    Ok(steps.collect())
}

fn signal_kind(verb: &str) -> Option<SignalKind> {
    match verb {
        "offer" => Some(SignalKind::Offer),
        "answer" => Some(SignalKind::Answer),
        "candidate" => Some(SignalKind::Candidate),
        _ => None,
    }
}

fn signal(kind: SignalKind, target: &Template, payload: &Template) -> Action {
    let mut data = serde_json::Map::new();
    data.insert("target".to_owned(), target.0.clone());
    data.insert(kind.payload_member().to_owned(), payload.0.clone());
    Action::Emit { event: kind.event().to_owned(), data: Some(Template(Value::Object(data))), ack: false }
}

fn default_payload(kind: SignalKind, marks: &mut usize) -> Value {
    *marks += 1;
    match kind {
        SignalKind::Offer => json!({"type": "offer", "sdp": format!("v=0\r\ns=mark {marks}\r\n")}),
        SignalKind::Answer => json!({"type": "answer", "sdp": format!("v=0\r\ns=mark {marks}\r\n")}),
        SignalKind::Candidate => {
            json!({"candidate": format!("candidate:mark {marks}"), "sdpMid": "0", "sdpMLineIndex": 0})
        }
    }
}

fn parse_flag(rest: &str, flag: &str) -> Result<bool, String> {
    match rest {
        "" => Ok(false),
        rest if rest == flag => Ok(true),
        extra => Err(format!("expected `{flag}` or nothing, not {extra:?}")),
    }
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

/// Splits off one JSON value or one word.
fn split_value(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start();
    if !text.starts_with(['{', '[', '"']) {
        return Ok(split_word(text));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(_)) => {
            let end = values.byte_offset();
            Ok((&text[..end], text[end..].trim()))
        }
        Some(Err(error)) => Err(format!("not JSON: {error}")),
        None => Err("expected a value".to_owned()),
    }
}

fn parse_whole_value(text: &str) -> Result<Template, String> {
    match split_value(text)? {
        (value, "") => parse_value(value),
        (_, extra) => Err(format!("expected nothing after the value, and there is {extra:?}")),
    }
}

/// A client's name, a room's name, `@text(N)`, `@bytes(N)`, or JSON.
fn parse_value(token: &str) -> Result<Template, String> {
    if is_peer_name(token) {
        return Ok(Template(Value::String(format!("${token}"))));
    }
    if let Some(value) = parse_generated(token)? {
        return Ok(Template(value));
    }
    if is_room_name(token) && !matches!(token, "null" | "true" | "false") {
        return Ok(Template(Value::String(format!("#{token}"))));
    }
    let json = serde_json::from_str(token);
    json.map(Template)
        .map_err(|error| format!("expected a client, a room, @text(N), @bytes(N) or JSON, not {token:?} ({error})"))
}

/// `@text(N)`: a string of N characters. `@bytes(N)`: a description whose JSON text has exactly N bytes.
fn parse_generated(token: &str) -> Result<Option<Value>, String> {
    let Some((name, rest)) = token.strip_prefix('@').and_then(|token| token.split_once('(')) else { return Ok(None) };
    let count = rest.strip_suffix(')').and_then(|digits| digits.parse::<usize>().ok());
    let count = count.filter(|count| *count <= glare_model::limits::MESSAGE_BYTES_MAX);
    let count = count.ok_or_else(|| format!("expected a size of at most one message in {token:?}"))?;
    match name {
        "text" => Ok(Some(Value::String("x".repeat(count)))),
        "bytes" => {
            let empty = json!({"sdp": "", "type": "offer"});
            let fixed = empty.to_string().len();
            let filling =
                count.checked_sub(fixed).ok_or_else(|| format!("a description has at least {fixed} bytes"))?;
            Ok(Some(json!({"sdp": "x".repeat(filling), "type": "offer"})))
        }
        _ => Err(format!("unknown generator {token:?}: there are @text(N) and @bytes(N)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "case: a-1\ntitle: t\ncovers: ROOM-01\n";

    fn steps(text: &str) -> Vec<Phase> {
        parse(&format!("{HEAD}{text}")).unwrap().remove(0).phases
    }

    fn problem(text: &str) -> ParseError {
        parse(&format!("{HEAD}{text}")).unwrap_err()
    }

    #[test]
    fn a_step_outside_together_is_a_phase_of_its_own() {
        let phases = steps("A create r\ntogether\nA leave\nB join r\nend\n");
        assert_eq!(phases.iter().map(|phase| phase.steps.len()).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_signal_without_payload_gets_one_that_is_told_from_the_others() {
        let phases = steps("A offer B\nA offer B\n");
        assert_ne!(phases[0].steps[0].action, phases[1].steps[0].action);
    }

    #[test]
    fn a_target_is_a_client_a_room_or_json() {
        for (target, expected) in [("B", json!("$B")), ("r", json!("#r")), ("[\"$B\"]", json!(["$B"])), ("7", json!(7))]
        {
            let phases = steps(&format!("A offer {target} {{}}\n"));
            let Action::Emit { data: Some(data), .. } = &phases[0].steps[0].action else { panic!("an event") };
            assert_eq!(data.0["target"], expected);
        }
    }

    #[test]
    fn generated_descriptions_have_the_size_asked_for() {
        let value = parse_value("@bytes(1000)").unwrap().0;
        assert_eq!(value.to_string().len(), 1000);
    }

    #[test]
    fn errors_name_line_and_culprit() {
        let error = problem("A create r\nA crate r\n");
        assert_eq!(error.line, 5);
        assert!(error.problem.contains("crate"), "{error}");
        assert!(problem("a create r\n").problem.contains("\"a\""));
        assert!(problem("A create r maybe\n").problem.contains("maybe"));
        assert!(problem("A frame wobbly\n").problem.contains("wobbly"));
        assert!(problem("together\nA leave\n").problem.contains("end"));
        assert!(parse("A create r").unwrap_err().problem.contains("case:"));
        assert!(parse("case: x\ntitle: t\ncovers: ROOM-77\nA leave\n").unwrap_err().problem.contains("ROOM-77"));
    }

    #[test]
    fn a_burst_is_one_phase_of_all_kinds() {
        let phases = steps("A burst B 4\n");
        assert_eq!(phases[0].steps.len(), 4);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(case: a\n|title: t\n|covers: ROOM-01\n|together\n|end\n|A |B |create |offer |emit |burst |r|\\{|\\[|\"|@bytes\\(|9|\\)|\n|é){0,30}") {
            let _outcome = parse(&text).is_ok();
        }
    }
}
