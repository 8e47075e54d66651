//! Ports of 127.0.0.1 for servers that the suite starts.

use std::{
    fs::{File, TryLockError},
    io,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
};

/// Candidates for a server's port. They lie below the ports that systems give to clients: such a port, given to a
/// connection of the suite itself while the server restarts, would keep the server from coming back.
const FIRST_PORT: u16 = 20_000;
const PORT_CANDIDATES: u16 = 10_000;

/// A port of 127.0.0.1 that nobody uses at the moment; another one at every call. Until this process ends, no other process
/// that asks here gets it, whether anybody listens there or not.
///
/// # Errors
/// If every candidate is in use.
pub fn free_port() -> io::Result<u16> {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    static RESERVED: Mutex<Vec<Reservation>> = Mutex::new(Vec::new());
    // Processes side by side start at different places.
    let [low, high, ..] = std::process::id().to_le_bytes();
    let first = u16::from_le_bytes([low, high]).wrapping_mul(101);
    let candidates = (0..PORT_CANDIDATES).map(|_| {
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        FIRST_PORT + first.wrapping_add(call) % PORT_CANDIDATES
    });
    // Reserved before it is looked at: to look takes the port for a moment.
    let mut reserved = candidates.filter_map(|port| Some((port, Reservation::of(port)?)));
    let found = reserved.find(|(port, _)| is_free(*port));
    let (port, reservation) =
        found.ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "no port from 20000 to 29999 is free"))?;
    RESERVED.lock().unwrap_or_else(PoisonError::into_inner).push(reservation);
    Ok(port)
}

/// A port that was given to somebody who may not listen there yet, or not at the moment. Whoever asks for a port asks for the
/// lock of a file that is named after it; the system unlocks it when the process ends, however that happens.
struct Reservation {
    /// None where no such file can be made; then nothing but luck keeps processes apart.
    _locked: Option<File>,
}

impl Reservation {
    /// None if another one exists.
    fn of(port: u16) -> Option<Self> {
        let Ok(file) = File::create(std::env::temp_dir().join(format!("glare-port-{port}"))) else {
            return Some(Self { _locked: None });
        };
        match file.try_lock() {
            Ok(()) => Some(Self { _locked: Some(file) }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(_)) => Some(Self { _locked: None }),
        }
    }
}

/// The standard library sets SO_REUSEADDR, so connections in TIME_WAIT do not count.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_was_given_out_is_not_given_out_again_while_nobody_listens() {
        let port = free_port().unwrap();
        assert!(is_free(port));
        assert!(Reservation::of(port).is_none());
    }
}
