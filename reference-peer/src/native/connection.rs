//! One connection of webrtc-rs.

use std::{
    sync::{Arc, PoisonError},
    time::Instant,
};

use glare_model::message::SignalKind;
use rtc::{
    data_channel::RTCDataChannelInit,
    statistics::{StatsSelector, report::RTCStatsReportEntry},
};
use serde_json::Value;
use webrtc::{
    data_channel::DataChannel,
    peer_connection::{PeerConnection, RTCIceCandidateInit, RTCSessionDescription},
};

use super::{
    Media, failure,
    handler::{Shared, listen},
    sending,
};
use crate::{
    limits,
    rtc::{Connection, Failure, MediaKind, Notice, Source, Stats},
};

/// A peer connection of webrtc-rs with its tasks.
pub struct Native {
    connection: Arc<dyn PeerConnection>,
    /// Kept, since the library forgets a channel whose handle is gone.
    _channel: Arc<dyn DataChannel>,
    shared: Arc<Shared>,
    track_ids: Vec<String>,
}

impl Native {
    pub(super) async fn new(connection: Arc<dyn PeerConnection>, shared: Arc<Shared>) -> Result<Self, Failure> {
        let init = RTCDataChannelInit { negotiated: Some(limits::CHANNEL_ID), ..RTCDataChannelInit::default() };
        let channel = match connection.create_data_channel("glare", Some(init)).await {
            Ok(channel) => channel,
            Err(error) => {
                connection.close().await.map_err(failure)?;
                return Err(failure(error));
            }
        };
        shared.tasks.spawn(listen(Arc::clone(&channel), Arc::clone(&shared)));
        Ok(Self { connection, _channel: channel, shared, track_ids: Vec::new() })
    }

    async fn add_one(&mut self, kind: MediaKind) -> Result<(), Failure> {
        let number = self.track_ids.len();
        let id = sending::add(&*self.connection, kind, number, &self.shared).await?;
        self.track_ids.push(id);
        Ok(())
    }
}

impl Connection for Native {
    fn attach(&mut self) {
        self.shared.attach();
    }

    async fn add_tracks(&mut self) -> Result<(), Failure> {
        match self.shared.media {
            Media::None => Ok(()),
            Media::Synthetic | Media::Echo => {
                self.add_one(MediaKind::Audio).await?;
                self.add_one(MediaKind::Video).await
            }
        }
    }

    async fn make(&mut self, kind: SignalKind, ice: u32) -> Result<Value, Failure> {
        let made = match kind {
            SignalKind::Offer => self.connection.create_offer(None).await,
            SignalKind::Answer | SignalKind::Candidate => self.connection.create_answer(None).await,
        }
        .map_err(failure)?;
        self.shared.gather_for(ice, &made.sdp);
        let is_answer = kind == SignalKind::Answer;
        let is_missing = |id: &String| !made.sdp.contains(id.as_str());
        if is_answer && self.track_ids.iter().any(is_missing) {
            self.shared.pass_on(Notice::TracksUnnegotiated);
        }
        self.connection.set_local_description(made.clone()).await.map_err(failure)?;
        serde_json::to_value(&made).map_err(failure)
    }

    async fn apply(&mut self, payload: &Value) -> Result<(), Failure> {
        let description: RTCSessionDescription = serde_json::from_value(payload.clone()).map_err(failure)?;
        self.connection.set_remote_description(description).await.map_err(failure)
    }

    async fn add(&mut self, payload: &Value) -> Result<(), Failure> {
        // The end of candidates is no candidate, and the library does not take it.
        if payload["candidate"] == "" {
            return Ok(());
        }
        let candidate: RTCIceCandidateInit = serde_json::from_value(payload.clone()).map_err(failure)?;
        self.connection.add_ice_candidate(candidate).await.map_err(failure)
    }

    async fn rollback(&mut self) -> Result<(), Failure> {
        let rollback = RTCSessionDescription::rollback(None).map_err(failure)?;
        self.connection.set_local_description(rollback).await.map_err(failure)
    }

    async fn restart(&mut self) -> Result<(), Failure> {
        self.connection.restart_ice().await.map_err(failure)
    }

    async fn replace(&mut self, source: Source) -> Result<(), Failure> {
        self.shared.source.send_replace(source);
        Ok(())
    }

    async fn add_track(&mut self, kind: MediaKind) -> Result<(), Failure> {
        self.add_one(kind).await
    }

    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        let channels = self.shared.channels.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for channel in &channels {
            channel.send_text(text).await.map_err(failure)?;
        }
        if channels.is_empty() { Err(Failure("no data channel is open".to_owned())) } else { Ok(()) }
    }

    async fn stats(&mut self) -> Result<Stats, Failure> {
        let report = self.connection.get_stats(Instant::now(), StatsSelector::None).await;
        let mut stats = Stats::default();
        for entry in report.iter() {
            match entry {
                RTCStatsReportEntry::OutboundRtp(it) => {
                    stats.packets_sent += it.sent_rtp_stream_stats.packets_sent;
                    stats.bytes_sent += it.sent_rtp_stream_stats.bytes_sent;
                }
                RTCStatsReportEntry::InboundRtp(it) => {
                    stats.packets_received += it.received_rtp_stream_stats.packets_received;
                    stats.packets_lost += it.received_rtp_stream_stats.packets_lost;
                    stats.bytes_received += it.bytes_received;
                }
                RTCStatsReportEntry::IceCandidatePair(it) => {
                    let microseconds = it.current_round_trip_time * 1e6;
                    stats.round_trip_us = stats.round_trip_us.max(microseconds as u64);
                }
                // The library's enum: what else it counts is of no interest here.
                _ => {}
            }
        }
        Ok(stats)
    }

    async fn signaling_state(&mut self) -> Option<&'static str> {
        if self.connection.pending_local_description().await.is_some() {
            return Some("have-local-offer");
        }
        let has_remote_offer = self.connection.pending_remote_description().await.is_some();
        Some(if has_remote_offer { "have-remote-offer" } else { "stable" })
    }

    async fn close(self) -> Result<(), Failure> {
        self.shared.closing.cancel();
        let closed = self.connection.close().await.map_err(failure);
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        closed
    }
}
