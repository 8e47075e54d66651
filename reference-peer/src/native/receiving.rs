//! Remote tracks: each is read by a task of its own, which counts, and echoes if that is wanted.

use std::sync::{Arc, PoisonError};

use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use tokio::time::{Instant, MissedTickBehavior, interval};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use super::{Media, handler::Shared, media_kind, vp8};
use crate::{
    limits,
    rtc::{MediaKind, Notice, Received},
};

/// Reads a track until it or the connection ends.
pub(super) async fn receive(track: Arc<dyn TrackRemote>, shared: Arc<Shared>) {
    let Some(kind) = media_kind(track.kind().await) else { return };
    shared.pass_on(Notice::Track(kind));
    let outlet = {
        let outlets = shared.outlets.lock().unwrap_or_else(PoisonError::into_inner);
        outlets.iter().find(|outlet| outlet.kind == kind).cloned()
    };
    let mut received = Received::default();
    let mut reported_at: Option<Instant> = None;
    let mut key_frames = interval(limits::KEY_FRAME_PERIOD);
    key_frames.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let event = tokio::select! {
            event = track.poll() => event,
            _tick = key_frames.tick() => {
                if kind == MediaKind::Video && shared.media == Media::Echo {
                    ask_for_key_frame(&*track).await;
                }
                continue;
            }
            () = shared.closing.cancelled() => None,
        };
        let packet = match event {
            Some(TrackRemoteEvent::OnRtpPacket(packet)) => packet,
            Some(TrackRemoteEvent::OnEnded) | None => return,
            // The library's enum: it tells of no mute, and RTCP is its own business.
            Some(_) => continue,
        };
        received.packets += 1;
        let size = if kind == MediaKind::Video { vp8::key_frame_size(&packet.payload) } else { None };
        let is_new_size = size.is_some() && size != received.size;
        if size.is_some() {
            (received.key_frames, received.size) = (received.key_frames + 1, size);
        }
        if is_new_size || reported_at.is_none_or(|at| at.elapsed() >= limits::RECEIVED_PERIOD) {
            reported_at = Some(Instant::now());
            shared.pass_on(Notice::Received(kind, received));
        }
        if let Some(outlet) = &outlet {
            outlet.write(packet.header.timestamp, packet.header.marker, packet.payload).await;
        }
    }
}

async fn ask_for_key_frame(track: &dyn TrackRemote) {
    if let Some(media_ssrc) = track.ssrcs().await.first().copied() {
        let request = PictureLossIndication { sender_ssrc: 0, media_ssrc };
        // A connection that is about to end answers no request.
        track.write_rtcp(vec![Box::new(request)]).await.ok();
    }
}
