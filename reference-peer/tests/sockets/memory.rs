//! The memory of the whole process: whoever looks at it has to be the only test in it.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// How many bytes are allocated.
pub(crate) fn live_bytes() -> usize {
    ALLOCATOR.current_usage()
}
