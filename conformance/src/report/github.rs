//! Annotations of a GitHub workflow: one for each broken clause, so that a pull request shows what is wrong beside its
//! changes, and one for the whole.

use std::fmt::Write;

use glare_model::requirement::Level;

use super::{Run, plain::in_plain_words, triage::causes};
use crate::verdict::Verdict;

/// Writes a run as workflow commands, a line each.
#[must_use]
pub(crate) fn github(run: &Run<'_>) -> String {
    let mut page = String::new();
    for cause in causes(run) {
        let kind = if cause.id.level() <= run.level { "error" } else { "warning" };
        let first = cause.instances.first().expect("a cause shows somewhere");
        let (case, violation) = (&first.result.case, first.violation);
        let words = in_plain_words(cause.id);
        let title = format!("{} ({}): {}", cause.id, cause.id.level(), words.wrong);
        let message = format!(
            "{}\nexpected: {}\nactual: {}\ncases: {}\nreplay: {}",
            words.so,
            violation.expected,
            violation.actual,
            cause.instances.len(),
            (run.replay)(&case.id)
        );
        page.push_str(&command(kind, &title, &message));
    }
    let silent = run.summary.count(Verdict::Inconclusive) + run.summary.count(Verdict::NotExercised);
    if silent > 0 {
        page.push_str(&command("warning", "Not every case has a verdict", &format!("{silent} cases say nothing")));
    }
    let passed = |level: Level| {
        let own = run.summary.requirements.iter().filter(|one| one.id.level() == level);
        let (passed, all) = own.fold((0, 0), |(passed, all), one| match one.verdict {
            Verdict::Pass => (passed + 1, all + 1),
            Verdict::NotApplicable => (passed, all),
            Verdict::Fail | Verdict::ExpectedFail | Verdict::Flaky | Verdict::Inconclusive | Verdict::NotExercised => {
                (passed, all + 1)
            }
        });
        format!("{passed} of {all} {level} clauses pass")
    };
    let message = format!("{}: {}, {}", run.target, passed(Level::Must), passed(Level::Should));
    page.push_str(&command("notice", run.conclusion().headline(), &message));
    page
}

/// A workflow command. What a target sent cannot end it, or begin another one.
fn command(kind: &str, title: &str, message: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut line = String::new();
    let _infallible = writeln!(line, "::{kind} title={}::{}", property(title), data(message));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_target_sent_is_a_command() {
        let line = command("error", "a: b, c", "50%\n::set-output name=x::y\r");
        assert_eq!(line, "::error title=a%3A b%2C c::50%25%0A::set-output name=x::y%0D\n");
    }
}
