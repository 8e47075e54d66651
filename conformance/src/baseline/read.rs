//! Reads a baseline file. What is wrong with it is said with its line.

use glare_model::requirement::RequirementId;
use globset::Glob;
use jiff::civil::Date;
use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{Baseline, Entry, Pattern, Rate};

/// A text is no baseline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}\n{:>width$} |\n{line} | {text}", "", width = line.to_string().len())]
pub struct BaselineError {
    /// The line at fault, from 1.
    pub line: usize,
    /// What is wrong there, and what is right.
    pub problem: String,
    /// The line itself.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    expected: Vec<Spanned<Raw>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    case: Option<Spanned<String>>,
    requirement: Option<Spanned<String>>,
    reason: Spanned<String>,
    url: Option<Spanned<String>>,
    expires: Option<Spanned<Datetime>>,
    flaky: Option<Spanned<String>>,
}

/// What is wrong, at an offset.
type Fault = (usize, String);

impl Baseline {
    /// Reads a file's text.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        let at = |(offset, problem): Fault| {
            let line = line_of(text, offset);
            BaselineError { line, problem, text: text.lines().nth(line - 1).unwrap_or_default().to_owned() }
        };
        let wrong = |error: toml::de::Error| {
            at((error.span().map_or(0, |span| span.start), error.message().replace('\n', " ")))
        };
        let file: File = toml::from_str(text).map_err(wrong)?;
        let entry = |raw: Spanned<Raw>| {
            let offset = raw.span().start;
            entry(offset, line_of(text, offset), raw.into_inner()).map_err(at)
        };
        Ok(Self { entries: file.expected.into_iter().map(entry).collect::<Result<_, _>>()? })
    }
}

/// The line of an offset, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn entry(offset: usize, line: usize, raw: Raw) -> Result<Entry, Fault> {
    if raw.case.is_none() && raw.requirement.is_none() {
        return Err((offset, "an entry names a `case`, a `requirement`, or both".to_owned()));
    }
    if raw.reason.get_ref().trim().is_empty() {
        return Err((raw.reason.span().start, "say why it is accepted: `reason` is empty".to_owned()));
    }
    if let (Some(flaky), None) = (&raw.flaky, &raw.case) {
        return Err((flaky.span().start, "`flaky` is said of a `case`, and there is none".to_owned()));
    }
    let requirement = raw.requirement.map(pattern).transpose()?;
    if let Some((start, pattern)) = &requirement
        && !RequirementId::all().iter().any(|id| pattern.matches(id.as_str()))
    {
        let hint = "`glare list requirements` shows them";
        return Err((*start, format!("no requirement matches {:?}; {hint}", pattern.text)));
    }
    Ok(Entry {
        line,
        case: raw.case.map(pattern).transpose()?.map(|(_, pattern)| pattern),
        requirement: requirement.map(|(_, pattern)| pattern),
        reason: raw.reason.into_inner(),
        url: raw.url.map(url).transpose()?,
        expires: raw.expires.map(day).transpose()?,
        flaky: raw.flaky.map(rate).transpose()?,
    })
}

fn pattern(text: Spanned<String>) -> Result<(usize, Pattern), Fault> {
    let start = text.span().start;
    let text = text.into_inner();
    let glob = Glob::new(&text).map_err(|error| (start, error.to_string()))?;
    Ok((start, Pattern { matcher: glob.compile_matcher(), text }))
}

fn url(text: Spanned<String>) -> Result<String, Fault> {
    match url::Url::parse(text.get_ref()) {
        Ok(_) => Ok(text.into_inner()),
        Err(error) => Err((text.span().start, format!("{:?} is no URL ({error})", text.get_ref()))),
    }
}

fn day(date: Spanned<Datetime>) -> Result<Date, Fault> {
    let fault = || (date.span().start, "expected a date such as 2027-01-31".to_owned());
    match date.get_ref() {
        Datetime { date: Some(day), time: None, offset: None } => {
            let number = |value: u8| i8::try_from(value).map_err(|_| fault());
            let year = i16::try_from(day.year).map_err(|_| fault())?;
            Date::new(year, number(day.month)?, number(day.day)?).map_err(|_| fault())
        }
        _ => Err(fault()),
    }
}

fn rate(text: Spanned<String>) -> Result<Rate, Fault> {
    let parts =
        text.get_ref().split_once('/').and_then(|(failed, runs)| Some((failed.parse().ok()?, runs.parse().ok()?)));
    match parts {
        Some((failed, runs)) if 0 < failed && failed < runs => Ok(Rate { failed, runs }),
        _ => Err((text.span().start, "expected how many of how many runs fail, such as \"3/20\"".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_with_all_its_parts() {
        let text = "# ours\n[[expected]]\ncase = \"room-04-*\"\nrequirement = \"ROOM-04\"\nreason = \"to be done\"\n\
                    url = \"https://example.org/7\"\nexpires = 2027-01-31\nflaky = \"3/20\"\n";
        let entry = Baseline::read(text).unwrap().entries.remove(0);
        assert_eq!((entry.line, entry.about().as_str()), (2, "requirement ROOM-04, case room-04-*"));
        assert_eq!(entry.expires, Some(Date::constant(2027, 1, 31)));
        assert_eq!(entry.flaky.map(|rate| rate.to_string()).as_deref(), Some("3/20"));
        assert!(Baseline::read("").unwrap().entries.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (lines, line, culprit) in [
            ("case = \"x\"\nreson = \"y\"", 3, "reson"),
            ("case = \"x\"", 1, "reason"),
            ("case = \"x\"\nreason = \" \"", 3, "reason"),
            ("reason = \"y\"", 1, "`case`"),
            ("case = \"[\"\nreason = \"y\"", 2, "["),
            ("requirement = \"ROOM-77\"\nreason = \"y\"", 2, "ROOM-77"),
            ("case = \"x\"\nreason = \"y\"\nurl = \"nowhere\"", 4, "nowhere"),
            ("case = \"x\"\nreason = \"y\"\nexpires = \"soon\"", 4, "soon"),
            ("case = \"x\"\nreason = \"y\"\nexpires = 10:00:00", 4, "2027-01-31"),
            ("case = \"x\"\nreason = \"y\"\nflaky = \"3\"", 4, "3/20"),
            ("case = \"x\"\nreason = \"y\"\nflaky = \"5/5\"", 4, "3/20"),
            ("requirement = \"ROOM-04\"\nreason = \"y\"\nflaky = \"1/5\"", 4, "`case`"),
            ("case = ", 2, "|"),
        ] {
            let error = Baseline::read(&format!("[[expected]]\n{lines}\n")).unwrap_err();
            assert_eq!(error.line, line, "{lines}: {error}");
            assert!(error.to_string().contains(culprit), "{lines}: {error}");
        }
        assert!(Baseline::read("[[expect]]\n").unwrap_err().problem.contains("expect"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(\\[\\[expected\\]\\]\n|case = |reason = |flaky = |expires = |\"|a|1|/|-|\n|é|=){0,30}") {
            let _outcome = Baseline::read(&text).is_ok();
        }
    }
}
