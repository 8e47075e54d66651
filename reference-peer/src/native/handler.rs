//! What webrtc-rs tells of a connection. Its driver waits for these methods, so they only pass on.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent},
    media_stream::track_remote::TrackRemote,
    peer_connection::{
        PeerConnectionEventHandler, RTCIceCandidateType, RTCIceConnectionState, RTCIceGatheringState,
        RTCPeerConnectionIceEvent, RTCPeerConnectionState,
    },
};

use super::{Media, receiving, sending::Outlet};
use crate::{
    local::Local,
    payload::line,
    rtc::{IceState, Notice, Notices, Source},
};

/// What a connection, its handler and its tasks share.
pub(super) struct Shared {
    pub(super) media: Media,
    pub(super) local: watch::Receiver<Local>,
    /// What this connection's video shows.
    pub(super) source: watch::Sender<Source>,
    pub(super) notices: Notices,
    /// Where received media goes if it is echoed.
    pub(super) outlets: Mutex<Vec<Arc<Outlet>>>,
    /// Channels that are open.
    pub(super) channels: Mutex<Vec<Arc<dyn DataChannel>>>,
    pub(super) is_connected: AtomicBool,
    pub(super) tasks: TaskTracker,
    pub(super) closing: CancellationToken,
    is_attached: AtomicBool,
    /// The ICE generation whose candidates are being gathered.
    generation: AtomicU32,
    /// `sdpMid` and user fragment of these candidates.
    place: Mutex<(String, String)>,
    /// What is missed if no relay candidate is found.
    without_relay: Option<&'static str>,
    has_relay: AtomicBool,
}

impl Shared {
    pub(super) fn new(
        media: Media,
        local: watch::Receiver<Local>,
        notices: Notices,
        without_relay: Option<&'static str>,
    ) -> Self {
        let source = local.borrow().source;
        Self {
            media,
            local,
            source: watch::Sender::new(source),
            notices,
            outlets: Mutex::default(),
            channels: Mutex::default(),
            is_connected: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            is_attached: AtomicBool::new(false),
            generation: AtomicU32::new(0),
            place: Mutex::default(),
            without_relay,
            has_relay: AtomicBool::new(false),
        }
    }

    pub(super) fn attach(&self) {
        self.is_attached.store(true, Ordering::Release);
    }

    /// Candidates that are found from now on belong to this description.
    pub(super) fn gather_for(&self, generation: u32, sdp: &str) {
        let part = |prefix| line(sdp, prefix).unwrap_or_default().to_owned();
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = (part("a=mid:"), part("a=ice-ufrag:"));
        self.generation.store(generation, Ordering::Release);
    }

    fn put(&self, notice: Notice) {
        if self.is_attached.load(Ordering::Acquire) {
            self.notices.put(notice);
        }
    }
}

pub(super) struct Handler(pub(super) Arc<Shared>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if event.candidate.typ == RTCIceCandidateType::Relay {
            self.0.has_relay.store(true, Ordering::Release);
        }
        let Ok(mut candidate) = event.candidate.to_json() else { return };
        let place = self.0.place.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (candidate.sdp_mid, candidate.username_fragment) = (Some(place.0), Some(place.1));
        let Ok(payload) = serde_json::to_value(candidate) else { return };
        self.0.put(Notice::Gathered(self.0.generation.load(Ordering::Acquire), payload));
    }

    /// The library only logs what a TURN server answers, so that what is missing at the end has to tell.
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        let has_relay = self.0.has_relay.load(Ordering::Acquire);
        if let (RTCIceGatheringState::Complete, false, Some(text)) = (state, has_relay, self.0.without_relay) {
            let cause = "it cannot be reached over UDP, or takes other credentials";
            self.0.put(Notice::Problem(format!("{text}: {cause}")));
        }
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        let state = match state {
            RTCIceConnectionState::Connected | RTCIceConnectionState::Completed => IceState::Connected,
            RTCIceConnectionState::Disconnected => IceState::Disconnected,
            RTCIceConnectionState::Failed => IceState::Failed,
            // The library's enum: new, checking and closed change nothing.
            _ => return,
        };
        self.0.put(Notice::Ice(state));
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.0.is_connected.store(state == RTCPeerConnectionState::Connected, Ordering::Release);
        self.0.put(Notice::State(match state {
            RTCPeerConnectionState::Connecting => "connecting",
            RTCPeerConnectionState::Connected => "connected",
            RTCPeerConnectionState::Disconnected => "disconnected",
            RTCPeerConnectionState::Failed => "failed",
            RTCPeerConnectionState::Closed => "closed",
            // The library's enum: what it does not specify is new.
            _ => "new",
        }));
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        self.0.tasks.spawn(listen(channel, Arc::clone(&self.0)));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.0.tasks.spawn(receiving::receive(track, Arc::clone(&self.0)));
    }
}

impl Shared {
    pub(super) fn pass_on(&self, notice: Notice) {
        self.put(notice);
    }
}

/// Passes on what comes on a data channel, until it is closed.
pub(super) async fn listen(channel: Arc<dyn DataChannel>, shared: Arc<Shared>) {
    loop {
        let event = tokio::select! {
            event = channel.poll() => event,
            () = shared.closing.cancelled() => None,
        };
        match event {
            Some(DataChannelEvent::OnOpen) => {
                let mut channels = shared.channels.lock().unwrap_or_else(PoisonError::into_inner);
                channels.push(Arc::clone(&channel));
                drop(channels);
                shared.put(Notice::ChannelOpened);
            }
            Some(DataChannelEvent::OnMessage(message)) => {
                if let Ok(text) = String::from_utf8(message.data.to_vec()) {
                    shared.put(Notice::Said(text));
                }
            }
            Some(DataChannelEvent::OnClose) | None => break,
            // The library's enum: buffers that run full or empty, and errors that a close follows.
            Some(_) => {}
        }
    }
    let id = channel.id();
    shared.channels.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known.id() != id);
}
