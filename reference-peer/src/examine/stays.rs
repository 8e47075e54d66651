//! Remotes that leave, come back, and vanish.

use std::net::SocketAddr;

use glare_model::{message::SignalKind, requirement::ids};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    ExamineError, Outcome,
    cases::Room,
    crossing::{NO_OFFER, know_socket, offer_of_peer},
    meeting::{answer_and_check, connect, meet},
    remote::{Heard, Id, Remote},
    wire::{Check, Sockets, look_at_sockets, ufrag_of_description},
};
use crate::limits;

const NO_ADDRESS: &str =
    "it told no address of this machine for its connection, so that nobody can see whether that is closed";

pub(super) async fn late_answer(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Higher).await?;
    let first = offer_of_peer(&mut remote).await?;
    let Some(first) = first else {
        outcome.leaves_open(&[ids::NEG_03, ids::NEG_06, ids::NEG_07], NO_OFFER);
        return remote.close().await;
    };
    // The application takes its time with the answer, and its user goes and comes back meanwhile.
    let late = remote.build().await?;
    let late_answer = remote.answer(late, &first).await?;
    let beacon = remote.beacon(room.local).await?;
    let late_candidate = remote.candidate(late, beacon)?;
    remote.leave().await?;
    remote.enter().await?;
    match offer_of_peer(&mut remote).await? {
        None => outcome.leaves_open(&[ids::NEG_03, ids::NEG_06, ids::NEG_07], NO_OFFER),
        Some(second) => {
            remote.send(SignalKind::Answer, late_answer).await?;
            remote.send(SignalKind::Candidate, late_candidate).await?;
            let stale = remote.own_ufrag(late)?;
            if !judge_late_answer(&mut remote, &stale, [&first, &second], outcome).await? {
                let link = remote.build().await?;
                let answer = remote.answer(link, &second).await?;
                remote.send(SignalKind::Answer, answer).await?;
                remote.trickle(link).await?;
                if connect(&mut remote, link, outcome).await? {
                    outcome.keeps(&[ids::NEG_03, ids::NEG_07]);
                }
            }
        }
    }
    remote.close().await
}

/// Whether the late answer has an effect. If none is seen, the connection that has to come still decides.
async fn judge_late_answer(
    remote: &mut Remote,
    stale: &str,
    offers: [&Value; 2],
    outcome: &mut Outcome,
) -> Result<bool, ExamineError> {
    let [first, second] = offers.map(|offer| ufrag_of_description(offer).unwrap_or_default().to_owned());
    let Some(check) = check_of(remote, stale).await? else { return Ok(false) };
    if check.theirs == second {
        let text = format!("the answer to its offer {first} was applied to its offer {second}, as its checks show");
        outcome.breaks(ids::NEG_03, text);
    }
    let text = "an answer to its offer of the earlier stay was applied: its checks come to where that answer is from";
    outcome.breaks(ids::NEG_07, text);
    Ok(true)
}

/// Gives the peer the time to show that it applied a description that it must not apply.
async fn check_of(remote: &mut Remote, stale: &str) -> Result<Option<Check>, ExamineError> {
    let deadline = Instant::now() + limits::EXAMINE_EFFECT_PATIENCE;
    loop {
        match remote.hear_until(deadline).await? {
            Some(Heard::Check(check)) if check.ours == stale => return Ok(Some(check)),
            Some(Heard::Offer(_) | Heard::Answer(_) | Heard::Candidate | Heard::Check(_) | Heard::Connected(_)) => {}
            None => return Ok(None),
        }
    }
}

pub(super) async fn late_offer(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    let late = remote.build().await?;
    let late_offer = remote.offer(late).await?;
    let beacon = remote.beacon(room.local).await?;
    let late_candidate = remote.candidate(late, beacon)?;
    remote.leave().await?;
    remote.enter().await?;
    remote.send(SignalKind::Offer, late_offer).await?;
    remote.send(SignalKind::Candidate, late_candidate).await?;
    let deadline = Instant::now() + limits::EXAMINE_EFFECT_PATIENCE;
    let stale = remote.own_ufrag(late)?;
    let seen = loop {
        match remote.hear_until(deadline).await? {
            Some(Heard::Answer(_)) => break Some("it answered the offer of the earlier stay"),
            Some(Heard::Check(check)) if check.ours == stale => {
                break Some("the offer of the earlier stay was applied: its checks come to where that offer is from");
            }
            Some(Heard::Offer(_) | Heard::Candidate | Heard::Check(_) | Heard::Connected(_)) => {}
            None => break None,
        }
    };
    match seen {
        Some(text) => outcome.breaks(ids::NEG_07, text),
        // What is not seen yet shows in the connection that has to come, or in a second answer.
        None => {
            if meet(&mut remote, outcome).await?.is_some() {
                outcome.keeps(&[ids::NEG_07]);
            }
        }
    }
    remote.close().await
}

pub(super) async fn late_candidate(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    let never = remote.build().await?;
    // It is made, so that its candidate exists, and never sent.
    remote.offer(never).await?;
    let (old, new) = (remote.beacon(room.local).await?, remote.beacon(room.local).await?);
    let mut early = remote.candidate(never, old)?;
    // Without it a browser cannot find out by itself that the candidate is of no description that it has.
    early["usernameFragment"].take();
    remote.send(SignalKind::Candidate, early).await?;
    remote.leave().await?;
    remote.enter().await?;
    let link = remote.build().await?;
    let offer = remote.offer(link).await?;
    remote.send(SignalKind::Offer, offer).await?;
    let candidate = remote.candidate(link, new)?;
    remote.send(SignalKind::Candidate, candidate).await?;
    // Whoever tried the new candidate had tried the older one before, if it had it.
    let (answer, check) = answer_and_check(&mut remote, room).await?;
    match (answer, check) {
        (_, Some(check)) if check.beacon == old => {
            let text =
                "a candidate of the earlier stay was applied to the offer of the later one: its checks come there";
            outcome.breaks(ids::NEG_05, text);
            outcome.breaks(ids::NEG_07, text);
        }
        (None, _) => outcome.is_late(ids::NEG_06, "it does not answer"),
        (Some(answer), check) => {
            match check {
                Some(_) => outcome.keeps(&[ids::NEG_05, ids::NEG_07]),
                None => {
                    let text = "it tries no candidate at all, so that nothing bounds when it would try the older one";
                    outcome.leaves_open(&[ids::NEG_05, ids::NEG_07], text);
                }
            }
            remote.apply(link, &answer).await?;
            remote.trickle(link).await?;
            connect(&mut remote, link, outcome).await?;
        }
    }
    remote.close().await
}

/// Holds it against the peer if its connection outlives the remote's stay. Whether it is seen to be closed.
async fn look_for_rest(room: &Room<'_>, sockets: &[SocketAddr], how: &str, outcome: &mut Outcome) -> bool {
    match look_at_sockets(sockets, room.patience.with(limits::EXAMINE_CLOSE_PATIENCE)).await {
        Sockets::Closed => {
            outcome.keeps(&[ids::NEG_05]);
            return true;
        }
        Sockets::Unknown => outcome.leaves_open(&[ids::NEG_05], NO_ADDRESS),
        Sockets::Open(socket) => {
            let text = format!("the remote {how}, and the connection to it still holds its socket {socket}");
            outcome.is_late(ids::NEG_05, text);
        }
    }
    false
}

pub(super) async fn returning(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    if let Some(meeting) = meet(&mut remote, outcome).await? {
        know_socket(&mut remote, &meeting.answer).await?;
        remote.leave().await?;
        let is_closed = look_for_rest(room, &remote.sockets_of(meeting.ufrag()), "left", outcome).await;
        remote.close_link(meeting.link).await?;
        remote.enter().await?;
        if meet(&mut remote, outcome).await?.is_some() && is_closed {
            outcome.keeps(&[ids::NEG_01]);
        }
    }
    remote.close().await
}

pub(super) async fn vanishing(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    let link = remote.build().await?;
    let offer = remote.offer(link).await?;
    remote.send(SignalKind::Offer, offer).await?;
    let mut ufrag = None;
    let sockets = loop {
        match remote.hear().await? {
            Some(Heard::Answer(answer)) => ufrag = ufrag_of_description(&answer).map(str::to_owned),
            Some(Heard::Offer(_) | Heard::Candidate | Heard::Check(_) | Heard::Connected(_)) => {}
            None if ufrag.is_some() => {
                outcome.leaves_open(&[ids::NEG_05, ids::NEG_06], NO_ADDRESS);
                return remote.close().await;
            }
            None => {
                outcome.is_late(ids::NEG_06, "it does not answer");
                return remote.close().await;
            }
        }
        let sockets = ufrag.as_ref().map(|ufrag| remote.sockets_of(ufrag)).unwrap_or_default();
        if !sockets.is_empty() {
            break sockets;
        }
    };
    remote.close().await?;
    look_for_rest(room, &sockets, "vanished", outcome).await;
    let mut next = Remote::join(room, Id::Lower).await?;
    meet(&mut next, outcome).await?;
    next.close().await
}
