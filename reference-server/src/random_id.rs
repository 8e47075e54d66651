//! Ids that nobody can guess.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CHARS: usize = 20;

/// A fresh id of 20 URL-safe characters: 120 bits of the operating system's randomness, so that ids neither collide nor
/// can be told from one another. Public user ids and secret session ids are drawn independently.
pub(crate) fn random_id() -> String {
    let mut bytes = [0; CHARS];
    getrandom::fill(&mut bytes).expect("an operating system that runs a server has randomness");
    // 64 divides 256, so every character is equally likely.
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])).collect()
}
