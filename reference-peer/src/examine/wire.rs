//! What can be seen of a peer from outside beside its signals: its sockets, and its ICE checks.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rtc_stun::{
    attributes::ATTR_USERNAME,
    message::{BINDING_REQUEST, Message},
    textattrs::TextAttribute,
};
use serde_json::Value;
use tokio::{
    net::UdpSocket,
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use crate::{limits, payload::line};

/// An ICE check that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// Which beacon it arrived at.
    pub(super) beacon: usize,
    /// The user fragment of ours that its sender knows: of the description that it applied.
    pub(super) ours: String,
    /// The sender's own.
    pub(super) theirs: String,
}

/// A UDP socket that only listens: as a candidate, it attracts the checks of whoever applied the candidate.
pub(super) struct Beacon {
    pub(super) address: SocketAddr,
    _task: AbortOnDropHandle<()>,
}

impl Beacon {
    pub(super) async fn light(number: usize, local: IpAddr, checks: mpsc::Sender<Check>) -> io::Result<Self> {
        let socket = UdpSocket::bind((local, 0)).await?;
        let address = socket.local_addr()?;
        let listening = async move {
            let mut datagram = vec![0; limits::EXAMINE_DATAGRAM_BYTES_MAX];
            loop {
                let Ok(length) = socket.recv(&mut datagram).await else { continue };
                if let Some((ours, theirs)) = user_names(&datagram[..length]) {
                    // Checks are repeated, so that one which finds no room is not missed.
                    checks.try_send(Check { beacon: number, ours, theirs }).ok();
                }
            }
        };
        Ok(Self { address, _task: AbortOnDropHandle::new(tokio::spawn(listening)) })
    }
}

/// The two user fragments of a STUN binding request.
fn user_names(datagram: &[u8]) -> Option<(String, String)> {
    let mut message = Message::new();
    message.unmarshal_binary(datagram).ok()?;
    if message.typ != BINDING_REQUEST {
        return None;
    }
    let name = TextAttribute::get_from_as(&message, ATTR_USERNAME).ok()?.text;
    let (ours, theirs) = name.split_once(':')?;
    Some((ours.to_owned(), theirs.to_owned()))
}

/// The user fragment that a candidate bears, in either of the two places where implementations put it.
pub(super) fn ufrag_of(candidate: &Value) -> Option<&str> {
    let named = candidate["usernameFragment"].as_str().filter(|ufrag| !ufrag.is_empty());
    named.or_else(|| candidate["candidate"].as_str()?.split_whitespace().skip_while(|word| *word != "ufrag").nth(1))
}

/// The socket of a host candidate for UDP, if its address is told.
pub(super) fn address_of(candidate: &str) -> Option<SocketAddr> {
    let words: Vec<_> = candidate.split_whitespace().collect();
    let [_, _, transport, _, ip, port, "typ", "host", ..] = words[..] else { return None };
    if !transport.eq_ignore_ascii_case("udp") {
        return None;
    }
    Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
}

/// The user fragment of a description.
pub(super) fn ufrag_of_description(payload: &Value) -> Option<&str> {
    line(payload["sdp"].as_str()?, "a=ice-ufrag:")
}

/// What a description lacks of all that it has to have by RFC 9429, section 5.2.1, and RFC 8866; the first such thing.
pub(super) fn missing_in_description(payload: &Value) -> Option<&'static str> {
    let sdp = payload["sdp"].as_str().unwrap_or_default();
    if !matches!(payload["type"].as_str(), Some("offer" | "answer")) {
        return Some("`type` that is offer or answer");
    }
    if !sdp.starts_with("v=0") {
        return Some("`sdp` that begins with v=0");
    }
    let needed = ["o=", "s=", "t=", "m=", "a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"];
    needed.into_iter().find(|prefix| line(sdp, prefix).is_none())
}

/// Whether a description sends audio or video.
pub(super) fn sends_media(payload: &Value) -> bool {
    let sdp = payload["sdp"].as_str().unwrap_or_default();
    let mut is_media = false;
    for line in sdp.lines() {
        if line.starts_with("m=") {
            is_media = line.starts_with("m=audio") || line.starts_with("m=video");
        } else if is_media && (line == "a=sendrecv" || line == "a=sendonly") {
            return true;
        }
    }
    false
}

/// What can be seen of the sockets of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sockets {
    /// This one is open after all the patience.
    Open(SocketAddr),
    /// All that can be looked at are closed, and there are some.
    Closed,
    /// None can be looked at: no address is known, or all are of other machines.
    Unknown,
}

/// Looks at the sockets of one connection. They live and die together, so that those at addresses which are not of this machine,
/// such as that of a NAT, are judged by the others.
pub(super) async fn look_at_sockets(addresses: &[SocketAddr], patience: Duration) -> Sockets {
    let mut seen = Sockets::Unknown;
    for address in addresses {
        let Ok(socket) = connected_to(*address).await else { continue };
        if timeout(patience, refusal(&socket)).await.is_err() {
            return Sockets::Open(*address);
        }
        seen = Sockets::Closed;
    }
    seen
}

/// Only sockets of this machine have an address that can be bound here.
async fn connected_to(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((address.ip(), 0)).await?;
    socket.connect(address).await?;
    Ok(socket)
}

/// Completes when nobody has the socket at the other end any more: the system then refuses what is sent there.
async fn refusal(socket: &UdpSocket) {
    let mut period = interval(limits::EXAMINE_PROBE_PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        // No protocol of WebRTC's begins with this byte (RFC 7983), so that whoever has the socket drops it.
        if socket.send(&[255]).await.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use rtc_stun::message::{Setter, TransactionId};
    use serde_json::json;

    use super::*;

    fn local() -> IpAddr {
        [127, 0, 0, 1].into()
    }

    /// An address for documentation (RFC 5737), which no machine has.
    fn elsewhere() -> SocketAddr {
        SocketAddr::new([192, 0, 2, 1].into(), 9)
    }

    fn check(name: &str) -> Vec<u8> {
        let mut message = Message::new();
        let name: Box<dyn Setter> = Box::new(TextAttribute::new(ATTR_USERNAME, name.to_owned()));
        message.build(&[Box::new(TransactionId::new()), Box::new(BINDING_REQUEST), name]).unwrap();
        message.raw
    }

    #[tokio::test]
    async fn a_beacon_tells_who_checks_it_and_hears_nothing_else() {
        let (sender, mut checks) = mpsc::channel(8);
        let beacon = Beacon::light(7, local(), sender).await.unwrap();
        let socket = UdpSocket::bind((local(), 0)).await.unwrap();
        for datagram in [b"noise".to_vec(), Vec::new(), check("no colon"), check("ours:theirs")] {
            socket.send_to(&datagram, beacon.address).await.unwrap();
        }
        let heard = checks.recv().await.unwrap();
        assert_eq!(heard, Check { beacon: 7, ours: "ours".into(), theirs: "theirs".into() });
        assert!(checks.try_recv().is_err());
    }

    #[tokio::test]
    async fn an_open_socket_is_told_from_a_closed_one() {
        let socket = UdpSocket::bind((local(), 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(look_at_sockets(&[address], Duration::from_millis(50)).await, Sockets::Open(address));
        drop(socket);
        assert_eq!(look_at_sockets(&[address], Duration::from_secs(5)).await, Sockets::Closed);
    }

    #[tokio::test]
    async fn of_no_socket_and_of_one_elsewhere_nothing_is_known() {
        assert_eq!(look_at_sockets(&[], Duration::from_secs(5)).await, Sockets::Unknown);
        assert_eq!(look_at_sockets(&[elsewhere()], Duration::from_secs(5)).await, Sockets::Unknown);
    }

    #[tokio::test]
    async fn a_socket_elsewhere_is_judged_by_those_of_this_machine() {
        let socket = UdpSocket::bind((local(), 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        for both in [[elsewhere(), address], [address, elsewhere()]] {
            assert_eq!(look_at_sockets(&both, Duration::from_millis(50)).await, Sockets::Open(address));
        }
        drop(socket);
        for both in [[elsewhere(), address], [address, elsewhere()]] {
            assert_eq!(look_at_sockets(&both, Duration::from_secs(5)).await, Sockets::Closed);
        }
    }

    #[test]
    fn candidates_are_read() {
        let host = "candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host generation 0 ufrag ab network-id 1";
        assert_eq!(address_of(host), Some(SocketAddr::new(local(), 9)));
        assert_eq!(address_of("candidate:1 1 udp 1 a-name.local 9 typ host"), None);
        assert_eq!(address_of("candidate:1 1 tcp 1 127.0.0.1 9 typ host tcptype active"), None);
        assert_eq!(address_of("candidate:1 1 udp 1 127.0.0.1 9 typ srflx raddr 0.0.0.0 rport 0"), None);
        assert_eq!(ufrag_of(&json!({ "candidate": host })), Some("ab"));
        assert_eq!(ufrag_of(&json!({ "candidate": host, "usernameFragment": "cd" })), Some("cd"));
        assert_eq!(ufrag_of(&json!({ "candidate": "" })), None);
    }

    #[test]
    fn what_a_description_lacks_is_named() {
        let lines =
            ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"];
        let lines = [&lines[..], &["a=ice-ufrag:ab", "a=ice-pwd:cd", "a=fingerprint:sha-256 00"]].concat();
        let lacks =
            |kind: &str, lines: &[&str]| missing_in_description(&json!({ "type": kind, "sdp": lines.join("\r\n") }));
        assert_eq!(lacks("offer", &lines), None);
        assert!(lacks("pranswer", &lines).is_some_and(|missing| missing.contains("type")));
        for (at, line) in lines.iter().enumerate() {
            let others: Vec<_> = [&lines[..at], &lines[at + 1..]].concat();
            assert!(lacks("answer", &others).is_some_and(|missing| at == 0 || line.starts_with(missing)), "{line}");
        }
    }

    #[test]
    fn a_description_that_only_receives_sends_no_media() {
        let sdp = |direction: &str| json!({ "sdp": format!("v=0\r\nm=audio 9 x 1\r\n{direction}\r\nm=application 9 x\r\na=sendrecv\r\n") });
        assert!(sends_media(&sdp("a=sendrecv")) && sends_media(&sdp("a=sendonly")));
        assert!(!sends_media(&sdp("a=recvonly")));
    }
}
