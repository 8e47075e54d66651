//! Local tracks: each is written by a task of its own, which is where muting and replacing a source happen.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicU16, Ordering},
};

use bytes::Bytes;
use rtc::{
    media_stream::MediaStreamTrack,
    rtp::{Packet, header::Header},
    rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters},
};
use tokio::time::{MissedTickBehavior, interval};
use webrtc::{
    media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
    peer_connection::PeerConnection,
    rtp_transceiver::RtpSender,
};

use super::{Media, codec, codec_kind, failure, handler::Shared, pattern, vp8};
use crate::{
    limits,
    rtc::{Failure, MediaKind},
};

/// Silence of 20 ms in Opus (RFC 6716): a frame of the fullband CELT mode with nothing in it.
const OPUS_SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

/// A local track and how to write to it.
pub(super) struct Outlet {
    pub(super) kind: MediaKind,
    track: Arc<TrackLocalStaticRTP>,
    sender: Arc<dyn RtpSender>,
    ssrc: u32,
    sequence_number: AtomicU16,
}

/// Adds a track to a connection and starts to write to it. Returns the track's id.
pub(super) async fn add(
    connection: &dyn PeerConnection,
    kind: MediaKind,
    number: usize,
    shared: &Arc<Shared>,
) -> Result<String, Failure> {
    let ssrc = getrandom::u32().map_err(failure)?;
    let name = match kind {
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    };
    // Unique within the session description, and long enough not to be part of anything else in it.
    let id = format!("glare-{name}-{number}-{ssrc:08x}");
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() },
        codec: codec(kind),
        ..RTCRtpEncodingParameters::default()
    };
    let track = MediaStreamTrack::new("glare".to_owned(), id.clone(), name.to_owned(), codec_kind(kind), vec![coding]);
    let track = Arc::new(TrackLocalStaticRTP::new(track));
    let sender = connection.add_track(Arc::clone(&track) as Arc<dyn TrackLocal>).await.map_err(failure)?;
    let outlet = Arc::new(Outlet { kind, track, sender, ssrc, sequence_number: AtomicU16::new(0) });
    match shared.media {
        Media::Echo => shared.outlets.lock().unwrap_or_else(PoisonError::into_inner).push(outlet),
        Media::None | Media::Synthetic => {
            shared.tasks.spawn(play(outlet, Arc::clone(shared)));
        }
    }
    Ok(id)
}

/// Writes synthetic media until the connection closes.
async fn play(outlet: Arc<Outlet>, shared: Arc<Shared>) {
    let mut clock = interval(limits::AUDIO_PERIOD);
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut period: u32 = 0;
    loop {
        tokio::select! {
            _tick = clock.tick() => {}
            () = shared.closing.cancelled() => return,
        }
        period = period.wrapping_add(1);
        if !shared.is_connected.load(Ordering::Acquire) {
            continue;
        }
        let (audio, video) = {
            let local = shared.local.borrow();
            (local.audio, local.video)
        };
        match outlet.kind {
            MediaKind::Audio if audio => {
                let timestamp = period.wrapping_mul(960);
                outlet.write(timestamp, false, Bytes::from_static(&OPUS_SILENCE)).await;
            }
            MediaKind::Video if video && period.is_multiple_of(limits::AUDIO_PERIODS_PER_FRAME) => {
                let pictures = pattern::pictures(*shared.source.borrow());
                let picture = pictures[(period / limits::AUDIO_PERIODS_PER_FRAME) as usize % pictures.len()];
                for (is_last, payload) in vp8::payloads(picture) {
                    outlet.write(period.wrapping_mul(1800), is_last, payload).await;
                }
            }
            MediaKind::Audio | MediaKind::Video => {}
        }
    }
}

impl Outlet {
    /// Writes one packet, under the payload type that was negotiated. Before that, and after the end, it is lost.
    pub(super) async fn write(&self, timestamp: u32, marker: bool, payload: Bytes) {
        let Ok(parameters) = self.sender.get_parameters().await else { return };
        let wanted = codec(self.kind).mime_type;
        let mut codecs = parameters.rtp_parameters.codecs.iter();
        let Some(codec) = codecs.find(|it| it.rtp_codec.mime_type.eq_ignore_ascii_case(&wanted)) else { return };
        let header = Header {
            version: 2,
            marker,
            payload_type: codec.payload_type,
            sequence_number: self.sequence_number.fetch_add(1, Ordering::Relaxed),
            timestamp,
            ssrc: self.ssrc,
            ..Header::default()
        };
        // An unbound track takes nothing.
        self.track.write_rtp(Packet { header, payload }).await.ok();
    }
}
