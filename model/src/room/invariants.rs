//! What must hold in every state of the server, whatever the rules do. Nothing here calls the rules.

use super::Directory;
use crate::requirement::{
    RequirementId,
    ids::{ROOM_04, ROOM_06, ROOM_10},
};

/// Judges the members of one room. `sessions` are all connections of the world, connected or not.
///
/// # Errors
/// The clause that the state breaks, and how.
pub fn room_is_sound<D: Directory>(
    directory: &D,
    room: &D::Room,
    sessions: impl IntoIterator<Item = D::Session>,
) -> Result<(), (RequirementId, &'static str)> {
    let members = directory.members(room);
    for (place, member) in members.iter().enumerate() {
        if !directory.is_connected(*member) {
            return Err((ROOM_10, "a connection that ended is still a member"));
        }
        if !directory.is_in(*member, room) {
            return Err((ROOM_04, "a member is recorded to be elsewhere: a ghost"));
        }
        if members[..place].contains(member) {
            return Err((ROOM_06, "one connection is a member twice"));
        }
    }
    for session in sessions {
        if directory.is_in(session, room) && !members.contains(&session) {
            return Err((ROOM_04, "a connection is recorded to be in a room whose members do not include it"));
        }
    }
    Ok(())
}
