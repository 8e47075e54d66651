//! NEG-06 takes two: whether both ends of a stay say that they are connected, with each other's descriptions.

use std::collections::BTreeSet;

use super::{Stay, Verdict};

/// Of peers that were all in one room and had the time to connect, the pairs whose last stay together did not end connected, or is
/// not if it goes on. The lower id comes first.
#[must_use]
pub fn unconnected(verdicts: &[Verdict]) -> Vec<(String, String)> {
    let pair = |stay: &Stay| {
        let (one, other) = (stay.own.clone(), stay.remote.clone());
        if one < other { (one, other) } else { (other, one) }
    };
    // Either end may be the only one that wrote a trace.
    let pairs: BTreeSet<_> = verdicts.iter().flat_map(stays).map(pair).collect();
    pairs.into_iter().filter(|(one, other)| !fits(verdicts, one, other)).collect()
}

/// In the order of their ends; what goes on comes last.
fn stays(verdict: &Verdict) -> impl DoubleEndedIterator<Item = &Stay> {
    verdict.stays.iter().chain(&verdict.open)
}

fn fits(verdicts: &[Verdict], one: &str, other: &str) -> bool {
    let last = |own: &str, remote: &str| {
        let mut latest = verdicts.iter().rev().flat_map(|verdict| stays(verdict).rev());
        latest.find(|stay| stay.own == own && stay.remote == remote)
    };
    let wrote = |id: &str| verdicts.iter().any(|verdict| verdict.identities.iter().any(|own| own == id));
    match (last(one, other), last(other, one)) {
        (Some(near), Some(far)) => near.is_connected && far.is_connected && near.state.is_connected_with(&far.state),
        // Whoever wrote a trace and knows nothing of the stay is not connected.
        (Some(near), None) => near.is_connected && !wrote(other),
        (None, Some(far)) => far.is_connected && !wrote(one),
        (None, None) => false,
    }
}
