use std::collections::BTreeMap;

use serde_json::json;

use super::*;

fn compiled(template: &Value) -> (Node, HoleNames) {
    let mut names = HoleNames::default();
    (Node::compile(template, &mut names).unwrap(), names)
}

fn written(template: &Value, given: &[(&str, Value)]) -> Option<String> {
    let (node, names) = compiled(template);
    let mut text = String::new();
    let values = values(&names, &given.iter().cloned().collect());
    node.write(&values, &mut text).then_some(text)
}

fn read(pattern: &Value, value: &Value) -> Option<BTreeMap<String, Value>> {
    let (node, names) = compiled(pattern);
    let mut values = Values::default();
    if !node.read(value, &mut values) {
        return None;
    }
    let named = |name: &String| Some((name.clone(), values.get(names.find(name)?)?.clone()));
    Some(names.iter().filter_map(named).collect())
}

#[test]
fn a_hole_takes_any_value_and_text_takes_its_text() {
    let template = json!({"to": "{target}", "path": "/{room}/{target}", "n": 1});
    let text = written(&template, &[("target", json!("u\"1")), ("room", json!(7))]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({"to": "u\"1", "path": "/7/u\"1", "n": 1}));
}

#[test]
fn what_has_no_value_is_left_out() {
    assert_eq!(
        written(&json!(["offer", {"a": "{x}", "b": "{y}"}, "{z}"]), &[("y", json!(null))]).unwrap(),
        r#"["offer",{"b":null}]"#
    );
    assert_eq!(written(&json!("{x}"), &[]), None);
}

#[test]
fn a_pattern_matches_what_has_more_and_captures() {
    let pattern = json!(["joined", {"id": "{user}", "at?": "{time}", "v": 2}]);
    let captured = read(&pattern, &json!(["joined", {"id": "u", "v": 2, "w": 3}, "more"])).unwrap();
    assert_eq!(captured, BTreeMap::from([("user".to_owned(), json!("u"))]));
    assert_eq!(read(&pattern, &json!(["joined", {"id": "u", "v": 3}])), None);
    assert_eq!(read(&pattern, &json!(["joined"])), None);
    assert_eq!(read(&pattern, &json!(["joined", {"v": 2}])), None);
}

#[test]
fn text_is_taken_apart_at_what_is_fixed() {
    let captured = read(&json!("JOIN|{room}|{user}"), &json!("JOIN|r|u|v")).unwrap();
    assert_eq!(captured["room"], json!("r"));
    assert_eq!(captured["user"], json!("u|v"));
    assert_eq!(read(&json!("JOIN|{room}"), &json!("PART|r")), None);
}

#[test]
fn doubled_braces_are_braces() {
    assert_eq!(written(&json!("{{x}}"), &[]).unwrap(), r#""{x}""#);
}

#[test]
fn a_brace_without_its_other_half_is_an_error() {
    for text in ["{room", "room}", "{}", "{Room}", "{a{b}"] {
        assert!(Node::compile(&json!(text), &mut HoleNames::default()).is_err(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[{}a-c|]{0,12}", value in "[{}a-c|]{0,12}") {
        let mut names = HoleNames::default();
        if let Ok(node) = Node::compile(&Value::String(text), &mut names) {
            let _fits = node.read(&Value::String(value), &mut Values::default());
        }
    }
}

#[test]
fn what_may_be_absent_is_not_always_filled() {
    let fills = |template: Value| {
        let (node, names) = compiled(&template);
        names.find("kind").is_some_and(|kind| node.always_fills(kind))
    };
    assert!(fills(json!("{kind}")) && fills(json!(["lost", {"of": {"kind": "is {kind}"}}])));
    assert!(!fills(json!(["lost", {"kind?": "{kind}"}])) && !fills(json!({"of?": {"kind": "{kind}"}})));
    assert!(!fills(json!({"other": "{other}", "kind?": "{kind}"})));
}
