//! The real WebRTC implementation: webrtc-rs.
//!
//! What it does differently from a browser is handled here and nowhere else: it wants an explicit rollback, it emits candidates
//! without `sdpMid` and user fragment, its `replace_track` and `set_enabled` do not work, so that a track's *writer* is
//! switched, and its DTLS role has to be pinned for offers in both directions.

mod connection;
mod handler;
mod pattern;
mod receiving;
mod sending;
mod vp8;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rtc::{
    ice::mdns::MulticastDnsMode,
    peer_connection::{
        configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_VP8},
        transport::RTCDtlsRole,
    },
    rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind},
};
use tokio::sync::watch;
use webrtc::peer_connection::{
    MediaEngine, PeerConnectionBuilder, RTCConfiguration, RTCConfigurationBuilder, RTCIceServer, RTCIceTransportPolicy,
    Registry, SettingEngine, SettingEngineBuilder, configure_nack, configure_rtcp_reports,
};

use crate::{
    limits,
    local::Local,
    rtc::{Factory, Failure, MediaKind, Notices},
};
use connection::Native;
use handler::{Handler, Shared};

/// What a peer sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Media {
    /// Nothing; what others send is received all the same.
    None,
    /// A moving test picture (VP8) and silence (Opus).
    #[default]
    Synthetic,
    /// What it receives.
    Echo,
}

/// How connections are built.
#[derive(Clone, Debug)]
pub struct NativeFactory {
    /// What is sent.
    pub media: Media,
    /// STUN and TURN servers.
    pub ice_servers: Vec<IceServer>,
    /// Which candidates are used.
    pub ice_transport_policy: IceTransportPolicy,
    /// The local address of UDP sockets; port 0 is any free one, 0.0.0.0 every interface.
    pub bind: SocketAddr,
    /// How long ICE may hear nothing before it is `disconnected`, and how much longer before it has `failed`; the library's
    /// own values, 5 s and 25 s, if absent.
    pub ice_timeouts: Option<(Duration, Duration)>,
}

/// A STUN or TURN server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    /// Its URL (RFC 7064, RFC 7065).
    pub url: String,
    /// The user name of a TURN server.
    pub username: String,
    /// Its password.
    pub credential: String,
}

impl IceServer {
    /// Whether it relays.
    #[must_use]
    pub fn is_turn(&self) -> bool {
        self.url.starts_with("turn:") || self.url.starts_with("turns:")
    }
}

/// Which candidates are used: the W3C's `RTCIceTransportPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IceTransportPolicy {
    /// All.
    #[default]
    All,
    /// Only those of TURN servers, so that the remote learns no address of this machine.
    Relay,
}

impl NativeFactory {
    /// On every interface, without servers.
    #[must_use]
    pub fn new(media: Media) -> Self {
        Self {
            media,
            ice_servers: Vec::new(),
            ice_transport_policy: IceTransportPolicy::All,
            bind: ([0, 0, 0, 0], 0).into(),
            ice_timeouts: None,
        }
    }

    /// On the loopback interface only.
    #[must_use]
    pub fn loopback(media: Media) -> Self {
        Self { bind: ([127, 0, 0, 1], 0).into(), ..Self::new(media) }
    }

    fn configuration(&self) -> RTCConfiguration {
        let ice_servers = self.ice_servers.iter().map(|server| RTCIceServer {
            urls: vec![server.url.clone()],
            username: server.username.clone(),
            credential: server.credential.clone(),
        });
        let policy = match self.ice_transport_policy {
            IceTransportPolicy::All => RTCIceTransportPolicy::All,
            IceTransportPolicy::Relay => RTCIceTransportPolicy::Relay,
        };
        let builder = RTCConfigurationBuilder::new().with_ice_servers(ice_servers.collect());
        builder.with_ice_transport_policy(policy).build()
    }

    /// What is missed if no TURN server gives a candidate; nothing if none is asked.
    fn without_relay(&self) -> Option<&'static str> {
        let is_asked = self.ice_servers.iter().any(IceServer::is_turn);
        match self.ice_transport_policy {
            IceTransportPolicy::Relay => {
                Some("no TURN server gave a relay candidate, and no other candidate is to be used")
            }
            IceTransportPolicy::All if is_asked => Some("no TURN server gave a relay candidate"),
            IceTransportPolicy::All => None,
        }
    }

    fn settings(&self) -> SettingEngine {
        let builder = SettingEngineBuilder::new()
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            // The answerer is the DTLS server in every exchange; otherwise an answer to a browser's re-offer swaps the roles.
            .with_answering_dtls_role(RTCDtlsRole::Server)
            .with_ice_connection_attempts(Some(limits::ICE_CHECK_INTERVAL), Some(limits::ICE_CHECKS_MAX))
            .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
            .with_relay_acceptance_min_wait(match self.ice_transport_policy {
                // By its own two seconds other candidates get a chance, of which there are none.
                IceTransportPolicy::Relay => Some(Duration::ZERO),
                IceTransportPolicy::All => None,
            });
        match self.ice_timeouts {
            Some((disconnected, failed)) => builder.with_ice_timeouts(Some(disconnected), Some(failed), None).build(),
            None => builder.build(),
        }
    }
}

impl Factory for NativeFactory {
    type Connection = Native;

    async fn build(&self, _remote: &str, local: watch::Receiver<Local>, notices: Notices) -> Result<Native, Failure> {
        let mut engine = media_engine()?;
        // More interceptors want header extensions, whose ids collide with a browser's after glare.
        let registry = configure_rtcp_reports(configure_nack(Registry::new(), &mut engine));
        let shared = Arc::new(Shared::new(self.media, local, notices, self.without_relay()));
        let connection = PeerConnectionBuilder::new()
            .with_configuration(self.configuration())
            .with_media_engine(engine)
            .with_setting_engine(self.settings())
            .with_interceptor_registry(registry)
            .with_handler(Arc::new(Handler(Arc::clone(&shared))))
            .with_udp_addrs(vec![self.bind])
            .build()
            .await
            .map_err(failure)?;
        Native::new(Arc::new(connection), shared).await
    }
}

fn media_engine() -> Result<MediaEngine, Failure> {
    let mut engine = MediaEngine::default();
    for (kind, payload_type) in [(MediaKind::Audio, 111), (MediaKind::Video, 96)] {
        let parameters = RTCRtpCodecParameters { rtp_codec: codec(kind), payload_type };
        engine.register_codec(parameters, codec_kind(kind)).map_err(failure)?;
    }
    Ok(engine)
}

fn codec(kind: MediaKind) -> RTCRtpCodec {
    let (mime_type, clock_rate, channels, sdp_fmtp_line) = match kind {
        MediaKind::Audio => (MIME_TYPE_OPUS, 48_000, 2, "minptime=10;useinbandfec=1"),
        MediaKind::Video => (MIME_TYPE_VP8, 90_000, 0, ""),
    };
    RTCRtpCodec {
        mime_type: mime_type.to_owned(),
        clock_rate,
        channels,
        sdp_fmtp_line: sdp_fmtp_line.to_owned(),
        rtcp_feedback: Vec::new(),
    }
}

fn codec_kind(kind: MediaKind) -> RtpCodecKind {
    match kind {
        MediaKind::Audio => RtpCodecKind::Audio,
        MediaKind::Video => RtpCodecKind::Video,
    }
}

fn media_kind(kind: RtpCodecKind) -> Option<MediaKind> {
    match kind {
        RtpCodecKind::Audio => Some(MediaKind::Audio),
        RtpCodecKind::Video => Some(MediaKind::Video),
        // The library's enum: application data is no media.
        _ => None,
    }
}

fn failure(error: impl std::fmt::Display) -> Failure {
    Failure(error.to_string())
}
