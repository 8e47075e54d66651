//! Room ids: the one kind of id that a client chooses, and so the one that has to be judged.

use std::{fmt, sync::Arc};

use crate::limits::ROOM_ID_CHARS_MAX;

/// A valid room id: 1 to [`ROOM_ID_CHARS_MAX`] code points (ROOM-03). Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(Arc<str>);

/// Why a text is no room id. The offender is the client that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum InvalidRoomId {
    /// The data of the request is no JSON string, or there is none.
    #[error("a room id is a string")]
    NotAString,
    /// The string has no characters.
    #[error("a room id is not empty")]
    Empty,
    /// The string has more than [`ROOM_ID_CHARS_MAX`] code points.
    #[error("a room id has at most {ROOM_ID_CHARS_MAX} characters")]
    TooLong,
}

impl RoomId {
    /// Judges a text by ROOM-03.
    ///
    /// # Errors
    /// [`InvalidRoomId::Empty`] or [`InvalidRoomId::TooLong`].
    pub fn parse(text: &str) -> Result<Self, InvalidRoomId> {
        if text.is_empty() {
            return Err(InvalidRoomId::Empty);
        }
        // Bytes bound code points from above, so most ids are judged without decoding them.
        if text.len() > ROOM_ID_CHARS_MAX && text.chars().count() > ROOM_ID_CHARS_MAX {
            return Err(InvalidRoomId::TooLong);
        }
        Ok(Self(text.into()))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_code_points_not_bytes() {
        assert!(RoomId::parse(&"é".repeat(ROOM_ID_CHARS_MAX)).is_ok());
        assert_eq!(RoomId::parse(&"é".repeat(ROOM_ID_CHARS_MAX + 1)), Err(InvalidRoomId::TooLong));
    }

    #[test]
    fn the_empty_text_is_no_room_id() {
        assert_eq!(RoomId::parse(""), Err(InvalidRoomId::Empty));
    }
}
