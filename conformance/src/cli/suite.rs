//! Which cases `glare test` runs, and until when.

use std::{collections::HashMap, fmt::Write, sync::Arc, time::Duration};

use clap::Args;
use jiff::SignedDuration;

use super::Failure;
use crate::{
    capability::Profile,
    limits::{BUDGET_MAX, EXTRA_STATES_DEFAULT, EXTRA_STATES_MAX, RANDOM_CASES_MAX},
    scenario::Scenario,
    shard::Shard,
    suite::{FULL, Filter, Made, Scope, Suite, by_names, make},
};

#[derive(Debug, Args)]
pub(super) struct SuiteArgs {
    /// Which suites run; `glare list suites` shows them, `full` is all of them.
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    suite: Vec<String>,
    /// How many cases by chance there are [default: 1000 in random, 40 in hostile].
    #[arg(long, value_name = "N", value_parser = parse_cases)]
    cases: Option<usize>,
    /// For how many states beyond the model's the suite `complete` is complete.
    #[arg(long, value_name = "K", default_value_t = EXTRA_STATES_DEFAULT, value_parser = parse_extra_states)]
    extra_states: usize,
    /// Run only cases whose id, or one of whose clauses, matches; may be given several times.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// Leave out cases whose id, or one of whose clauses, matches; may be given several times.
    #[arg(long, value_name = "GLOB")]
    skip: Vec<String>,
    /// Run the I-th of N parts: a case is in the same part on every machine.
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<Shard>,
    /// Begin no case after this time, such as 30s or 5m; what then has not run is not exercised.
    #[arg(long, value_name = "TIME", value_parser = parse_budget)]
    pub(super) budget: Option<Duration>,
}

fn parse_cases(text: &str) -> Result<usize, String> {
    within(text, 1, RANDOM_CASES_MAX)
}

fn parse_extra_states(text: &str) -> Result<usize, String> {
    within(text, 1, EXTRA_STATES_MAX)
}

fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (least..=most).contains(&number) { Ok(number) } else { Err(format!("expected {least} to {most}")) }
}

fn parse_budget(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    let sound = time.filter(|time| !time.is_zero() && *time <= BUDGET_MAX);
    sound.ok_or_else(|| format!("expected a time such as 30s or 5m, of at most {} days", BUDGET_MAX.as_secs() / 86_400))
}

impl SuiteArgs {
    fn scope(&self, seed: u64, profile: &Profile) -> Scope {
        Scope { seed, cases: self.cases, extra_states: self.extra_states, capacity: profile.capacity() }
    }

    /// Makes the suites and selects what is to run.
    pub(super) fn choose(&self, seed: u64, profile: &Profile) -> Result<Vec<Made>, Failure> {
        let suites = by_names(&self.suite).map_err(|error| Failure::Usage(error.to_string()))?;
        let filter = Filter::new(&self.only, &self.skip, self.shard);
        let filter = filter.map_err(|error| Failure::Usage(error.to_string()))?;
        let mut made = make(&suites, &self.scope(seed, profile));
        filter.apply(&mut made);
        if made.iter().all(|one| one.selected.is_empty()) {
            return Err(Failure::Usage(self.nothing_left(&suites)));
        }
        Ok(made)
    }

    fn nothing_left(&self, suites: &[&Suite]) -> String {
        let mut text = "no case is left".to_owned();
        let options = [("--only", &self.only), ("--skip", &self.skip)];
        for (option, globs) in options.iter().filter(|(_, globs)| !globs.is_empty()) {
            let _infallible = write!(text, " by {option} {globs:?}");
        }
        if let Some(shard) = self.shard {
            let _infallible = write!(text, " in part {shard}");
        }
        let names: Vec<_> = suites.iter().map(|suite| suite.name).collect();
        text + &format!(
            " of the suites {}; `glare list cases` shows the ids and clauses that patterns match, --suite {FULL} has more",
            names.join(", ")
        )
    }

    /// The arguments that make and select a case again, by its id.
    pub(super) fn again<'a>(&self, made: &'a [Made], seed: u64, profile: &Profile) -> impl Fn(&str) -> String + 'a {
        let scope = self.scope(seed, profile);
        let homes: HashMap<&str, &Suite> =
            made.iter().flat_map(|one| one.selected.iter().map(|case| (case.id.as_str(), one.suite))).collect();
        move |case| {
            let arguments = homes.get(case).map_or(String::new(), |suite| {
                let name = if suite.by_default { String::new() } else { format!(" --suite {}", suite.name) };
                name + &(suite.arguments)(&scope)
            });
            format!("{arguments} --only {case}")
        }
    }
}

/// What is to run.
pub(super) fn selected(made: &[Made]) -> Vec<Arc<Scenario>> {
    made.iter().flat_map(|one| one.selected.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_time_of_some_length() {
        assert_eq!(parse_budget("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_budget("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_budget("500ms"), Ok(Duration::from_millis(500)));
        for text in ["", "30", "0s", "-5s", "soon", "300d", "900h"] {
            assert!(parse_budget(text).is_err(), "{text}");
        }
    }
}
