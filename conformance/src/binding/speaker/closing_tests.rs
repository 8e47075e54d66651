use serde_json::json;

use super::*;

const CLOSING: &str = r#"
name = "closing"
description = "who is refused is thrown out"
[transport.websocket]
[identity]
from = "client"
form = "word"
[create]
send = [{ create = "{room}" }]
refused-by-close = [4009]
[create.reply]
accepted = [{ created = "{room}" }]
[join]
send = [{ join = "{room}" }]
refused-by-close = [4004]
[join.reply]
accepted = [{ joined = "{room}" }]
refused = [{ sorry = "{room}" }]
[signal]
send = { to = "{target}", kind = "{kind}", body = "{payload}" }
[[receive]]
match = { from = "{from}", kind = "{kind}", body = "{payload}" }
as = "signal"
[fence]
by = "none"
"#;

/// One that has asked for these, each under the number of its place.
fn asking(requests: &[&str]) -> Speaker {
    let plan = Plan::read("test.toml", CLOSING).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let mut speaker = Speaker::new(Arc::new(plan), Arc::default());
    for (number, event) in (0..).zip(requests) {
        speaker.say(event, Some(&"r".into()), Some(number)).expect("it has words for it");
    }
    speaker
}

#[test]
fn a_close_refuses_the_oldest_request_that_is_pending() {
    assert_eq!(asking(&["join-room", "join-room"]).hear_close(4004), Some(refusal(0)));
    let mut speaker = asking(&["join-room", "join-room"]);
    assert_eq!(speaker.hear(json!({"joined": "r"})).incoming.len(), 1);
    assert_eq!(speaker.hear_close(4004), Some(refusal(1)));
}

#[test]
fn a_close_with_another_code_or_without_a_request_refuses_nothing() {
    assert_eq!(asking(&["join-room"]).hear_close(1011), None);
    assert_eq!(asking(&["join-room"]).hear_close(4009), None, "it is a code of the other request");
    assert_eq!(asking(&["create-room"]).hear_close(4009), Some(refusal(0)));
    assert_eq!(asking(&[]).hear_close(4004), None);
}

#[test]
fn a_close_behind_a_message_that_refuses_answers_no_other_request() {
    let mut speaker = asking(&["join-room", "join-room"]);
    assert_eq!(speaker.hear(json!({"sorry": "r"})).incoming, [refusal(0)]);
    assert_eq!(speaker.hear_close(4004), None);
}
