use serde_json::json;

use super::*;

const MATCHBOX: &str = r#"
name = "box"
description = "rooms by address, opaque signals"
[transport.websocket]
path = "/{room}?next=2"
[identity]
from = "message"
[join]
[signal]
send = { Signal = { receiver = "{target}", data = { kind = "{kind}", payload = "{payload}" } } }
[[receive]]
match = { IdAssigned = "{id}" }
as = "identified"
[[receive]]
match = { NewPeer = "{user}" }
as = "joined"
[[receive]]
match = { Signal = { sender = "{from}", data = { kind = "{kind}", payload = "{payload}" } } }
as = "signal"
[fence]
by = "none"
[dialect]
rooms = "implicit"
members = "untold"
"#;

const PUBSUB: &str = r#"
name = "pubsub"
description = "topics, and an echo to the sender"
[transport.websocket]
[identity]
from = "client"
form = "hex8"
[join]
send = [{ type = "subscribe", topics = ["{room}"] }]
[leave]
send = [{ type = "unsubscribe", topics = ["{room}"] }]
[signal]
send = { type = "publish", topic = "{room}", data = { from = "{from}", to = "{target}", "{kind}" = 1, signal = "{payload}", kind = "{kind}" } }
[[receive]]
match = { type = "publish", data = { from = "{from}", to = "{to}", kind = "{kind}", signal = "{payload}" } }
as = "signal"
[[receive]]
match = { type = "ping" }
as = "ignored"
answer = { type = "pong" }
[[receive]]
match = { type = "pong" }
as = "pong"
[fence]
by = "ping"
send = { type = "ping" }
[dialect]
rooms = "implicit"
second-room = "several"
members = "untold"
notices = "none"
"#;

/// Notices name people, signals sockets; candidates come and go in lists.
const PEOPLE: &str = r#"
name = "people"
description = "two names for everybody, batches of candidates"
[transport.websocket]
[identity]
from = "message"
listed = { name = "{alias}", socket = "{user}" }
[join]
send = [{ type = "enter", room = "{room}" }]
[join.reply]
accepted = [{ type = "entered", people = "{users}" }]
refused = [{ type = "locked" }]
[signal]
send = { type = "{kind}", to = "{target-alias}", body = "{payload}" }
candidate = { type = "ice", to = "{target-alias}", list = ["{payload}"] }
[[receive]]
match = { type = "you", socket = "{id}", name = "{alias}" }
as = "identified"
[[receive]]
match = { type = "in", name = "{alias}", socket = "{user}" }
as = "joined"
[[receive]]
match = { type = "out", name = "{alias}" }
as = "left"
[[receive]]
match = { type = "gone", names = "{list}" }
each = "list"
item = { name = "{alias}" }
as = "left"
[[receive]]
match = { type = "ice", by = "{alias}", list = "{list}" }
each = "list"
kind = "candidate"
as = "signal"
[[receive]]
match = { type = "mixed", list = "{list}" }
each = "list"
item = { by = "{from}", kind = "{kind}", body = "{payload}" }
as = "signal"
[dialect]
rooms = "implicit"
undeliverable = "silent"
"#;

fn speaker(text: &str) -> Speaker {
    let plan = Plan::read("test.toml", text).unwrap_or_else(|error| panic!("{}", error.render(false)));
    Speaker::new(Arc::new(plan), Arc::default())
}

fn built_in(name: &str) -> Speaker {
    let (plan, _) = crate::binding::library().iter().find(|(plan, _)| plan.name() == name).unwrap();
    Speaker::new(Arc::clone(plan), Arc::default())
}

fn sent(reaction: &Reaction) -> Vec<Value> {
    reaction.send.iter().map(|outgoing| serde_json::from_str(&outgoing.text).unwrap()).collect()
}

fn event(name: &str, data: Value) -> Incoming {
    Incoming::Event { event: name.to_owned(), data: Some(data) }
}

#[test]
fn a_request_and_its_ack_are_those_of_the_protocol_on_the_tutorials_wire() {
    let mut speaker = built_in("tutorial");
    let reaction = speaker.say("join-room", Some(&json!("r")), Some(7)).unwrap();
    assert_eq!(reaction.send, [Outgoing { text: r#"["join-room","r"]"#.to_owned(), ack: Some(7) }]);
    let data = json!({"success": true, "roomId": "r", "existingUsers": ["a"], "more": 1});
    assert_eq!(
        speaker.hear_ack(7, &[data]),
        [Incoming::Ack {
            ack: 7,
            data: Some(json!({"success": true, "roomId": "r", "existingUsers": ["a"], "more": 1}))
        }]
    );
}

#[test]
fn what_a_message_says_beyond_its_pattern_is_kept_where_its_names_are_the_protocols() {
    let mut speaker = built_in("tutorial");
    speaker.say("join-room", Some(&json!("r")), Some(0)).unwrap();
    let refused = json!({"success": false, "code": "room-full", "error": "Room is full"});
    assert_eq!(speaker.hear_ack(0, std::slice::from_ref(&refused)), [Incoming::Ack { ack: 0, data: Some(refused) }]);
    let error = json!({"type": "offer-error", "message": "no such user"});
    assert_eq!(speaker.hear(json!(["error", error])).incoming, [event("error", error)]);
    let mut speaker = built_in("glare");
    let joined = json!({"userId": "b", "timestamp": "t", "name": "Bo"});
    let heard = speaker.hear(json!({"event": "user-joined", "data": joined}));
    assert_eq!(heard.incoming, [event("user-joined", joined)]);
}

#[test]
fn what_another_protocol_says_beyond_a_pattern_means_nothing() {
    let heard = speaker(MATCHBOX).hear(json!({"NewPeer": "b", "userId": "c"}));
    assert_eq!(heard.incoming, [event("user-joined", json!({"userId": "b"}))]);
}

#[test]
fn an_ack_of_no_pattern_is_no_success() {
    let mut speaker = built_in("tutorial");
    speaker.say("join-room", Some(&json!("r")), Some(0)).unwrap();
    let [Incoming::Ack { data: Some(data), .. }] = &speaker.hear_ack(0, &[json!({"ok": 1})])[..] else {
        panic!("an ack")
    };
    assert_eq!(crate::observation::read_ack(Some(data)), None);
}

#[test]
fn a_signal_without_a_target_is_one_without_it_on_any_wire() {
    let mut speaker = built_in("tutorial");
    let reaction = speaker.say("offer", Some(&json!({"offer": {"sdp": "x"}})), None).unwrap();
    assert_eq!(sent(&reaction), [json!(["offer", {"offer": {"sdp": "x"}}])]);
    let mut speaker = built_in("glare");
    let reaction = speaker.say("offer", Some(&json!({"target": 7})), None).unwrap();
    assert_eq!(sent(&reaction), [json!({"event": "offer", "data": {"target": 7}})]);
}

#[test]
fn what_a_sender_claims_is_said_where_the_wire_has_a_place_for_it() {
    let signal = json!({"target": "b", "offer": 1, "from": "c"});
    let reaction = built_in("tutorial").say("offer", Some(&signal), None).unwrap();
    assert_eq!(sent(&reaction), [json!(["offer", {"target": "b", "offer": 1, "from": "c"}])]);
    assert!(speaker(MATCHBOX).say("offer", Some(&signal), None).is_err());
}

#[test]
fn a_client_of_the_protocol_names_itself_only_to_claim_to_be_somebody() {
    for (name, plain) in [
        ("tutorial", json!(["offer", {"target": "b", "offer": 1}])),
        ("glare", json!({"event": "offer", "data": {"target": "b", "offer": 1}})),
    ] {
        let mut speaker = built_in(name);
        speaker.identify("a");
        let reaction = speaker.say("offer", Some(&json!({"target": "b", "offer": 1})), None).unwrap();
        assert_eq!(sent(&reaction), [plain]);
        let claim = json!({"target": "b", "offer": 1, "from": "c"});
        let reaction = speaker.say("offer", Some(&claim), None).unwrap();
        assert!(sent(&reaction)[0].to_string().contains(r#""from":"c""#));
    }
}

#[test]
fn replies_belong_to_the_request_of_their_number() {
    let mut speaker = built_in("glare");
    speaker.say("join-room", Some(&json!("r")), Some(0)).unwrap();
    speaker.say("join-room", Some(&json!("s")), Some(1)).unwrap();
    let reply = speaker.hear(json!({"event": "ack", "ack": 1, "data": {"success": false, "error": "no"}}));
    assert_eq!(reply.incoming, [Incoming::Ack { ack: 1, data: Some(json!({"success": false, "error": "no"})) }]);
}

#[test]
fn an_externally_tagged_signal_is_read_and_written() {
    let mut speaker = speaker(MATCHBOX);
    assert_eq!(speaker.hear(json!({"IdAssigned": "me"})).identified.as_deref(), Some("me"));
    let reaction = speaker.say("ice-candidate", Some(&json!({"target": "you", "candidate": null})), None).unwrap();
    assert_eq!(
        sent(&reaction),
        [json!({"Signal": {"receiver": "you", "data": {"kind": "candidate", "payload": null}}})]
    );
    let heard = speaker.hear(json!({"Signal": {"sender": "you", "data": {"kind": "answer", "payload": [1]}}}));
    assert_eq!(heard.incoming, [event("answer", json!({"answer": [1], "from": "you"}))]);
}

#[test]
fn what_is_published_for_somebody_else_is_dropped() {
    let mut speaker = speaker(PUBSUB);
    speaker.identify("me");
    let signal = |to: &str| json!({"type": "publish", "data": {"from": "x", "to": to, "kind": "offer", "signal": 1}});
    assert_eq!(speaker.hear(signal("you")).incoming, []);
    assert_eq!(speaker.hear(signal("me")).incoming, [event("offer", json!({"offer": 1, "from": "x"}))]);
}

#[test]
fn who_asks_a_server_that_does_not_answer_is_in() {
    let mut speaker = speaker(PUBSUB);
    let reaction = speaker.say("create-room", Some(&json!("r")), Some(3)).unwrap();
    assert_eq!(sent(&reaction), [json!({"type": "subscribe", "topics": ["r"]})]);
    assert_eq!(reaction.incoming, [Incoming::Ack { ack: 3, data: Some(json!({"success": true, "roomId": "r"})) }]);
    assert_eq!(
        sent(&speaker.say("leave-room", None, None).unwrap()),
        [json!({"type": "unsubscribe", "topics": ["r"]})]
    );
}

#[test]
fn a_member_of_several_rooms_says_which_one_it_leaves_and_signals_in() {
    let mut speaker = speaker(PUBSUB);
    speaker.identify("me");
    for room in ["r", "s", "t"] {
        speaker.say("join-room", Some(&json!(room)), Some(3)).unwrap();
    }
    let topic = |reaction: Reaction| sent(&reaction)[0]["topic"].clone();
    let offer = |room: Option<&str>| match room {
        Some(room) => json!({"target": "you", "offer": 1, "room": room}),
        None => json!({"target": "you", "offer": 1}),
    };
    assert_eq!(topic(speaker.say("offer", Some(&offer(Some("r"))), None).unwrap()), "r");
    assert_eq!(topic(speaker.say("offer", Some(&offer(None)), None).unwrap()), "t");
    let left = |room: &str| json!({"type": "unsubscribe", "topics": [room]});
    assert_eq!(sent(&speaker.say("leave-room", Some(&json!("s")), None).unwrap()), [left("s")]);
    assert_eq!(sent(&speaker.say("leave-room", None, None).unwrap()), [left("r"), left("t")]);
    assert_eq!(sent(&speaker.say("leave-room", None, None).unwrap()).len(), 1);
}

#[test]
fn where_no_message_names_a_room_one_leave_leaves_all_and_none_leaves_one() {
    let (_, tutorial) = crate::binding::library().iter().find(|(plan, _)| plan.name() == "tutorial").unwrap();
    let mut speaker = speaker(&format!("{tutorial}\n[dialect]\nsecond-room = \"several\"\n"));
    for room in ["r", "s"] {
        speaker.say("join-room", Some(&json!(room)), Some(0)).unwrap();
        speaker.hear_ack(0, &[json!({"success": true, "roomId": room, "existingUsers": []})]);
    }
    assert!(speaker.say("leave-room", Some(&json!("r")), None).is_err());
    assert_eq!(sent(&speaker.say("leave-room", None, None).unwrap()), [json!(["leave-room"])]);
}

#[test]
fn pings_are_answered_and_pongs_end_fences() {
    let mut speaker = speaker(PUBSUB);
    assert_eq!(sent(&speaker.hear(json!({"type": "ping"}))), [json!({"type": "pong"})]);
    assert_eq!(speaker.say_fence(9).unwrap().text, r#"{"type":"ping"}"#);
    assert_eq!(speaker.hear(json!({"type": "pong"})).incoming, [refusal(9)]);
    assert_eq!(speaker.hear(json!({"type": "pong"})).incoming, []);
}

#[test]
fn what_no_pattern_fits_is_recorded_under_no_name_of_the_protocol() {
    let reaction = speaker(PUBSUB).hear(json!({"type": "user-left", "data": 1}));
    let [Incoming::Event { event, .. }] = &reaction.incoming[..] else { panic!("an event") };
    assert_eq!(event, "(unmatched) user-left");
}

#[test]
fn what_a_wire_has_no_words_for_is_said_to_be_so() {
    let mut speaker = speaker(PUBSUB);
    for (event, data) in [("offer", json!(7)), ("frobnicate", json!(1)), ("offer", json!({"target": 1, "x": 2}))] {
        assert!(speaker.say(event, Some(&data), None).is_err(), "{event} {data}");
    }
}

#[test]
fn a_user_of_two_names_is_one_user() {
    let mut speaker = speaker(PEOPLE);
    speaker.hear(json!({"type": "you", "socket": "s1", "name": "Ann"}));
    let joined = speaker.hear(json!({"type": "in", "socket": "s2", "name": "Bob"}));
    assert_eq!(joined.incoming, [event("user-joined", json!({"userId": "s2"}))]);
    let said = speaker.say("offer", Some(&json!({"target": "s2", "offer": 1})), None).unwrap();
    assert_eq!(sent(&said), [json!({"type": "offer", "to": "Bob", "body": 1})]);
    let left = speaker.hear(json!({"type": "out", "name": "Bob"}));
    assert_eq!(left.incoming, [event("user-left", json!({"userId": "s2"}))]);
}

#[test]
fn a_list_of_members_and_what_another_client_heard_of_itself_tell_names_too() {
    let plan = Arc::new(Plan::read("test.toml", PEOPLE).unwrap_or_else(|error| panic!("{}", error.render(false))));
    let names = Arc::new(Names::default());
    let [mut ann, mut bob] = [(); 2].map(|()| Speaker::new(Arc::clone(&plan), Arc::clone(&names)));
    bob.hear(json!({"type": "you", "socket": "s2", "name": "Bob"}));
    ann.say("join-room", Some(&json!("r")), Some(0)).unwrap();
    let people = json!([{"socket": "s3", "name": "Cid"}]);
    let entered = ann.hear(json!({"type": "entered", "people": people})).incoming;
    let data = json!({"success": true, "roomId": "r", "existingUsers": ["s3"]});
    assert_eq!(entered, [Incoming::Ack { ack: 0, data: Some(data) }]);
    let gone = ann.hear(json!({"type": "gone", "names": [{"name": "Bob"}, {"name": "Cid"}]})).incoming;
    assert_eq!(gone, ["s2", "s3"].map(|id| event("user-left", json!({"userId": id}))));
}

#[test]
fn a_name_that_nobody_was_said_to_have_is_an_id_of_nobody() {
    let left = speaker(PEOPLE).hear(json!({"type": "out", "name": "Zoe"}));
    assert_eq!(left.incoming, [event("user-left", json!({"userId": "Zoe"}))]);
}

#[test]
fn each_signal_of_a_batch_is_a_signal() {
    let mut speaker = speaker(PEOPLE);
    speaker.hear(json!({"type": "in", "socket": "s2", "name": "Bob"}));
    let candidate = |number| event("ice-candidate", json!({"candidate": number, "from": "s2"}));
    let heard = speaker.hear(json!({"type": "ice", "by": "Bob", "list": [1, 2, 3]}));
    assert_eq!(heard.incoming, [1, 2, 3].map(candidate));
    let said = speaker.say("ice-candidate", Some(&json!({"target": "s2", "candidate": 9})), None).unwrap();
    assert_eq!(sent(&said), [json!({"type": "ice", "to": "Bob", "list": [9]})]);
}

#[test]
fn an_item_that_is_no_signal_is_recorded_and_the_others_are_read() {
    let list = json!([{"by": "a", "kind": "offer", "body": 1}, 7, {"by": "b", "kind": "answer", "body": 2}]);
    let heard = speaker(PEOPLE).hear(json!({"type": "mixed", "list": list})).incoming;
    assert_eq!(
        heard,
        [
            event("offer", json!({"offer": 1, "from": "a"})),
            event("(unmatched)", json!(7)),
            event("answer", json!({"answer": 2, "from": "b"})),
        ]
    );
}

/// The same, but that who is there has to be asked for.
fn asking(text: &str) -> String {
    text.replace(
        "[fence]\nby = \"ping\"\nsend = { type = \"ping\" }",
        "[fence]\nby = \"ping\"\nsend = { type = \"who\", of = \"{room}\" }",
    )
    .replace("match = { type = \"pong\" }", "match = { type = \"list\", \"of?\" = \"{users}\" }")
    .replace("second-room = \"several\"", "second-room = \"moves\"")
    .replace("notices = \"none\"", "notices = \"asked\"\nown-in-list = true")
}

fn told(fence: u64, present: Value) -> Incoming {
    Incoming::Ack { ack: fence, data: Some(json!({"success": false, "present": present})) }
}

#[test]
fn who_is_there_is_asked_for_in_the_own_room_and_told_without_oneself() {
    let mut speaker = speaker(&asking(PUBSUB));
    speaker.identify("me");
    let ask = |speaker: &mut Speaker, number| speaker.say_fence(number).unwrap().text;
    assert_eq!(ask(&mut speaker, 1), r#"{"type":"who"}"#);
    speaker.say("join-room", Some(&json!("r")), Some(0)).unwrap();
    assert_eq!(ask(&mut speaker, 2), r#"{"of":"r","type":"who"}"#);
    assert_eq!(speaker.hear(json!({"type": "list"})).incoming, [told(1, json!([]))]);
    assert_eq!(speaker.hear(json!({"type": "list", "of": ["a", "me", "b"]})).incoming, [told(2, json!(["a", "b"]))]);
    // What is no list stays what it is.
    ask(&mut speaker, 3);
    assert_eq!(speaker.hear(json!({"type": "list", "of": 7})).incoming, [told(3, json!(7))]);
}

#[test]
fn an_ack_tells_who_is_there_on_socketio() {
    let mut speaker = speaker(
        r#"
name = "asked"
description = "an ack lists who is there"
receive = [{ as = "signal", match = ["{kind}", { from = "{from}", body = "{payload}" }] }]
[transport.socket-io]
[identity]
listed = { id = "{user}" }
[join]
send = [["enter", "{room}"]]
[signal]
send = ["{kind}", { to = "{target}", body = "{payload}" }]
[fence]
by = "ping"
send = ["who"]
ack = [{ people = "{users}" }]
[dialect]
rooms = "implicit"
second-room = "moves"
members = "untold"
notices = "asked"
"#,
    );
    assert_eq!(speaker.say_fence(4).unwrap(), Outgoing { text: r#"["who"]"#.to_owned(), ack: Some(4) });
    assert_eq!(speaker.hear_ack(4, &[json!({"people": [{"id": "a"}]})]), [told(4, json!(["a"]))]);
    speaker.say_fence(5).unwrap();
    assert_eq!(speaker.hear_ack(5, &[json!("nobody")]), [told(5, json!([]))]);
}

#[test]
fn a_question_who_is_there_that_nobody_answers_is_a_mistake_of_the_binding() {
    let problem = |text: &str| Plan::read("test.toml", text).expect_err("a fault").render(false);
    let asks = asking(PUBSUB);
    let no_list = problem(&asks.replace("\"of?\" = \"{users}\"", "of = 1"));
    assert!(no_list.contains("needs [fence] by = \"ping\" whose answer has the hole {users}"), "{no_list}");
    let no_question = problem(&asks.replace("notices = \"asked\"", "notices = \"none\""));
    assert!(no_question.contains("which is for [dialect] notices = \"asked\""), "{no_question}");
    let several = problem(&asks.replace("\"moves\"", "\"several\""));
    assert!(several.contains("second-room cannot be \"several\""), "{several}");
    let ack = problem(&asks.replace("of = \"{room}\" }", "of = \"{room}\" }\nack = [\"{users}\"]"));
    assert!(ack.contains("acks belong to Socket.IO"), "{ack}");
}
