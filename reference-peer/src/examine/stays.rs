//! Remotes that leave, come back, and vanish.

use glare_model::{message::SignalKind, requirement::ids};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    ExamineError, Outcome,
    cases::Room,
    crossing::{NO_OFFER, offer_of_peer},
    meeting::{answer_and_check, connect, meet},
    remote::{Heard, Id, Remote},
    wire::{Check, still_open, ufrag_of_description},
};
use crate::limits;

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
                connect(&mut remote, link, outcome).await?;
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
        None => drop(meet(&mut remote, outcome).await?),
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
    let (answer, check) = answer_and_check(&mut remote).await?;
    match (answer, check) {
        (_, Some(check)) if check.beacon == old => {
            let text =
                "a candidate of the earlier stay was applied to the offer of the later one: its checks come there";
            outcome.breaks(ids::NEG_05, text);
            outcome.breaks(ids::NEG_07, text);
        }
        (None, _) => outcome.breaks(ids::NEG_06, "it does not answer"),
        (Some(answer), check) => {
            if check.is_none() {
                let text = "it tries no candidate at all, so that nothing bounds when it would try the older one";
                outcome.leaves_open(&[ids::NEG_05, ids::NEG_07], text);
            }
            remote.apply(link, &answer).await?;
            remote.trickle(link).await?;
            connect(&mut remote, link, outcome).await?;
        }
    }
    remote.close().await
}

/// Holds it against the peer if its connection outlives the remote's stay.
async fn look_for_rest(remote: &Remote, ufrag: &str, outcome: &mut Outcome) {
    let sockets = remote.sockets_of(ufrag);
    if sockets.is_empty() {
        outcome.leaves_open(
            &[ids::NEG_05],
            "it told no address of its connection, so that nobody can see whether that is closed",
        );
    }
    if let Some(socket) = still_open(&sockets, limits::EXAMINE_CLOSE_PATIENCE).await {
        let text = format!("the remote left, and the connection to it still holds its socket {socket}");
        outcome.breaks(ids::NEG_05, text);
    }
}

pub(super) async fn returning(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    if let Some(meeting) = meet(&mut remote, outcome).await? {
        remote.leave().await?;
        look_for_rest(&remote, meeting.ufrag(), outcome).await;
        remote.close_link(meeting.link).await?;
        remote.enter().await?;
        meet(&mut remote, outcome).await?;
    }
    remote.close().await
}

pub(super) async fn vanishing(room: &Room<'_>, outcome: &mut Outcome) -> Result<(), ExamineError> {
    let mut remote = Remote::join(room, Id::Lower).await?;
    let link = remote.build().await?;
    let offer = remote.offer(link).await?;
    remote.send(SignalKind::Offer, offer).await?;
    let mut ufrag = None;
    loop {
        match remote.hear().await? {
            Some(Heard::Answer(answer)) => ufrag = ufrag_of_description(&answer).map(str::to_owned),
            Some(Heard::Offer(_) | Heard::Candidate | Heard::Check(_) | Heard::Connected(_)) => {}
            None => {
                outcome.breaks(ids::NEG_06, "it does not answer");
                return remote.close().await;
            }
        }
        if let Some(ufrag) = ufrag.as_ref().filter(|ufrag| !remote.sockets_of(ufrag).is_empty()) {
            let sockets = remote.sockets_of(ufrag);
            remote.close().await?;
            if let Some(socket) = still_open(&sockets, limits::EXAMINE_CLOSE_PATIENCE).await {
                let text = format!("the remote vanished, and the connection to it still holds its socket {socket}");
                outcome.breaks(ids::NEG_05, text);
            }
            break;
        }
    }
    let mut next = Remote::join(room, Id::Lower).await?;
    meet(&mut next, outcome).await?;
    next.close().await
}
