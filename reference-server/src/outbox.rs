//! What waits to be sent to one connection: a queue bounded in bytes and in messages (ERR-08).

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard},
};

use tokio::sync::Notify;

use crate::{ending::Ending, limits::OUTBOX_MESSAGE_OVERHEAD_BYTES};

/// The bounds of the queue of what waits to be sent to one connection (ERR-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// The most bytes that may wait, a fixed overhead for each message included.
    pub bytes_max: usize,
    /// The most messages that may wait.
    pub messages_max: usize,
}

/// A queue with one or more writers and one reader at a time, and an end. What was queued before the end is still read,
/// unless the end is an overflow, which gives the memory back at once.
pub(crate) struct Outbox {
    limits: OutboxLimits,
    queue: Mutex<Queue>,
    /// Wakes everybody: a reader, and whoever watches for the end.
    changed: Notify,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<String>,
    bytes: usize,
    end: Option<Ending>,
}

/// What a reader finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Messages, in order, at least one.
    Messages(Vec<String>),
    /// All was read, and nothing will follow.
    End(Ending),
}

/// The queue is full; it has ended by [`Ending::Overflow`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflowed;

impl Outbox {
    pub(crate) fn new(limits: OutboxLimits) -> Self {
        Self { limits, queue: Mutex::default(), changed: Notify::new() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("nothing panics under this lock")
    }

    /// Queues a message; after the end, drops it.
    pub(crate) fn push(&self, message: String) -> Result<(), Overflowed> {
        let mut queue = self.queue();
        if queue.end.is_some() {
            return Ok(());
        }
        let bytes = queue.bytes + cost(&message);
        if bytes > self.limits.bytes_max || queue.messages.len() == self.limits.messages_max {
            *queue = Queue { end: Some(Ending::Overflow), ..Queue::default() };
            drop(queue);
            self.changed.notify_waiters();
            return Err(Overflowed);
        }
        queue.bytes = bytes;
        queue.messages.push_back(message);
        drop(queue);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Ends the queue. The first end counts.
    pub(crate) fn finish(&self, why: Ending) {
        self.queue().end.get_or_insert(why);
        self.changed.notify_waiters();
    }

    /// Makes everybody who waits look again, because something else that they wait for has happened.
    pub(crate) fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Takes messages of at most `bytes_max` in sum, but at least one if there is one.
    pub(crate) fn take(&self, bytes_max: usize) -> Option<Next> {
        let mut queue = self.queue();
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(message) = queue.messages.front() {
            bytes += cost(message);
            if bytes > bytes_max && !taken.is_empty() {
                break;
            }
            queue.bytes -= cost(message);
            taken.extend(queue.messages.pop_front());
        }
        if taken.is_empty() { queue.end.clone().map(Next::End) } else { Some(Next::Messages(taken)) }
    }

    /// Waits until `look` finds something. It is asked at once and whenever anything has changed.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Enabled before the look, so that a change in between is not missed.
            changed.as_mut().enable();
            if let Some(found) = look(self) {
                return found;
            }
            changed.await;
        }
    }

    /// Why the queue has ended, if it has; messages may still wait to be read.
    pub(crate) fn end(&self) -> Option<Ending> {
        self.queue().end.clone()
    }
}

fn cost(message: &str) -> usize {
    message.len() + OUTBOX_MESSAGE_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERHEAD: usize = OUTBOX_MESSAGE_OVERHEAD_BYTES;

    fn outbox(bytes_max: usize, messages_max: usize) -> Outbox {
        Outbox::new(OutboxLimits { bytes_max, messages_max })
    }

    fn messages<const N: usize>(texts: [&str; N]) -> Option<Next> {
        Some(Next::Messages(texts.map(str::to_owned).to_vec()))
    }

    #[test]
    fn the_bound_in_messages_ends_the_queue_and_frees_it() {
        let outbox = outbox(usize::MAX, 2);
        assert_eq!(outbox.push("a".to_owned()), Ok(()));
        assert_eq!(outbox.push("b".to_owned()), Ok(()));
        assert_eq!(outbox.push("c".to_owned()), Err(Overflowed));
        assert_eq!(outbox.take(usize::MAX), Some(Next::End(Ending::Overflow)));
    }

    #[test]
    fn the_bound_in_bytes_counts_the_overhead_and_is_inclusive() {
        let outbox = outbox(2 * (OVERHEAD + 1), usize::MAX);
        assert_eq!(outbox.push("a".to_owned()), Ok(()));
        assert_eq!(outbox.push("b".to_owned()), Ok(()));
        assert_eq!(outbox.push(String::new()), Err(Overflowed));
    }

    #[test]
    fn what_was_read_no_longer_counts() {
        let outbox = outbox(OVERHEAD + 1, 1);
        for _ in 0..3 {
            assert_eq!(outbox.push("a".to_owned()), Ok(()));
            assert_eq!(outbox.take(usize::MAX), messages(["a"]));
        }
    }

    #[test]
    fn a_batch_is_bounded_and_never_empty() {
        let outbox = outbox(usize::MAX, usize::MAX);
        for text in ["a", "b", "c"] {
            assert_eq!(outbox.push(text.to_owned()), Ok(()));
        }
        assert_eq!(outbox.take(2 * (OVERHEAD + 1)), messages(["a", "b"]));
        assert_eq!(outbox.take(0), messages(["c"]));
        assert_eq!(outbox.take(0), None);
    }

    #[test]
    fn what_was_queued_before_the_end_is_read_before_it() {
        let outbox = outbox(usize::MAX, usize::MAX);
        assert_eq!(outbox.push("a".to_owned()), Ok(()));
        outbox.finish(Ending::Shutdown);
        outbox.finish(Ending::Silent);
        assert_eq!(outbox.push("b".to_owned()), Ok(()));
        assert_eq!(outbox.take(usize::MAX), messages(["a"]));
        assert_eq!(outbox.take(usize::MAX), Some(Next::End(Ending::Shutdown)));
    }

    #[tokio::test]
    async fn a_reader_is_woken_by_a_message_and_by_the_end() {
        let outbox = outbox(usize::MAX, usize::MAX);
        let reader = outbox.until(|outbox| outbox.take(usize::MAX));
        let writer = async { outbox.push("a".to_owned()) };
        assert_eq!(tokio::join!(reader, writer), (messages(["a"]).unwrap(), Ok(())));
        let reader = outbox.until(|outbox| outbox.take(usize::MAX));
        let writer = async { outbox.finish(Ending::Closed) };
        assert_eq!(tokio::join!(reader, writer).0, Next::End(Ending::Closed));
    }
}
