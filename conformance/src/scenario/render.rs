//! Writes a scenario as text that [`super::parse`] reads again, for scenarios that nobody wrote by hand.

use std::fmt::Write;

use super::{Phase, Scenario, Step};

impl Scenario {
    /// The scenario's text. Reading it gives the same steps; numbers of payloads that the text does not spell out follow
    /// the text's own order.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("case: {}\ntitle: {}\ncovers:", self.id, self.title);
        for clause in &self.covers {
            write(&mut text, format_args!(" {clause}"));
        }
        text.push('\n');
        if self.hostile {
            text.push_str("hostile: yes\n");
        }
        for phase in &self.phases {
            render_phase(phase, &mut text);
        }
        text
    }
}

fn render_phase(phase: &Phase, text: &mut String) {
    let lines = lines(&phase.steps);
    if let [line] = lines[..] {
        write(text, format_args!("{line}\n"));
        return;
    }
    text.push_str("together\n");
    for line in lines {
        write(text, format_args!("  {line}\n"));
    }
    text.push_str("end\n");
}

/// The lines that the steps came from: a burst is one line and many steps.
fn lines(steps: &[Step]) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = steps;
    while let Some(step) = rest.first() {
        lines.push(step.text.as_str());
        rest = &rest[step.burst.clamp(1, rest.len())..];
    }
    lines
}

fn write(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line).expect("writing to a string never fails");
}

#[cfg(test)]
mod tests {
    use crate::scenario::{library, parse};

    #[test]
    fn every_case_of_the_library_is_read_again_as_it_was() {
        for case in library() {
            let mut again = parse(&case.render()).unwrap().remove(0);
            again.source.clone_from(&case.source);
            assert_eq!(&again, case);
        }
    }
}
