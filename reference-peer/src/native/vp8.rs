//! VP8 in RTP (RFC 7741): just enough to send key frames and to recognise them.

use bytes::Bytes;

use crate::limits;

/// The RTP payloads of one frame, each with the shortest descriptor.
pub(super) fn payloads(frame: &[u8]) -> impl Iterator<Item = (bool, Bytes)> {
    let chunks = frame.chunks(limits::RTP_PAYLOAD_BYTES_MAX);
    let last = chunks.len().saturating_sub(1);
    chunks.enumerate().map(move |(index, chunk)| {
        let starts = if index == 0 { 0x10 } else { 0x00 };
        (index == last, Bytes::from([&[starts], chunk].concat()))
    })
}

/// Width and height, if the payload begins a key frame (RFC 7741, section 4.2; RFC 6386, section 9.1).
pub(super) fn key_frame_size(payload: &[u8]) -> Option<(u16, u16)> {
    let (&descriptor, mut rest) = payload.split_first()?;
    let starts_partition_zero = descriptor & 0x17 == 0x10;
    if !starts_partition_zero {
        return None;
    }
    if descriptor & 0x80 != 0 {
        let (&extensions, after) = rest.split_first()?;
        rest = after;
        if extensions & 0x80 != 0 {
            let picture_id_bytes = if rest.first()? & 0x80 == 0 { 1 } else { 2 };
            rest = rest.get(picture_id_bytes..)?;
        }
        if extensions & 0x40 != 0 {
            rest = rest.get(1..)?;
        }
        if extensions & 0x30 != 0 {
            rest = rest.get(1..)?;
        }
    }
    let is_key_frame = rest.first()? & 1 == 0;
    if !is_key_frame || rest.get(3..6)? != [0x9d, 0x01, 0x2a] {
        return None;
    }
    let side = |at: usize| Some(u16::from_le_bytes([*rest.get(at)?, *rest.get(at + 1)?]) & 0x3fff);
    Some((side(6)?, side(8)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_FRAME: [u8; 10] = [0x70, 0x23, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00];

    #[test]
    fn a_key_frame_is_recognised_behind_any_descriptor() {
        for descriptor in [&[0x10][..], &[0x90, 0x80, 0x05], &[0x90, 0x80, 0x85, 0x01], &[0x90, 0xf0, 0x05, 0x01, 0x20]]
        {
            let payload = [descriptor, &KEY_FRAME].concat();
            assert_eq!(key_frame_size(&payload), Some((320, 240)), "{descriptor:?}");
        }
    }

    #[test]
    fn what_begins_no_key_frame_has_no_size() {
        let mut delta = [&[0x10][..], &KEY_FRAME].concat();
        delta[1] |= 1;
        let later_part = [&[0x00][..], &KEY_FRAME].concat();
        for payload in [&[][..], &[0x10], &[0x90], &[0x90, 0x80], &delta, &later_part, &[0x10, 0x70, 0x23]] {
            assert_eq!(key_frame_size(payload), None, "{payload:?}");
        }
    }

    #[test]
    fn a_long_frame_is_split_and_its_last_part_is_marked() {
        let frame = vec![7; limits::RTP_PAYLOAD_BYTES_MAX * 2 + 1];
        let parts: Vec<_> = payloads(&frame).map(|(is_last, part)| (is_last, part[0], part.len())).collect();
        let full = limits::RTP_PAYLOAD_BYTES_MAX + 1;
        assert_eq!(parts, [(false, 0x10, full), (false, 0, full), (true, 0, 2)]);
    }
}
