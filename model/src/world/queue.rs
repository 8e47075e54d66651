//! A bounded FIFO queue of packed messages.

/// The most messages that one queue holds.
pub const QUEUE_MAX: usize = 10;

/// Something outgrew its place in a state. The run is void: nothing may be concluded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overflow {
    /// A queue.
    #[error("a queue would hold more than {QUEUE_MAX} messages; lower the budgets")]
    Queue,
    /// A number that is kept in four bits.
    #[error("a number would be over 15; lower the budgets")]
    Number,
    /// The explorer's numbers of parts, successors or states.
    #[error("the explorer has no numbers left for {0}; lower the budgets")]
    Explorer(&'static str),
    /// The configuration's shape.
    #[error("{peers} peers with {epochs} connections each and {rooms} rooms are more than a state has places for")]
    Shape {
        /// See [`super::Configuration::peers`].
        peers: u8,
        /// See [`super::Configuration::epochs`].
        epochs: u8,
        /// See [`super::Configuration::rooms`].
        rooms: u8,
    },
}

/// Messages, the oldest first, each with the mark that the world puts on it (see [`super::account`]). A packed message is
/// never zero; zeros fill the rest, so that equal queues are equal words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue {
    words: [u32; QUEUE_MAX],
    marks: [u32; QUEUE_MAX],
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.words[0] == 0
    }

    pub(super) fn len(&self) -> usize {
        self.words.iter().take_while(|word| **word != 0).count()
    }

    pub(super) fn push(&mut self, (word, mark): (u32, u32)) -> Result<(), Overflow> {
        let place = self.words.iter().position(|word| *word == 0).ok_or(Overflow::Queue)?;
        (self.words[place], self.marks[place]) = (word, mark);
        Ok(())
    }

    /// The messages, the oldest first.
    pub(super) fn words(&self) -> impl Iterator<Item = u32> {
        self.words.iter().copied().take_while(|word| *word != 0)
    }

    /// The messages with their marks.
    pub(super) fn marked(&self) -> impl Iterator<Item = (u32, u32)> {
        self.words().zip(self.marks)
    }

    /// Marks the messages behind the first few.
    pub(super) fn mark_behind(
        &mut self,
        first: usize,
        mark: impl Fn(u32) -> Result<u32, Overflow>,
    ) -> Result<(), Overflow> {
        for place in first..self.len() {
            self.marks[place] = mark(self.words[place])?;
        }
        Ok(())
    }

    /// The newest message.
    pub(super) fn last(&self) -> Option<u32> {
        self.words().last()
    }

    /// Puts a message before the newest one.
    pub(super) fn push_before_last(&mut self, marked: (u32, u32)) -> Result<(), Overflow> {
        self.push(marked)?;
        let len = self.len();
        if len > 1 {
            self.words.swap(len - 1, len - 2);
            self.marks.swap(len - 1, len - 2);
        }
        Ok(())
    }

    /// Takes the second message.
    pub(super) fn pop_second(&mut self) -> Option<(u32, u32)> {
        self.words.swap(0, 1);
        self.marks.swap(0, 1);
        self.pop()
    }

    pub(super) fn pop(&mut self) -> Option<(u32, u32)> {
        let first = (self.words[0], self.marks[0]);
        for numbers in [&mut self.words, &mut self.marks] {
            numbers.copy_within(1.., 0);
            numbers[QUEUE_MAX - 1] = 0;
        }
        (first.0 != 0).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_leave_in_the_order_in_which_they_came() {
        let mut queue = Queue::default();
        queue.push((7, 1)).unwrap();
        queue.push((5, 0)).unwrap();
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some((7, 1)), Some((5, 0)), None]);
    }

    #[test]
    fn a_message_before_the_newest_is_the_last_but_one() {
        let mut queue = Queue::default();
        (1..=3).for_each(|word| queue.push((word, word)).unwrap());
        queue.push_before_last((9, 9)).unwrap();
        assert_eq!(queue.marked().collect::<Vec<_>>(), [(1, 1), (2, 2), (9, 9), (3, 3)]);
        assert_eq!(queue.last(), Some(3));
    }

    #[test]
    fn the_second_message_can_overtake_the_first() {
        let mut queue = Queue::default();
        (1..=3).for_each(|word| queue.push((word, word)).unwrap());
        assert_eq!(queue.pop_second(), Some((2, 2)));
        assert_eq!(queue.marked().collect::<Vec<_>>(), [(1, 1), (3, 3)]);
    }

    #[test]
    fn marks_are_put_on_the_newest_messages_only() {
        let mut queue = Queue::default();
        (1..=3).for_each(|word| queue.push((word, 0)).unwrap());
        queue.mark_behind(1, |word| Ok(10 * word)).unwrap();
        assert_eq!(queue.marked().collect::<Vec<_>>(), [(1, 0), (2, 20), (3, 30)]);
    }

    #[test]
    fn a_full_queue_refuses_instead_of_losing_a_message() {
        let mut queue = Queue::default();
        for word in 1..=QUEUE_MAX as u32 {
            queue.push((word, 0)).unwrap();
        }
        assert_eq!(queue.push((99, 0)), Err(Overflow::Queue));
        assert_eq!(queue.len(), QUEUE_MAX);
    }
}
