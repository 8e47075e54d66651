//! A remote that is played: it does what its case says, with a signaling client and connections of webrtc-rs.

use std::net::{IpAddr, SocketAddr};

use glare_model::{message::SignalKind, negotiation::Description};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout_at},
};

use super::{
    ExamineError,
    cases::Room,
    host::{enter, gone},
    wire::{Beacon, Check, address_of, missing_in_description, ufrag_of, ufrag_of_description},
};
use crate::{
    limits,
    local::Local,
    native::{Media, NativeFactory},
    payload::{line, stamp},
    rtc::{Connection, Factory, Failure, IceState, Notice, Notices, Source, bounded},
    signaling::{Dial, Incoming, Outgoing, Signaling},
};

impl From<Failure> for ExamineError {
    fn from(failure: Failure) -> Self {
        Self::own(failure)
    }
}

/// On which side of the peer's id a remote's id lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Lower,
    Higher,
}

/// What a played remote hears.
#[derive(Debug)]
pub(super) enum Heard {
    Offer(Value),
    Answer(Value),
    Candidate,
    Check(Check),
    /// One of our connections is connected.
    Connected(usize),
}

/// One of our connections.
struct Link {
    connection: <NativeFactory as Factory>::Connection,
    /// What our descriptions on it are numbered with.
    numbers: Description,
    own_ufrag: String,
    mid: String,
    remote_ufrag: Option<String>,
    /// Whether what we gather is sent at once; otherwise it is held.
    trickles: bool,
    held: Vec<Value>,
}

/// A remote.
pub(super) struct Remote {
    signaling: Signaling,
    room: String,
    peer: String,
    requests: u64,
    factory: NativeFactory,
    local: watch::Sender<Local>,
    noticing: mpsc::Sender<(u32, Notice)>,
    notices: mpsc::Receiver<(u32, Notice)>,
    checking: mpsc::Sender<Check>,
    checks: mpsc::Receiver<Check>,
    beacons: Vec<Beacon>,
    links: Vec<Option<Link>>,
    descriptions: u32,
    meeting: u32,
    /// The peer's candidates that no connection of ours is ready for.
    early: Vec<Value>,
    /// The peer's sockets, with the user fragment of the connection that they belong to.
    sockets: Vec<(String, SocketAddr)>,
    has_heard_candidate: bool,
    deadline: Instant,
}

impl Remote {
    /// Joins, with an id on the wanted side of the peer's.
    pub(super) async fn join(room: &Room<'_>, id: Id) -> Result<Self, ExamineError> {
        for _ in 0..limits::EXAMINE_IDS_MAX {
            let signaling = room.endpoint.dial().await?;
            if (signaling.user_id < room.peer) != (id == Id::Lower) {
                signaling.close().await;
                continue;
            }
            let mut remote = Self::new(signaling, room);
            remote.enter().await?;
            return Ok(remote);
        }
        Err(ExamineError::Own(format!("{} ids are all on the other side of the peer's", limits::EXAMINE_IDS_MAX)))
    }

    fn new(signaling: Signaling, room: &Room<'_>) -> Self {
        let local = Local { name: "remote".to_owned(), audio: true, video: true, source: Source::Camera };
        let (noticing, notices) = mpsc::channel(limits::INBOX_MAX);
        let (checking, checks) = mpsc::channel(limits::INBOX_MAX);
        Self {
            signaling,
            room: room.name.to_owned(),
            peer: room.peer.clone(),
            requests: 0,
            factory: NativeFactory { bind: (room.local, 0).into(), ..NativeFactory::new(Media::Synthetic) },
            local: watch::Sender::new(local),
            noticing,
            notices,
            checking,
            checks,
            beacons: Vec::new(),
            links: Vec::new(),
            descriptions: 0,
            meeting: 0,
            early: Vec::new(),
            sockets: Vec::new(),
            has_heard_candidate: false,
            deadline: room.deadline,
        }
    }

    pub(super) async fn enter(&mut self) -> Result<(), ExamineError> {
        self.meeting += 1;
        self.requests += 1;
        enter(&mut self.signaling, "join-room", &self.room, self.requests).await
    }

    pub(super) async fn leave(&self) -> Result<(), ExamineError> {
        let leaving = Outgoing { event: "leave-room", data: None, ack: None };
        self.signaling.outgoing.send(leaving).await.map_err(|_nobody_sends| gone())
    }

    /// A fresh connection, with tracks and a data channel.
    pub(super) async fn build(&mut self) -> Result<usize, ExamineError> {
        let link = self.links.len();
        let epoch = u32::try_from(link).map_err(ExamineError::own)?;
        let notices = Notices::new(epoch, self.noticing.clone());
        let mut connection = bounded(self.factory.build("", self.local.subscribe(), notices)).await?;
        connection.attach();
        bounded(connection.add_tracks()).await?;
        let numbers = Description { meeting: self.meeting, ..Description::default() };
        let (own_ufrag, mid) = (String::new(), String::new());
        self.links.push(Some(Link {
            connection,
            numbers,
            own_ufrag,
            mid,
            remote_ufrag: None,
            trickles: false,
            held: Vec::new(),
        }));
        Ok(link)
    }

    pub(super) async fn close_link(&mut self, link: usize) -> Result<(), ExamineError> {
        match self.links[link].take() {
            Some(link) => Ok(bounded(link.connection.close()).await?),
            None => Ok(()),
        }
    }

    fn link(&mut self, link: usize) -> Result<&mut Link, ExamineError> {
        self.links[link].as_mut().ok_or_else(|| ExamineError::Own("a closed connection is used".to_owned()))
    }

    /// Makes the first description of a connection, numbered as of this meeting. `answers` is the number of the offer.
    async fn make(&mut self, link: usize, kind: SignalKind, answers: u32) -> Result<Value, ExamineError> {
        self.descriptions += 1;
        let (number, meeting) = (self.descriptions, self.meeting);
        let it = self.link(link)?;
        it.numbers = Description { meeting, connection: number, number, answers, ice: number };
        let made = bounded(it.connection.make(kind, number)).await?;
        let sdp = made["sdp"].as_str().unwrap_or_default();
        it.own_ufrag = line(sdp, "a=ice-ufrag:").unwrap_or_default().to_owned();
        it.mid = line(sdp, "a=mid:").unwrap_or_default().to_owned();
        Ok(stamp(made, it.numbers))
    }

    /// A fresh connection's offer, not sent yet.
    pub(super) async fn offer(&mut self, link: usize) -> Result<Value, ExamineError> {
        self.make(link, SignalKind::Offer, 0).await
    }

    /// A fresh connection's answer to an offer, not sent yet.
    pub(super) async fn answer(&mut self, link: usize, offer: &Value) -> Result<Value, ExamineError> {
        self.apply(link, offer).await?;
        let number = offer["glare"]["number"].as_u64().and_then(|number| u32::try_from(number).ok());
        let made = self.make(link, SignalKind::Answer, number.unwrap_or_default()).await;
        // Offers that can be answered are answered, so that this one cannot.
        made.map_err(|error| match error {
            ExamineError::Own(problem) => unusable(offer, &Failure(problem)),
            other => other,
        })
    }

    /// Applies a description of the peer's, and adds its candidates that came before.
    pub(super) async fn apply(&mut self, link: usize, payload: &Value) -> Result<(), ExamineError> {
        let ufrag = ufrag_of_description(payload).map(str::to_owned);
        let early = std::mem::take(&mut self.early);
        let it = self.link(link)?;
        let applied = bounded(it.connection.apply(payload)).await;
        applied.map_err(|failure| unusable(payload, &failure))?;
        it.remote_ufrag = ufrag;
        for candidate in early {
            self.add(candidate).await;
        }
        Ok(())
    }

    /// Adds a candidate to the connection that it belongs to, or keeps it.
    async fn add(&mut self, candidate: Value) {
        let ufrag = ufrag_of(&candidate).map(str::to_owned);
        let is_ready =
            |link: &&mut Link| link.remote_ufrag.is_some() && (ufrag.is_none() || link.remote_ufrag == ufrag);
        match self.links.iter_mut().rev().flatten().find(is_ready) {
            // One that is not understood costs one path.
            Some(link) => bounded(link.connection.add(&candidate)).await.unwrap_or_default(),
            None if self.early.len() < limits::INBOX_MAX => self.early.push(candidate),
            None => {}
        }
    }

    pub(super) async fn send(&self, kind: SignalKind, payload: Value) -> Result<(), ExamineError> {
        let data = json!({ "target": self.peer, kind.payload_member(): payload });
        let signal = Outgoing { event: kind.event(), data: Some(data), ack: None };
        self.signaling.outgoing.send(signal).await.map_err(|_nobody_sends| gone())
    }

    /// Sends the candidates of a connection, those that were found and those that will be.
    pub(super) async fn trickle(&mut self, link: usize) -> Result<(), ExamineError> {
        let it = self.link(link)?;
        it.trickles = true;
        let (numbers, held) = (it.numbers, std::mem::take(&mut it.held));
        for candidate in held {
            self.send(SignalKind::Candidate, stamp(candidate, candidate_numbers(numbers))).await?;
        }
        Ok(())
    }

    /// A socket that attracts checks, and its number.
    pub(super) async fn beacon(&mut self, local: IpAddr) -> Result<usize, ExamineError> {
        let number = self.beacons.len();
        self.beacons.push(Beacon::light(number, local, self.checking.clone()).await.map_err(ExamineError::own)?);
        Ok(number)
    }

    /// A beacon as a candidate of a connection that has described itself.
    pub(super) fn candidate(&mut self, link: usize, beacon: usize) -> Result<Value, ExamineError> {
        let address = self.beacons[beacon].address;
        let it = self.link(link)?;
        let text = format!("candidate:1 1 udp 2130706431 {} {} typ host", address.ip(), address.port());
        let candidate =
            json!({ "candidate": text, "sdpMid": it.mid, "sdpMLineIndex": 0, "usernameFragment": it.own_ufrag });
        Ok(stamp(candidate, candidate_numbers(it.numbers)))
    }

    /// The user fragment of a connection of ours.
    pub(super) fn own_ufrag(&mut self, link: usize) -> Result<String, ExamineError> {
        Ok(self.link(link)?.own_ufrag.clone())
    }

    /// The sockets of a connection of the peer's that no other connection of its uses.
    pub(super) fn sockets_of(&self, ufrag: &str) -> Vec<SocketAddr> {
        let is_shared = |address| self.sockets.iter().any(|(other, it)| it == address && other != ufrag);
        let of_it = self.sockets.iter().filter(|(owner, address)| owner == ufrag && !is_shared(address));
        of_it.map(|(_, address)| *address).collect()
    }

    /// Whether any candidate of the peer's has come.
    pub(super) fn is_told_of_candidates(&self) -> bool {
        self.has_heard_candidate
    }

    /// The next thing that the peer does, `None` when the case's time is over. Meanwhile candidates go both ways.
    pub(super) async fn hear(&mut self) -> Result<Option<Heard>, ExamineError> {
        self.hear_until(self.deadline).await
    }

    pub(super) async fn hear_until(&mut self, deadline: Instant) -> Result<Option<Heard>, ExamineError> {
        loop {
            let next = async {
                tokio::select! {
                    incoming = self.signaling.incoming.recv() => Next::Incoming(incoming),
                    Some((link, notice)) = self.notices.recv() => Next::Notice(link, notice),
                    Some(check) = self.checks.recv() => Next::Check(check),
                }
            };
            let Ok(next) = timeout_at(deadline, next).await else { return Ok(None) };
            let heard = match next {
                Next::Incoming(Some(Incoming::Event(event, data))) => self.signal(&event, data).await,
                Next::Incoming(Some(Incoming::Ack(..))) => None,
                Next::Incoming(Some(Incoming::Ended(_)) | None) => return Err(gone()),
                Next::Notice(link, notice) => self.notice(link as usize, notice).await?,
                Next::Check(check) => Some(Heard::Check(check)),
            };
            if heard.is_some() {
                return Ok(heard);
            }
        }
    }

    async fn signal(&mut self, event: &str, mut data: Value) -> Option<Heard> {
        if data["from"] != self.peer.as_str() {
            return None;
        }
        let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event)?;
        let payload = data[kind.payload_member()].take();
        match kind {
            SignalKind::Offer | SignalKind::Answer => {
                let ufrag = ufrag_of_description(&payload).unwrap_or_default().to_owned();
                let sdp = payload["sdp"].as_str().unwrap_or_default();
                for candidate in sdp.lines().filter_map(|line| line.strip_prefix("a=")) {
                    self.know(&ufrag, candidate);
                }
                Some(if kind == SignalKind::Offer { Heard::Offer(payload) } else { Heard::Answer(payload) })
            }
            SignalKind::Candidate => {
                let ufrag = ufrag_of(&payload).unwrap_or_default().to_owned();
                self.know(&ufrag, payload["candidate"].as_str().unwrap_or_default());
                self.add(payload).await;
                Some(Heard::Candidate)
            }
        }
    }

    /// Remembers a socket of the peer's.
    fn know(&mut self, ufrag: &str, candidate: &str) {
        if !candidate.starts_with("candidate:") {
            return;
        }
        self.has_heard_candidate = true;
        let Some(address) = address_of(candidate) else { return };
        let socket = (ufrag.to_owned(), address);
        if self.sockets.len() < limits::INBOX_MAX && !self.sockets.contains(&socket) {
            self.sockets.push(socket);
        }
    }

    async fn notice(&mut self, link: usize, notice: Notice) -> Result<Option<Heard>, ExamineError> {
        let Some(it) = self.links[link].as_mut() else { return Ok(None) };
        match notice {
            Notice::Gathered(_, candidate) if it.trickles => {
                let candidate = stamp(candidate, candidate_numbers(it.numbers));
                self.send(SignalKind::Candidate, candidate).await?;
            }
            Notice::Gathered(_, candidate) => it.held.push(candidate),
            Notice::State("connected") => return Ok(Some(Heard::Connected(link))),
            Notice::State(_)
            | Notice::Ice(IceState::Connected | IceState::Disconnected | IceState::Failed)
            | Notice::ChannelOpened
            | Notice::Said(_)
            | Notice::Track(_)
            | Notice::Received(..)
            | Notice::TracksUnnegotiated
            | Notice::Problem(_) => {}
        }
        Ok(None)
    }

    /// Vanishes from the server, without a word to the peer.
    pub(super) async fn close(self) -> Result<(), ExamineError> {
        self.signaling.close().await;
        for link in self.links.into_iter().flatten() {
            bounded(link.connection.close()).await?;
        }
        Ok(())
    }
}

enum Next {
    Incoming(Option<Incoming>),
    Notice(u32, Notice),
    Check(Check),
}

/// A description of the peer's that our connection refuses, named by its type. Only what every description has to have is held
/// against the peer: our WebRTC is one of many, and may be the one that is wrong.
fn unusable(payload: &Value, failure: &Failure) -> ExamineError {
    let kind = payload["type"].as_str().unwrap_or("description");
    match missing_in_description(payload) {
        Some(missing) => ExamineError::Payload(format!("its {kind} cannot be used: it has no {missing} ({failure})")),
        None => ExamineError::Refused(format!(
            "its {kind} has all that one has to have, and the WebRTC of the played remote refuses it: {failure}"
        )),
    }
}

fn candidate_numbers(numbers: Description) -> Description {
    Description { number: 0, answers: 0, ..numbers }
}
