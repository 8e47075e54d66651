//! A protocol of one's own: what breaks if the server does not announce leavers?
//!
//! `cargo run --release -p glare-model --example own_protocol`
#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;

use glare_model::{
    explore::{CheckReport, Options, Verdict, check, lanes},
    message::ServerMessage,
    room::{self, Directory, Effect, Input, RoomRules},
    world::{Variant, property},
};

/// The server of docs/protocol.md, without `user-left`. It is generic, like [`room::step`]: a real server runs it too.
fn quiet_about_leavers<D: Directory + ?Sized, P: Clone>(
    directory: &mut D,
    rules: &RoomRules,
    input: Input<D::Session, D::Room, P>,
    emit: &mut dyn FnMut(Effect<D::Session, D::Room, P>),
) {
    room::step(directory, rules, input, &mut |effect| match effect {
        Effect::Send { message: ServerMessage::UserLeft(_), .. } => {}
        other => emit(other),
    });
}

/// Checks it in the worlds of the reference where two peers come and go.
fn check_it() -> CheckReport {
    let mut variant = Variant {
        name: "quiet-about-leavers",
        description: "nobody is told that a member left",
        server: Some(quiet_about_leavers),
        ..Variant::reference()
    };
    variant.configurations.retain(|configuration| configuration.name == "rejoin");
    check(&variant, &Options::default(), &mut |_, _| ControlFlow::Continue(())).expect("the world fits into a state")
}

fn main() {
    let report = check_it();
    for clause in report.violated() {
        let (Some(Verdict::Violated(trace)), Some(property)) = (report.verdict(clause), property(clause)) else {
            continue;
        };
        println!("{}", lanes::counterexample(property, trace));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survivors_that_are_not_told_believe_in_members_that_have_gone() {
        let violated: Vec<_> = check_it().violated().iter().map(|clause| clause.as_str()).collect();
        assert_eq!(violated, ["ROOM-07", "ROOM-08"]);
    }
}
