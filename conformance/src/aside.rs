//! Work that takes long, beside connections that must not wait for it.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does work that may take long without holding up the other tasks of this thread: a target that gets no answer to its pings
/// meanwhile gives its clients up, and would be blamed for it. Where one thread has to do for everything, as in memory, where
/// time stands still meanwhile, the work is done in place.
pub(crate) fn aside<T>(is_long: bool, work: impl FnOnce() -> T) -> T {
    let is_shared =
        || Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if is_long && is_shared() { tokio::task::block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn another_task_of_the_only_worker_goes_on_meanwhile() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (done, waiting) = mpsc::channel();
        let work = async move {
            tokio::spawn(async move { done.send(()).unwrap() });
            aside(true, || waiting.recv_timeout(std::time::Duration::from_secs(20)))
        };
        assert_eq!(runtime.block_on(runtime.spawn(work)).unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn one_thread_does_the_work_itself() {
        assert_eq!(aside(true, || 7), 7);
    }
}
