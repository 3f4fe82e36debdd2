//! When each fault of a scenario begins and ends: pure, asked again and again while a drill goes on.

use std::time::Duration;

use recovery::scenario::{Beginning, Fault, Until, WorkflowStep};

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The fault with this number in the scenario begins.
    Begin(usize),
    /// It ends.
    End(usize),
}

/// What has happened so far, as far as faults wait for it.
#[derive(Clone, Copy, Debug)]
pub struct Happened<'a> {
    /// Since the end of the steady phase.
    pub elapsed: Duration,
    /// Whether orders are accepted and settled again.
    pub recovered: bool,
    /// Steps of the workflows that have begun.
    pub steps: &'a [WorkflowStep],
}

/// Which faults are still to come, and which last.
#[derive(Clone, Debug)]
pub struct Schedule(Vec<Course>);

/// One fault through time.
#[derive(Clone, Debug)]
struct Course {
    fault: Fault,
    /// When it struck for the first time.
    first: Option<Duration>,
    /// How often it has begun.
    begun: u32,
    lasts: bool,
}

impl Schedule {
    /// Nothing has happened yet.
    pub fn new(faults: &[Fault]) -> Self {
        let course = |fault: &Fault| Course { fault: fault.clone(), first: None, begun: 0, lasts: false };
        Self(faults.iter().map(course).collect())
    }

    /// What is due now and was not before; ends come before beginnings.
    pub fn due(&mut self, happened: &Happened<'_>) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (number, course) in self.0.iter_mut().enumerate() {
            if course.ends(happened) {
                course.lasts = false;
                edges.push(Edge::End(number));
            }
        }
        for (number, course) in self.0.iter_mut().enumerate() {
            if course.begins(happened) {
                course.first.get_or_insert(happened.elapsed);
                course.begun += 1;
                course.lasts = !course.fault.kind.is_momentary();
                edges.push(Edge::Begin(number));
            }
        }
        edges
    }

    /// Whether time or the recovery still have something to bring. What stays is no part of it.
    pub fn is_over(&self) -> bool {
        self.0
            .iter()
            .all(|course| course.begun == course.fault.times && (!course.lasts || course.fault.stays()))
    }

    /// Whether a fault lasts.
    pub fn lasts(&self) -> bool {
        self.0.iter().any(|course| course.lasts)
    }
}

impl Course {
    fn begins(&self, happened: &Happened<'_>) -> bool {
        if self.lasts || self.begun >= self.fault.times {
            return false;
        }
        match (self.first, self.fault.begins()) {
            (None, Beginning::At(at_s)) => happened.elapsed >= Duration::from_secs(at_s),
            (None, Beginning::During(step)) => happened.steps.contains(&step),
            (Some(first), _) => {
                let every = Duration::from_secs(self.fault.every_s.unwrap_or_default());
                happened.elapsed >= first + every * self.begun
            }
        }
    }

    fn ends(&self, happened: &Happened<'_>) -> bool {
        let Some(first) = self.first.filter(|_| self.lasts) else { return false };
        let every = Duration::from_secs(self.fault.every_s.unwrap_or_default());
        let began = first + every * self.begun.saturating_sub(1);
        let timed = self.fault.for_s.map(Duration::from_secs);
        timed.is_some_and(|lasts| happened.elapsed >= began + lasts)
            || (self.fault.until == Some(Until::Recovered) && happened.recovered)
    }
}

#[cfg(test)]
mod tests {
    // Goal: every beginning and end comes once, in time and in order. Method: faults by hand, asked at
    // hand-made moments.
    use super::*;

    use recovery::scenario::{FaultKind, Place};

    fn at(seconds: u64) -> Happened<'static> {
        Happened { elapsed: Duration::from_secs(seconds), recovered: false, steps: &[] }
    }

    #[test]
    fn a_fault_that_stays_begins_once() {
        let mut schedule = Schedule::new(&[Fault::new(5, Place::Home, FaultKind::Lost)]);
        assert!(schedule.due(&at(4)).is_empty() && !schedule.is_over());
        assert_eq!(schedule.due(&at(5)), [Edge::Begin(0)]);
        assert!(schedule.due(&at(500)).is_empty());
        assert!(schedule.is_over() && schedule.lasts());
    }

    #[test]
    fn flapping_ends_before_it_begins_again() {
        let fault = Fault {
            for_s: Some(20),
            times: 2,
            every_s: Some(60),
            ..Fault::new(0, Place::Home, FaultKind::Lost)
        };
        let mut schedule = Schedule::new(&[fault]);
        let edges: Vec<(u64, Edge)> =
            (0..200).flat_map(|s| schedule.due(&at(s)).into_iter().map(move |edge| (s, edge))).collect();
        let [begin, end] = [Edge::Begin(0), Edge::End(0)];
        assert_eq!(edges, [(0, begin), (20, end), (60, begin), (80, end)]);
        assert!(schedule.is_over() && !schedule.lasts());
    }

    #[test]
    fn what_ends_with_the_recovery_waits_for_it() {
        let fault = Fault { until: Some(Until::Recovered), ..Fault::new(0, Place::Home, FaultKind::Lost) };
        let mut schedule = Schedule::new(&[fault]);
        assert_eq!(schedule.due(&at(0)), [Edge::Begin(0)]);
        assert!(schedule.due(&at(99)).is_empty() && !schedule.is_over());
        assert_eq!(schedule.due(&Happened { recovered: true, ..at(100) }), [Edge::End(0)]);
        assert!(schedule.is_over());
    }

    #[test]
    fn a_step_that_begins_strikes_and_time_counts_from_there() {
        let step: WorkflowStep = "failover:ReplayJournal".parse().expect("a step");
        let fault = Fault {
            at_s: None,
            during: Some(step),
            for_s: Some(10),
            ..Fault::new(0, Place::Home, FaultKind::Frozen)
        };
        let momentary =
            Fault { at_s: Some(1), ..Fault::new(1, Place::Standby, FaultKind::DuplicateTriggers) };
        let mut schedule = Schedule::new(&[fault, momentary]);
        assert_eq!(schedule.due(&at(1)), [Edge::Begin(1)]);
        assert!(schedule.due(&at(30)).is_empty());
        assert_eq!(schedule.due(&Happened { steps: &[step], ..at(31) }), [Edge::Begin(0)]);
        assert!(schedule.due(&at(40)).is_empty());
        assert_eq!(schedule.due(&at(41)), [Edge::End(0)]);
        assert!(schedule.is_over());
    }
}
