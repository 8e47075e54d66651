//! Proving that nothing more is on its way. Why that is a proof: [`crate::fence`].

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use super::{ClientState, Driver, waiting::marker};
use crate::{
    fence::{Fence, refused_room},
    limits::FENCE_ROUNDS_MAX,
    observation::is_request,
    scenario::{Action, Phase, Step},
    trace::Entry,
    transport::{Command, ConnectionId},
};

impl Driver<'_> {
    /// Waits for what is due, and until nothing else is on its way. Returns whether everything came that was waited for.
    pub(super) async fn prove(
        &mut self,
        phase: &Phase,
        actors: &BTreeSet<ConnectionId>,
        certain: bool,
        timeout: Duration,
    ) -> bool {
        let complete = match self.fence {
            Fence::Refused => self.prove_by_requests(phase, actors, certain, timeout).await,
            Fence::Relayed => self.prove_by_markers(actors, timeout).await,
            Fence::None => {
                let complete = self.settle(timeout).await;
                self.wait_for_quiet().await;
                complete
            }
        };
        if !complete || !self.may_act_by_itself(phase) {
            return complete;
        }
        // Whether an end has a witness may depend on who was served first, and no fence tells when the target notices it.
        let complete = (certain && !self.asks_who_is_there()) || self.wait_for_notices(timeout).await;
        // Of an end without a witness nobody is told. A target that was found to be late is given time for it.
        if complete && self.approach.patience > 1 && self.fence != Fence::None {
            let quiet = self.approach.latency.quiet_bound() * self.approach.patience;
            self.settle_by_time(quiet.min(timeout), timeout).await;
        }
        complete
    }

    /// Waits for the notices of ends that follow from what was seen, and for what else is on its way then.
    async fn wait_for_notices(&mut self, timeout: Duration) -> bool {
        if !self.forecast.awaits_notice() {
            return true;
        }
        if self.asks_who_is_there() {
            return self.ask_until_noticed(timeout).await;
        }
        let told = self.settle_notices(timeout).await;
        if told && self.fence == Fence::Refused {
            self.fence(&self.all_open()).await;
            return self.settle(self.settings.timeout).await;
        }
        told
    }

    /// What a brisk run has left unproven.
    pub(super) async fn prove_the_rest(&mut self) {
        if std::mem::take(&mut self.unproven) {
            self.fence(&self.all_open()).await;
            self.settle(self.settings.timeout).await;
        }
    }

    async fn prove_by_requests(
        &mut self,
        phase: &Phase,
        actors: &BTreeSet<ConnectionId>,
        certain: bool,
        timeout: Duration,
    ) -> bool {
        let by_itself = self.may_act_by_itself(phase);
        let brisk = self.approach.pool.is_some() && certain && !by_itself && !self.asks_who_is_there();
        let shown = brisk && self.shows_that_it_was_processed(phase);
        // Right behind the act, where no other act's race is disturbed by it.
        let behind = brisk && !shown && actors.len() == 1;
        if behind {
            self.fence(actors).await;
        }
        let mut complete = self.settle(timeout).await;
        if complete && (behind || shown) {
            self.unproven = true;
            return true;
        }
        if !behind {
            self.fence(actors).await;
            complete &= self.settle(self.settings.timeout).await;
        }
        if complete && brisk {
            self.unproven = true;
            return true;
        }
        self.unproven = false;
        // What one actor's fence proves about its own connection came before the others' messages were processed.
        let mut others = self.all_open();
        if let (1, Some(alone)) = (actors.len(), actors.first()) {
            others.remove(alone);
        }
        self.waiting.stirred = 0;
        self.fence(&others).await;
        complete &= self.settle(self.settings.timeout).await;
        for _ in 1..FENCE_ROUNDS_MAX {
            if !by_itself || self.waiting.stirred == 0 {
                break;
            }
            self.waiting.stirred = 0;
            self.fence(&self.all_open()).await;
            complete &= self.settle(self.settings.timeout).await;
        }
        complete
    }

    /// Whether something may come of a phase at a time that no client determines.
    fn may_act_by_itself(&self, phase: &Phase) -> bool {
        let frozen = self.clients.iter().any(|client| client.state == ClientState::Frozen);
        let is_own = |step: &Step| matches!(step.action, Action::Emit { .. } | Action::Connect);
        frozen || self.may_throw_out(phase) || !phase.steps.iter().all(is_own)
    }

    /// Whether the target may end connections because it refuses a request of the phase.
    pub(super) fn may_throw_out(&self, phase: &Phase) -> bool {
        self.refusals_close && phase.steps.iter().any(Step::is_request)
    }

    /// Whether the arrival of what a phase's only act promises shows that the act was processed.
    fn shows_that_it_was_processed(&self, phase: &Phase) -> bool {
        match phase.steps.as_slice() {
            [step] => match &step.action {
                Action::Connect => true,
                Action::Emit { event, ack, .. } => (*ack && is_request(event)) || self.waiting.for_a_sign(),
                Action::Broken(_) | Action::Raw(_) | Action::Handshake(_) => false,
                Action::Close | Action::Drop | Action::Freeze | Action::Noticed => false,
            },
            _ => false,
        }
    }

    /// A round of refused requests.
    pub(super) async fn fence(&mut self, connections: &BTreeSet<ConnectionId>) {
        for &id in connections {
            if self.client(id).state != ClientState::Open || self.client(id).is_deaf {
                continue;
            }
            let ack = self.next_ack(id);
            self.record(Entry::Fence { connection: id, ack, receiver: None });
            self.waiting.for_fence(id, ack);
            self.command(id, Command::Fence { ack, room: refused_room(self.settings.nonce) }).await;
        }
    }

    /// Markers from every actor to its fellow members, and back. They count when all have come: only then has everything
    /// arrived on both ends. Time decides where a marker was lost, and for those whom none can reach.
    async fn prove_by_markers(&mut self, actors: &BTreeSet<ConnectionId>, timeout: Duration) -> bool {
        let mut complete = self.settle(timeout).await;
        let mut senders = Vec::new();
        let mut arrived = true;
        for back in [false, true] {
            let mut round = BTreeSet::new();
            for &actor in actors {
                for fellow in self.forecast.fellows(actor) {
                    round.insert(if back { (fellow, actor) } else { (actor, fellow) });
                }
            }
            for (sender, receiver) in round {
                if self.mark(sender, receiver).await {
                    senders.push(sender);
                }
            }
            arrived &= self.settle(self.settings.timeout).await;
        }
        if arrived {
            for id in &senders {
                self.record(Entry::Fenced { connection: *id, refused: true, present: None });
            }
        }
        complete &= arrived;
        if self.asks_who_is_there() {
            self.fence(&self.all_open()).await;
            complete &= self.settle(self.settings.timeout).await;
        }
        if !arrived || !self.all_open().iter().all(|id| senders.contains(id)) {
            self.wait_for_quiet().await;
        }
        complete
    }

    /// Sends a marker. Returns whether both ends are open.
    async fn mark(&mut self, sender: ConnectionId, receiver: ConnectionId) -> bool {
        if self.client(sender).state != ClientState::Open || self.client(receiver).state != ClientState::Open {
            return false;
        }
        let number = self.next_ack(sender) << u16::BITS | u64::from(sender.0);
        self.record(Entry::Fence { connection: sender, ack: number, receiver: Some(receiver) });
        self.waiting.for_marker(receiver, number);
        let target = self.client(receiver).user_id.clone();
        let data = json!({"target": target, "candidate": marker(self.settings.nonce, number)});
        self.command(sender, Command::Emit { event: "ice-candidate".to_owned(), data: Some(data), ack: None }).await;
        true
    }

    async fn wait_for_quiet(&mut self) {
        let quiet = self.approach.latency.quiet_bound() * self.approach.patience.max(1);
        self.settle_by_time(quiet, self.settings.timeout).await;
    }
}
