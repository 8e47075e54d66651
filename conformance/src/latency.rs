//! How fast a target answers: what a bound on waiting is derived from where no fence tells.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::limits::{
    LATENCY_SAMPLES_MAX, LATENCY_SAMPLES_MIN, QUIET_FACTOR, QUIET_FLOOR, QUIET_PERCENTILE, TIMEOUT_DEFAULT,
};

/// The last round trips of a target, over all scenarios of a run.
#[derive(Debug, Default)]
pub struct Latency(Mutex<Samples>);

#[derive(Debug, Default)]
struct Samples {
    /// A ring of the last ones.
    ring: Vec<Duration>,
    next: usize,
}

impl Latency {
    /// Takes in a round trip.
    pub fn note(&self, round_trip: Duration) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.ring.len() < LATENCY_SAMPLES_MAX {
            samples.ring.push(round_trip);
        } else {
            let next = samples.next;
            samples.ring[next] = round_trip;
            samples.next = (next + 1) % LATENCY_SAMPLES_MAX;
        }
    }

    /// How long nothing may have come until nothing is taken to be on its way: [`QUIET_FACTOR`] times the 99th percentile,
    /// at least [`QUIET_FLOOR`], at most [`TIMEOUT_DEFAULT`], which is also the bound while little is known.
    #[must_use]
    pub fn quiet_bound(&self) -> Duration {
        let mut sorted = self.0.lock().unwrap_or_else(PoisonError::into_inner).ring.clone();
        if sorted.len() < LATENCY_SAMPLES_MIN {
            return TIMEOUT_DEFAULT;
        }
        sorted.sort_unstable();
        let place = (sorted.len() * QUIET_PERCENTILE / 100).min(sorted.len() - 1);
        (sorted[place] * QUIET_FACTOR).clamp(QUIET_FLOOR, TIMEOUT_DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_follows_the_slow_end_of_what_was_measured() {
        let latency = Latency::default();
        assert_eq!(latency.quiet_bound(), TIMEOUT_DEFAULT);
        for _ in 0..LATENCY_SAMPLES_MAX {
            latency.note(Duration::from_micros(100));
        }
        assert_eq!(latency.quiet_bound(), QUIET_FLOOR);
        for _ in 0..LATENCY_SAMPLES_MAX / 20 {
            latency.note(Duration::from_millis(30));
        }
        assert_eq!(latency.quiet_bound(), Duration::from_millis(30) * QUIET_FACTOR);
        for _ in 0..LATENCY_SAMPLES_MAX {
            latency.note(Duration::from_secs(9));
        }
        assert_eq!(latency.quiet_bound(), TIMEOUT_DEFAULT);
    }
}
