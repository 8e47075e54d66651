//! Meeting, and the end of it.

use glare_model::{message::SignalKind, requirement::ids};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    ExamineError, Outcome,
    cases::Room,
    host::Host,
    process::Process,
    remote::{Heard, Id, Remote},
    wire::{Check, sends_media, still_open, ufrag_of_description},
    within,
};
use crate::limits;

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
                return Ok(answered.map(|answer| Meeting { link, answer, crossed }));
            }
            Heard::Connected(_) | Heard::Candidate | Heard::Check(_) => {}
        }
    }
    outcome.is_unconnected();
    Ok(None)
}

pub(super) async fn offered(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    if let Some(meeting) = meet(&mut remote, outcome).await? {
        // The connection can come about by our own checks alone, before the first candidate was sent.
        while !remote.is_told_of_candidates() {
            if remote.hear().await?.is_none() {
                outcome.breaks(ids::NEG_08, "it connects, and none of its candidates was ever sent");
                break;
            }
        }
        let sends_later = meeting.crossed.as_ref().is_some_and(sends_media);
        if sends_later && !sends_media(&meeting.answer) {
            outcome.breaks(ids::NEG_08, "its answer sends no media, and its offer does");
        }
    }
    remote.close().await
}

pub(super) async fn candidate_first(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    let link = remote.build().await?;
    let offer = remote.offer(link).await?;
    let beacon = remote.beacon(room.local).await?;
    let candidate = remote.candidate(link, beacon)?;
    remote.send(SignalKind::Candidate, candidate).await?;
    remote.send(SignalKind::Offer, offer).await?;
    let (answer, check) = answer_and_check(&mut remote).await?;
    if let Some(answer) = answer {
        if check.is_none() {
            let text = "it answered the offer, and never tried the candidate that came before the offer";
            outcome.breaks(ids::NEG_04, text);
        }
        remote.apply(link, &answer).await?;
        remote.trickle(link).await?;
        connect(&mut remote, link, outcome).await?;
    } else {
        outcome.breaks(ids::NEG_06, "it does not answer");
    }
    remote.close().await
}

/// Waits for the answer and for the first check. As long as it is not applied, and none of our own candidates is sent, the peer
/// has nothing to try but beacons, and nothing that would let it stop trying.
pub(super) async fn answer_and_check(remote: &mut Remote) -> Result<(Option<Value>, Option<Check>), ExamineError> {
    let deadline = Instant::now() + limits::EXAMINE_CHECK_PATIENCE;
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

/// Waits for a connection whose descriptions are exchanged.
pub(super) async fn connect(remote: &mut Remote, link: usize, outcome: &mut Outcome) -> Result<(), ExamineError> {
    while let Some(heard) = remote.hear().await? {
        match heard {
            Heard::Connected(at) if at == link => return Ok(()),
            Heard::Answer(_) => {
                outcome.breaks(ids::NEG_02, "it answers an offer that it has answered, or one that had to give way");
                return Ok(());
            }
            Heard::Offer(_) | Heard::Candidate | Heard::Check(_) | Heard::Connected(_) => {}
        }
    }
    outcome.is_unconnected();
    Ok(())
}

pub(super) async fn end(room: &Room<'_>, host: &mut Host, process: &mut Process) -> Result<Outcome, ExamineError> {
    let mut outcome = Outcome::default();
    let mut remote = Remote::join(room, Id::Lower).await?;
    let met = tokio::select! {
        met = meet(&mut remote, &mut outcome) => met?,
        status = process.ended() => {
            outcome.breaks(ids::NEG_09, format!("its process ended with {status} before it was asked to"));
            None
        }
    };
    if let Some(meeting) = met {
        process.ask_to_end();
        let leaving = async {
            while host.notice("user-left").await? != room.peer {}
            Ok::<(), ExamineError>(())
        };
        match within(limits::EXAMINE_PATIENCE, leaving).await {
            Some(left) => left?,
            None => outcome.breaks(ids::NEG_09, "it was asked to end, and stays in the room"),
        }
        if within(limits::EXAMINE_PATIENCE, process.ended()).await.is_none() {
            outcome.breaks(ids::NEG_09, "it was asked to end, and its process goes on");
        }
        let sockets = remote.sockets_of(meeting.ufrag());
        if let Some(socket) = still_open(&sockets, limits::EXAMINE_CLOSE_PATIENCE).await {
            outcome.breaks(ids::NEG_09, format!("its process ended, and its media socket {socket} is still open"));
        }
    }
    remote.close().await?;
    Ok(outcome)
}
