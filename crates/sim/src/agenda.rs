//! What happens when: events in order of virtual time, and of their creation at the same time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::world::Event;

/// Virtual time, in microseconds since the trial began.
pub(crate) type Us = u64;

/// One second.
pub(crate) const S: Us = 1_000_000;
/// One millisecond.
pub(crate) const MS: Us = 1_000;

/// Events to come.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    created: u32,
}

#[derive(Debug)]
struct Entry {
    at: Us,
    number: u32,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Agenda {
    /// Adds an event.
    pub(crate) fn at(&mut self, at: Us, event: Event) {
        self.created += 1;
        self.heap.push(Reverse(Entry { at, number: self.created, event }));
    }

    /// Takes the next event.
    pub(crate) fn next(&mut self) -> Option<(Us, Event)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}
