//! The text form of scenarios. docs/conformance.md describes it for authors.

mod step;

use glare_model::requirement::{RequirementId, UnknownRequirement};

use self::step::parse_step;
use super::{Phase, Scenario, Step};
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{step::parse_value, *};
    use crate::scenario::Action;

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
