//! NEG-06 takes two: whether both ends of a stay say that they are connected, with each other's descriptions.

use super::{Stay, Verdict};

/// Of peers that were all in one room and had the time to connect, the pairs whose last stay together did not end connected.
#[must_use]
pub fn unconnected(verdicts: &[Verdict]) -> Vec<(String, String)> {
    let last = |own: &str, remote: &str| -> Option<&Stay> {
        let mut stays = verdicts.iter().rev().flat_map(|verdict| verdict.stays.iter().rev());
        stays.find(|stay| stay.own == own && stay.remote == remote)
    };
    let mut unconnected = Vec::new();
    for stay in verdicts.iter().flat_map(|verdict| &verdict.stays).filter(|stay| stay.own < stay.remote) {
        let fits = match (last(&stay.own, &stay.remote), last(&stay.remote, &stay.own)) {
            (Some(one), Some(other)) => {
                one.is_connected && other.is_connected && one.state.is_connected_with(&other.state)
            }
            // The other end wrote no trace.
            (Some(one), None) => one.is_connected,
            (None, _) => false,
        };
        let pair = (stay.own.clone(), stay.remote.clone());
        if !fits && !unconnected.contains(&pair) {
            unconnected.push(pair);
        }
    }
    unconnected
}
