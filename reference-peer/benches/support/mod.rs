//! What this process holds, and a line of output.

use std::{fs, io::Write};

use peak_alloc::PeakAlloc;
use tokio::runtime::Handle;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a process holds at one moment.
pub(crate) struct Left {
    /// Open files, sockets included.
    pub(crate) files: usize,
    /// Tasks of the runtime.
    pub(crate) tasks: usize,
    /// Memory that is allocated, in KiB.
    pub(crate) allocated_kib: usize,
    /// Resident memory, in KiB.
    pub(crate) resident_kib: usize,
}

impl Left {
    pub(crate) fn count() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        Self {
            files: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            tasks: Handle::current().metrics().num_alive_tasks(),
            allocated_kib: ALLOCATOR.current_usage() >> 10,
            resident_kib: resident.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0),
        }
    }

    pub(crate) fn until(&self, later: &Self) -> String {
        format!(
            "files {} -> {}, tasks {} -> {}, allocated {} -> {} KiB, resident {} -> {} KiB",
            self.files,
            later.files,
            self.tasks,
            later.tasks,
            self.allocated_kib,
            later.allocated_kib,
            self.resident_kib,
            later.resident_kib
        )
    }
}

pub(crate) fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("stdout is open");
}
