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
        let elapsed_s = began.elapsed().as_secs_f64().max(0.001);
        let [states, waiting] = [progress.states, progress.waiting].map(|count| count as f64);
        // A narrow terminal cuts off the names, and not the numbers.
        self.bar.set_message(format!(
            "{} states, {}/s, depth {}, queue {}, {} MiB: {variant}, {world}",
            short(states),
            short(states / elapsed_s),
            progress.depth,
            short(waiting),
            progress.bytes >> 20
        ));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A count in three or four digits: `950`, `12 k`, `5.4 M`.
fn short(count: f64) -> String {
    match count {
        ..1e4 => format!("{count:.0}"),
        ..1e6 => format!("{:.0} k", count / 1e3),
        ..1e8 => format!("{:.1} M", count / 1e6),
        _ => format!("{:.0} M", count / 1e6),
    }
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
    fn counts_are_short() {
        let counts = [0.0, 9_999.0, 12_345.0, 5_432_100.0, 123_456_789.0];
        assert_eq!(counts.map(short), ["0", "9999", "12 k", "5.4 M", "123 M"]);
    }

    #[test]
    fn the_line_shows_every_number_in_eighty_columns() {
        let live = Live::new();
        let world = Configuration { name: "reconnect-once", ..Configuration::all()[0] };
        let (states, waiting, bytes) = (123_456_789, 98_765_432, 12_345 << 20);
        live.show("tutorial-fixed-7.4", &world, &Progress { states, waiting, transitions: 1, depth: 123, bytes });
        let line = live.bar.message();
        let numbers = line.split(':').next().expect("there is a first part");
        assert!(numbers.chars().count() < 78 && numbers.ends_with("depth 123, queue 98.8 M, 12345 MiB"), "{line}");
        assert!(line.ends_with(": tutorial-fixed-7.4, reconnect-once"), "{line}");
    }
}
