//! Three searches of the same worlds agree: ours, stateright's by breadth and stateright's by depth.
#![cfg(feature = "check")]

use std::ops::ControlFlow;

use glare_model::{
    explore::{Options, Verdict, check, stateright::second_opinion},
    requirement::ids::{NEG_06, ROOM_04, ROOM_08},
    world::Variant,
};

fn the_searches_agree(variant: &Variant) {
    let report = check(variant, &Options::default(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    for ours in &report.configurations {
        let theirs = second_opinion(variant, &ours.configuration).unwrap();
        let name = (variant.name, ours.configuration.name);
        assert_eq!([theirs.states_breadth_first, theirs.states_depth_first], [ours.states; 2], "{name:?}");
        let violated: Vec<_> = [NEG_06, ROOM_04, ROOM_08]
            .into_iter()
            .filter(|clause| matches!(ours.verdict(*clause), Some(Verdict::Violated(_))))
            .map(|clause| clause.as_str())
            .collect();
        assert_eq!(theirs.violated, [violated.clone(), violated], "{name:?}");
    }
}

#[test]
fn the_searches_agree_on_the_tutorial() {
    the_searches_agree(&Variant::tutorial());
}

#[test]
fn the_searches_agree_on_the_tutorials_fix() {
    the_searches_agree(&Variant::tutorial_fixed_7_4());
}

#[test]
fn the_searches_agree_on_the_reference() {
    the_searches_agree(&Variant::reference());
}
