//! A thousand glares of the shell, with a strict fake of WebRTC on a network in memory. Alone in its process, whose tasks and
//! memory are counted.

#[path = "../glare/fake.rs"]
mod fake;
#[path = "../sockets/memory.rs"]
mod memory;
#[path = "../glare/network.rs"]
mod network;
#[path = "../glare/run.rs"]
mod run;

use tokio::runtime::Handle;

use memory::live_bytes;
use run::run;

/// Runs before the first count: what is set up once, for the process or the thread, is set up then.
const WARM_UP_RUNS: u64 = 20;

/// Eight bytes for each remote of a thousand runs. What is allocated varies by less than two kilobytes from run to run.
const GROWTH_BYTES_MAX: usize = 16_000;

/// One run for each seed. Returns how often offers crossed.
async fn glares(seeds: impl Iterator<Item = u64>) -> usize {
    let mut crossed = 0;
    for seed in seeds {
        let verdicts = run(seed, "perfect-negotiation", 2).await;
        crossed += verdicts.iter().map(|it| it.glares).sum::<usize>();
    }
    crossed
}

#[tokio::test(start_paused = true)]
async fn a_thousand_glares_of_the_shell_converge_and_leave_nothing_behind() {
    glares(1000..1000 + WARM_UP_RUNS).await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    let before = live_bytes();
    let crossed = glares(0..1000).await;
    let after = live_bytes();
    assert!(crossed >= 1000, "offers crossed {crossed} times");
    assert_eq!(Handle::current().metrics().num_alive_tasks(), tasks, "tasks are left behind");
    assert!(after <= before + GROWTH_BYTES_MAX, "{before} bytes before, and {after} after");
}
