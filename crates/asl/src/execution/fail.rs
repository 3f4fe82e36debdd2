//! What becomes of an error: a retry, a catch, or the end of a branch or of the machine.

use super::value::place;
use super::{Doing, ErrorOutput, Execution, Outcome};
use crate::prepared::Does;

impl Execution<'_> {
    /// A state failed: it is retried, caught, or its strand fails.
    pub(super) fn failed(&mut self, index: usize, error: ErrorOutput) {
        let Some((strand, ready)) = self.ready(index) else { return };
        if error.is_final() {
            return self.finish(Outcome::Failed(error));
        }
        let of_branch = matches!(ready.does, Does::Parallel { .. });
        // The first that matches decides, even when its retries are used up.
        let retrier = ready.retry.iter().position(|retrier| error.is_one_of(&retrier.errors, of_branch));
        let tried = retrier.map(|number| strand.retries.get(number).copied().unwrap_or_default());
        if let (Some(number), Some(tried)) = (retrier, tried)
            && tried < ready.retry[number].attempts_max
        {
            let delay = ready.retry[number].delay(tried, &mut self.jitter);
            let until = self.now.saturating_add(delay);
            let sequence = self.next_sequence();
            if let Some(strand) = self.strand(index) {
                strand.retries.resize(ready.retry.len(), 0);
                strand.retries[number] += 1;
                strand.attempt = strand.attempt.saturating_add(1);
                strand.doing = Doing::Resting { until, sequence };
            }
            return;
        }
        let catcher = ready.catch.iter().find(|catcher| error.is_one_of(&catcher.errors, of_branch));
        let Some(catcher) = catcher else { return self.strand_failed(index, error) };
        let Some(strand) = self.strand(index) else { return };
        match place(&catcher.result, &mut strand.document, error.to_value().into()) {
            Ok(()) => self.go_on(index, Some(catcher.next)),
            Err(misplaced) => self.strand_failed(index, misplaced),
        }
    }

    /// Nothing in the strand caught the error: the other branches beside it are stopped, and the Parallel state
    /// around it fails with the same error.
    fn strand_failed(&mut self, index: usize, error: ErrorOutput) {
        let parent = self.strand(index).and_then(|strand| strand.parent);
        self.stop(index);
        let Some((parent, _)) = parent else { return self.finish(Outcome::Failed(error)) };
        self.stop_branches(parent);
        self.count(1);
        self.failed(parent, error);
    }

    /// Ends a strand, and those that it started, where they are.
    fn stop(&mut self, index: usize) {
        self.stop_branches(index);
        if let Some(strand) = self.strands.get_mut(index) {
            *strand = None;
        }
        self.ready.retain(|ready| *ready != index);
    }

    fn stop_branches(&mut self, index: usize) {
        let Some(strand) = self.strand(index) else { return };
        if let Doing::Branches { strands, .. } = &mut strand.doing {
            for branch in std::mem::take(strands).into_iter().flatten() {
                self.stop(branch);
            }
        }
    }
}
