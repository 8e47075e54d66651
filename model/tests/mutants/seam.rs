//! How a mutant of the server's rules is written.

use glare_model::{
    message::ServerMessage,
    negotiation::Description,
    requirement::ids::ROOM_01,
    room::{self, Effect, Input, RoomRules},
    world::ModelDirectory,
};

pub(crate) type AnInput = Input<u8, u8, Description>;
pub(crate) type AnEffect = Effect<u8, u8, Description>;
pub(crate) type Message = ServerMessage<u8, u8, Description>;

/// Our server, with each of its effects passed through `change`.
pub(crate) fn amend(
    directory: &mut ModelDirectory,
    rules: &RoomRules,
    input: AnInput,
    emit: &mut dyn FnMut(AnEffect),
    mut change: impl FnMut(u8, Message, &mut dyn FnMut(u8, Message)),
) {
    room::step(directory, rules, input, &mut |effect| match effect {
        Effect::Crash => emit(Effect::Crash),
        Effect::Send { to, message, clause } => {
            change(to, message, &mut |to, message| emit(Effect::Send { to, message, clause }));
        }
    });
}

/// A mutant that changes the server's effects.
macro_rules! amended {
    (|$to:ident, $message:ident, $send:ident| $body:expr) => {
        |variant: &mut glare_model::world::Variant| {
            fn server(
                d: &mut glare_model::world::ModelDirectory,
                r: &glare_model::room::RoomRules,
                i: $crate::seam::AnInput,
                e: &mut dyn FnMut($crate::seam::AnEffect),
            ) {
                $crate::seam::amend(d, r, i, e, |$to, $message, $send| $body);
            }
            variant.server = Some(server);
        }
    };
}

/// A mutant that does something else with some inputs, and what the reference does with the others.
macro_rules! replaced {
    (|$directory:ident, $rules:ident, $input:ident, $emit:ident| $body:expr) => {
        |variant: &mut glare_model::world::Variant| {
            fn server(
                $directory: &mut glare_model::world::ModelDirectory,
                $rules: &glare_model::room::RoomRules,
                $input: $crate::seam::AnInput,
                $emit: &mut dyn FnMut($crate::seam::AnEffect),
            ) {
                $body
            }
            variant.server = Some(server);
        }
    };
}

/// The same of the variant in which a member may be in several rooms.
macro_rules! replaced_in_several {
    (|$directory:ident, $rules:ident, $input:ident, $emit:ident| $body:expr) => {
        |variant: &mut glare_model::world::Variant| {
            variant.rules.second_room = glare_model::room::SecondRoom::Several;
            let replace: fn(&mut glare_model::world::Variant) = replaced!(|$directory, $rules, $input, $emit| $body);
            replace(variant);
        }
    };
}

/// A mutant whose changed rule is data.
macro_rules! ruled {
    ($field:ident: $value:expr) => {
        |variant: &mut glare_model::world::Variant| variant.rules.$field = $value
    };
}

pub(crate) fn send(to: u8, message: Message) -> AnEffect {
    Effect::Send { to, message, clause: ROOM_01 }
}

/// The other sessions of the largest of these worlds.
pub(crate) fn others(caller: u8) -> impl Iterator<Item = u8> {
    (0..2).filter(move |session| *session != caller)
}
