//! What a person sees and does while a search goes on: a line of progress, and Ctrl-C.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use glare_model::{explore::Progress, world::Configuration};
use indicatif::{ProgressBar, ProgressStyle};

use super::super::{Exit, Failure};

/// One line on standard error, as long as that is a terminal and a search goes on.
pub(super) struct Live {
    bar: ProgressBar,
    /// The world that is explored, and since when.
    world: Cell<(&'static str, Instant)>,
}

impl Live {
    pub(super) fn new() -> Self {
        // Hidden by itself where standard error is no terminal.
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {wide_msg}").expect("the template is constant"));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, world: Cell::new(("", Instant::now())) }
    }

    pub(super) fn show(&self, variant: &str, configuration: &Configuration, progress: &Progress) {
        if self.world.get().0 != configuration.name {
            self.world.set((configuration.name, Instant::now()));
        }
        let (world, began) = self.world.get();
        let states = u64::try_from(progress.states).unwrap_or(u64::MAX);
        let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        self.bar.set_message(format!(
            "{variant}, {world}: {} states ({} k/s), depth {}, queue {}, memory {} MiB",
            thousands(states),
            thousands(states / elapsed_ms),
            progress.depth,
            thousands(u64::try_from(progress.waiting).unwrap_or(u64::MAX)),
            progress.bytes >> 20
        ));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// `1 234 567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Set by Ctrl-C: the search then stops, and says that it proves nothing. A second Ctrl-C ends the command at once.
pub(super) fn interrupts() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let mut interrupt = Box::pin(tokio::signal::ctrl_c());
    // Listens from now on, and not from whenever the thread gets to it.
    runtime.block_on(poll_fn(|context| Poll::Ready(interrupt.as_mut().poll(context).is_ready())));
    std::thread::spawn(move || {
        runtime.block_on(async {
            if interrupt.await.is_ok() {
                flag.store(true, Ordering::Relaxed);
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                process::exit(Exit::Incomplete as i32);
            }
        });
    });
    Ok(interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_written_in_groups_of_three() {
        assert_eq!([0, 999, 1_000, 12_345_678].map(thousands), ["0", "999", "1 000", "12 345 678"]);
    }
}
