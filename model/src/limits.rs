//! Every bound of the protocol, in one place (docs/protocol.md, "Limits").

/// The longest room id, in Unicode code points (ROOM-03).
pub const ROOM_ID_CHARS_MAX: usize = 64;

/// The largest description, in bytes of its JSON text (ERR-02).
pub const DESCRIPTION_BYTES_MAX: usize = 65_536;

/// The largest candidate, in bytes of its JSON text.
pub const CANDIDATE_BYTES_MAX: usize = 16_384;

/// The largest transport message, in bytes: npm `socket.io`'s default, so that both wires agree.
pub const MESSAGE_BYTES_MAX: usize = 1_000_000;

/// A description of up to this many bytes has to pass, however an implementation counts.
pub const DESCRIPTION_BYTES_SURELY_ACCEPTED: usize = 49_152;

/// A description of at least this many bytes has to be refused, however an implementation counts.
pub const DESCRIPTION_BYTES_SURELY_REFUSED: usize = 131_072;

/// The largest ack number of the JSON wire: the largest whole number that JavaScript represents exactly.
pub const ACK_ID_MAX: u64 = (1 << 53) - 1;

/// The most candidates that a peer keeps for one remote's description (NEG-04): far more than an agent gathers.
pub const CANDIDATES_KEPT_MAX: u32 = 256;
