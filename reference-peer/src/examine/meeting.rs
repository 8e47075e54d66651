//! Meeting, and the end of it.

use std::net::SocketAddr;

use glare_model::{message::SignalKind, requirement::ids};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    ExamineError, Outcome,
    cases::Room,
    crossing::know_socket,
    host::Host,
    process::Process,
    remote::{Heard, Id, Remote},
    wire::{Check, Sockets, look_at_sockets, sends_media, ufrag_of_description},
    within,
};
use crate::limits;

const NO_CONNECTION: &str = "no connection comes about";

/// A connection that a remote with the lower id brought about.
pub(super) struct Meeting {
    pub(super) link: usize,
    /// The peer's answer.
    pub(super) answer: Value,
    /// The last offer of the peer's own, which ours crossed.
    pub(super) crossed: Option<Value>,
}

impl Meeting {
    /// The user fragment of the peer's connection.
    pub(super) fn ufrag(&self) -> &str {
        ufrag_of_description(&self.answer).unwrap_or_default()
    }
}

/// Offers on a fresh connection, until it is connected. The peer's own offers are of the higher id, so they are void.
pub(super) async fn meet(remote: &mut Remote, outcome: &mut Outcome) -> Result<Option<Meeting>, ExamineError> {
    let link = remote.build().await?;
    let offer = remote.offer(link).await?;
    remote.send(SignalKind::Offer, offer).await?;
    remote.trickle(link).await?;
    finish(remote, link, outcome).await
}

/// Waits for the answer to an offer that was sent, and for the connection.
pub(super) async fn finish(
    remote: &mut Remote,
    link: usize,
    outcome: &mut Outcome,
) -> Result<Option<Meeting>, ExamineError> {
    let (mut answered, mut crossed) = (None, None);
    while let Some(heard) = remote.hear().await? {
        match heard {
            Heard::Offer(offer) => crossed = Some(offer),
            Heard::Answer(_) if answered.is_some() => {
                outcome.breaks(ids::NEG_02, "one offer was answered twice");
                return Ok(None);
            }
            Heard::Answer(answer) => {
                remote.apply(link, &answer).await?;
                answered = Some(answer);
            }
            Heard::Connected(at) if at == link => {
                outcome.keeps(&[ids::NEG_06]);
                return Ok(answered.map(|answer| Meeting { link, answer, crossed }));
            }
            Heard::Connected(_) | Heard::Candidate | Heard::Check(_) => {}
        }
    }
    outcome.is_late(ids::NEG_06, NO_CONNECTION);
    Ok(None)
}

pub(super) async fn offered(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    if let Some(meeting) = meet(&mut remote, outcome).await? {
        // The connection can come about by our own checks alone, before the first candidate was sent.
        while !remote.is_told_of_candidates() && remote.hear().await?.is_some() {}
        judge_preparation(&remote, &meeting, outcome);
    }
    remote.close().await
}

/// Handlers were in place if candidates came, and tracks if the answer sends media.
fn judge_preparation(remote: &Remote, meeting: &Meeting, outcome: &mut Outcome) {
    if !remote.is_told_of_candidates() {
        outcome.is_late(ids::NEG_08, "it connects, and none of its candidates was ever sent");
    }
    match (sends_media(&meeting.answer), meeting.crossed.as_ref().map(sends_media)) {
        (true, _) if remote.is_told_of_candidates() => outcome.keeps(&[ids::NEG_08]),
        (true, _) => {}
        (false, Some(true)) => outcome.breaks(ids::NEG_08, "its answer sends no media, and its offer does"),
        (false, Some(false) | None) => {
            let text = "its answer sends no media, and no offer of its own shows whether it has any";
            outcome.leaves_open(&[ids::NEG_08], text);
        }
    }
}

pub(super) async fn candidate_first(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    let link = remote.build().await?;
    let offer = remote.offer(link).await?;
    let beacon = remote.beacon(room.local).await?;
    let candidate = remote.candidate(link, beacon)?;
    remote.send(SignalKind::Candidate, candidate).await?;
    remote.send(SignalKind::Offer, offer).await?;
    let (answer, check) = answer_and_check(&mut remote, room).await?;
    if let Some(answer) = answer {
        match check {
            Some(_) => outcome.keeps(&[ids::NEG_04]),
            None => {
                let text = "it answered the offer, and never tried the candidate that came before the offer";
                outcome.is_late(ids::NEG_04, text);
            }
        }
        remote.apply(link, &answer).await?;
        remote.trickle(link).await?;
        connect(&mut remote, link, outcome).await?;
    } else {
        outcome.is_late(ids::NEG_06, "it does not answer");
    }
    remote.close().await
}

/// Waits for the answer and for the first check. As long as it is not applied, and none of our own candidates is sent, the peer
/// has nothing to try but beacons, and nothing that would let it stop trying.
pub(super) async fn answer_and_check(
    remote: &mut Remote,
    room: &Room<'_>,
) -> Result<(Option<Value>, Option<Check>), ExamineError> {
    let deadline = Instant::now() + room.patience.with(limits::EXAMINE_CHECK_PATIENCE);
    let (mut answered, mut checked) = (None, None);
    while answered.is_none() || checked.is_none() {
        match remote.hear_until(deadline).await? {
            Some(Heard::Answer(answer)) => answered = answered.or(Some(answer)),
            Some(Heard::Check(check)) => checked = checked.or(Some(check)),
            Some(Heard::Offer(_) | Heard::Candidate | Heard::Connected(_)) => {}
            None => break,
        }
    }
    Ok((answered, checked))
}

/// Waits for a connection whose descriptions are exchanged. Whether it came.
pub(super) async fn connect(remote: &mut Remote, link: usize, outcome: &mut Outcome) -> Result<bool, ExamineError> {
    while let Some(heard) = remote.hear().await? {
        match heard {
            Heard::Connected(at) if at == link => {
                outcome.keeps(&[ids::NEG_06]);
                return Ok(true);
            }
            Heard::Answer(_) => {
                outcome.breaks(ids::NEG_02, "it answers an offer that it has answered, or one that had to give way");
                return Ok(false);
            }
            Heard::Offer(_) | Heard::Candidate | Heard::Check(_) | Heard::Connected(_) => {}
        }
    }
    outcome.is_late(ids::NEG_06, NO_CONNECTION);
    Ok(false)
}

pub(super) async fn end(
    room: &Room<'_>,
    host: &mut Host,
    process: &mut Process,
    outcome: &mut Outcome,
) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    let met = tokio::select! {
        met = meet(&mut remote, outcome) => met?,
        status = process.ended() => {
            outcome.breaks(ids::NEG_09, format!("its process ended with {status} before it was asked to"));
            None
        }
    };
    if let Some(meeting) = met {
        know_socket(&mut remote, &meeting.answer).await?;
        judge_end(room, host, process, &remote.sockets_of(meeting.ufrag()), outcome).await?;
    }
    remote.close().await
}

async fn judge_end(
    room: &Room<'_>,
    host: &mut Host,
    process: &mut Process,
    sockets: &[SocketAddr],
    outcome: &mut Outcome,
) -> Result<(), ExamineError> {
    let patience = room.patience.with(limits::EXAMINE_PATIENCE);
    process.ask_to_end();
    let leaving = async {
        while host.notice("user-left").await? != room.peer {}
        Ok::<(), ExamineError>(())
    };
    let left = within(patience, leaving).await.transpose()?;
    if left.is_none() {
        outcome.is_late(ids::NEG_09, "it was asked to end, and stays in the room");
    }
    let ended = within(patience, process.ended()).await;
    if ended.is_none() {
        outcome.is_late(ids::NEG_09, "it was asked to end, and its process goes on");
    }
    match look_at_sockets(sockets, room.patience.with(limits::EXAMINE_CLOSE_PATIENCE)).await {
        Sockets::Open(socket) => {
            outcome.is_late(ids::NEG_09, format!("its process ended, and its media socket {socket} is still open"));
        }
        Sockets::Closed if left.is_some() && ended.is_some() => outcome.keeps(&[ids::NEG_09]),
        Sockets::Closed => {}
        Sockets::Unknown => {
            let text =
                "it told no address of this machine, so that nobody can see whether its media sockets are closed";
            outcome.leaves_open(&[ids::NEG_09], text);
        }
    }
    Ok(())
}
