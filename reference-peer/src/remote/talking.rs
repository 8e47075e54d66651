//! What is said on the data channel, and what the application shows of itself.

use glare_model::negotiation::Event;
use tokio::time::Instant;

use super::{Cargo, Remote};
use crate::{
    limits,
    local::{Local, Saying},
    report::Report,
    rtc::{Connection, Factory, Failure, bounded},
};

impl<F: Factory> Remote<F> {
    /// The data channel opened at this end.
    pub(super) async fn channel_opened(&mut self) {
        self.introduce().await;
        if !self.state.channel {
            self.open_at = Some(Instant::now() + limits::CHANNEL_GRACE);
        }
    }

    /// Something came on the data channel.
    pub(super) async fn hear_text(&mut self, text: &str) {
        if !std::mem::replace(&mut self.has_heard, true) {
            // Who speaks can hear: what was said to it before may have been lost.
            self.introduce().await;
            self.open_channel().await;
        }
        self.hear_saying(Saying::of_text(text)).await;
    }

    /// A channel that is open here may not be there yet, and webrtc-rs drops what comes too early. So it counts as open when
    /// the other end was heard, or after a while if it is one that says nothing.
    pub(super) async fn open_channel(&mut self) {
        self.open_at = None;
        if self.connection.is_some() && !self.state.channel {
            self.perform(Event::ChannelOpened, Cargo::Nothing).await;
            self.report(|remote| Report::ChannelOpened { remote }).await;
        }
    }

    pub(super) async fn introduce(&mut self) {
        let profile = Saying::profile(&self.shown).to_text();
        if let Some(connection) = &mut self.connection
            && let Err(failure) = bounded(connection.say(&profile)).await
        {
            self.problem(format!("cannot write to it: {failure}")).await;
        }
    }

    pub(super) async fn hear_saying(&mut self, saying: Saying) {
        match saying {
            Saying::Chat { text } => {
                let name = self.name.clone();
                self.report(|remote| Report::Chat { remote, name, text }).await;
            }
            Saying::Profile { name, audio, video, screen: _ } => {
                self.name = Some(name.clone());
                self.report(|remote| Report::Profile { remote, name, audio, video }).await;
            }
        }
    }

    pub(super) async fn show(&mut self, now: Local) {
        let before = std::mem::replace(&mut self.shown, now);
        if before.source != self.shown.source && self.connection.is_some() {
            self.perform(Event::ReplaceTrack, Cargo::Source(self.shown.source)).await;
        }
        if self.state.channel && Saying::profile(&before) != Saying::profile(&self.shown) {
            self.introduce().await;
        }
    }

    pub(super) async fn say(&mut self, saying: &Saying) {
        let said = match &mut self.connection {
            Some(connection) if self.state.channel => bounded(connection.say(&saying.to_text())).await,
            Some(_) | None => Err(Failure("the data channel is not open".to_owned())),
        };
        if let Err(failure) = said {
            self.problem(format!("cannot write to it: {failure}")).await;
        }
    }
}
