//! Glare: offers that cross.

use glare_model::{message::SignalKind, requirement::ids};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    ExamineError, Outcome,
    cases::Room,
    meeting::{connect, finish},
    remote::{Heard, Id, Remote},
    wire::{Sockets, look_at_sockets, ufrag_of_description},
};
use crate::limits;

pub(super) const NO_OFFER: &str = "the peer does not offer to whoever joins, so that nothing crosses its offer";

/// Waits for the peer's offer, which it need not make.
pub(super) async fn offer_of_peer(remote: &mut Remote) -> Result<Option<Value>, ExamineError> {
    let deadline = Instant::now() + limits::EXAMINE_OFFER_PATIENCE;
    loop {
        match remote.hear_until(deadline).await? {
            Some(Heard::Offer(offer)) => return Ok(Some(offer)),
            Some(Heard::Answer(_) | Heard::Candidate | Heard::Check(_) | Heard::Connected(_)) => {}
            None => return Ok(None),
        }
    }
}

/// Waits until a socket of the connection of this description is known, so that it can be watched.
pub(super) async fn know_socket(remote: &mut Remote, description: &Value) -> Result<(), ExamineError> {
    let ufrag = ufrag_of_description(description).unwrap_or_default();
    let deadline = Instant::now() + limits::EXAMINE_OFFER_PATIENCE;
    while remote.sockets_of(ufrag).is_empty() && remote.hear_until(deadline).await?.is_some() {}
    Ok(())
}

/// Holds it against the peer if the connection of its offer lives on beside the one that is connected now.
async fn look_for_another(remote: &Remote, room: &Room<'_>, offer: &Value, connected: &Value, outcome: &mut Outcome) {
    let [first, second] = [offer, connected].map(|it| ufrag_of_description(it).unwrap_or_default());
    if first == second {
        return outcome.keeps(&[ids::NEG_01]);
    }
    let patience = room.patience.with(limits::EXAMINE_CLOSE_PATIENCE);
    match look_at_sockets(&remote.sockets_of(first), patience).await {
        Sockets::Closed => outcome.keeps(&[ids::NEG_01]),
        Sockets::Unknown => {
            let text = "it told no address of this machine for the connection that it offered first, so that nobody can see \
                        whether that lives on";
            outcome.leaves_open(&[ids::NEG_01], text);
        }
        Sockets::Open(socket) => {
            let text = format!(
                "it has two connections to one remote: {second} is connected, and {first}, which it offered first, still holds \
                 its socket {socket}"
            );
            outcome.is_late(ids::NEG_01, text);
        }
    }
}

pub(super) async fn higher(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Higher).await?;
    match offer_of_peer(&mut remote).await? {
        Some(offer) => cross(&mut remote, room, &offer, outcome).await?,
        None => outcome.leaves_open(&[ids::NEG_01, ids::NEG_02, ids::NEG_06], NO_OFFER),
    }
    remote.close().await
}

async fn cross(remote: &mut Remote, room: &Room<'_>, offer: &Value, outcome: &mut Outcome) -> Result<(), ExamineError> {
    know_socket(remote, offer).await?;
    // Made before we heard of the peer's, as far as the peer can know.
    let lost = remote.build().await?;
    let crossing = remote.offer(lost).await?;
    remote.send(SignalKind::Offer, crossing).await?;
    remote.trickle(lost).await?;
    match answer_of_peer(remote).await? {
        Some(wrong) => {
            outcome.breaks(ids::NEG_02, "it answers the crossing offer of the higher id, which is to give way");
            remote.apply(lost, &wrong).await?;
            connect(remote, lost, outcome).await?;
            look_for_another(remote, room, offer, &wrong, outcome).await;
        }
        None => {
            let kept = remote.build().await?;
            let answer = remote.answer(kept, offer).await?;
            remote.send(SignalKind::Answer, answer).await?;
            remote.trickle(kept).await?;
            if connect(remote, kept, outcome).await? {
                outcome.keeps(&[ids::NEG_01, ids::NEG_02]);
            }
        }
    }
    Ok(())
}

/// Gives the peer the time to answer what it must not answer.
async fn answer_of_peer(remote: &mut Remote) -> Result<Option<Value>, ExamineError> {
    let deadline = Instant::now() + limits::EXAMINE_EFFECT_PATIENCE;
    loop {
        match remote.hear_until(deadline).await? {
            Some(Heard::Answer(answer)) => return Ok(Some(answer)),
            Some(Heard::Offer(_) | Heard::Candidate | Heard::Check(_) | Heard::Connected(_)) => {}
            None => return Ok(None),
        }
    }
}

pub(super) async fn lower(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    let crossed = offer_of_peer(&mut remote).await?;
    if let Some(offer) = &crossed {
        know_socket(&mut remote, offer).await?;
    }
    let link = remote.build().await?;
    let offer = remote.offer(link).await?;
    remote.send(SignalKind::Offer, offer).await?;
    remote.trickle(link).await?;
    if let Some(meeting) = finish(&mut remote, link, outcome).await? {
        match crossed.or_else(|| meeting.crossed.clone()) {
            Some(offer) => {
                outcome.keeps(&[ids::NEG_02]);
                look_for_another(&remote, room, &offer, &meeting.answer, outcome).await;
            }
            None => outcome.leaves_open(&[ids::NEG_01, ids::NEG_02], NO_OFFER),
        }
    }
    remote.close().await
}
