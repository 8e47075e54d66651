//! The test pictures: key frames of VP8 in IVF containers, compiled in.

use std::sync::LazyLock;

use crate::{limits, rtc::Source};

static CAMERA: LazyLock<Vec<&[u8]>> = LazyLock::new(|| frames(include_bytes!("../../media/camera.ivf")));
static SCREEN: LazyLock<Vec<&[u8]>> = LazyLock::new(|| frames(include_bytes!("../../media/screen.ivf")));

/// The pictures of a source: 320 x 240 of a camera, 640 x 360 of a screen.
pub(super) fn pictures(source: Source) -> &'static [&'static [u8]] {
    match source {
        Source::Camera => &CAMERA,
        Source::Screen => &SCREEN,
    }
}

/// The frames of an IVF file: a header of 32 bytes, and 12 bytes before each frame, of which the first four are its length.
fn frames(file: &'static [u8]) -> Vec<&'static [u8]> {
    let mut rest = file.get(32..).unwrap_or_default();
    let mut frames = Vec::new();
    while let Some((header, body)) = rest.split_first_chunk::<12>() {
        let bytes = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let Some((frame, after)) = body.split_at_checked(bytes.min(limits::PATTERN_FRAME_BYTES_MAX)) else { break };
        frames.push(frame);
        rest = after;
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::vp8::key_frame_size;

    #[test]
    fn every_picture_is_a_key_frame_of_its_sources_size() {
        for (source, count, size) in [(Source::Camera, 10, (320, 240)), (Source::Screen, 4, (640, 360))] {
            let pictures = pictures(source);
            assert_eq!(pictures.len(), count);
            for picture in pictures {
                let payload = [&[0x10], *picture].concat();
                assert_eq!(key_frame_size(&payload), Some(size));
            }
        }
    }
}
