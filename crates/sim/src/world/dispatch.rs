//! One event after another.

use recovery::history::ClientKind;
use recovery::lease::LeaseState;
use recovery::{Epoch, Lease};

use super::audit::Reign;
use super::dns::Dns;
use super::execution::Status;
use super::rds::GlobalCluster;
use super::{Client, Counts, Database, HOME, Place, Role, Script, WALL_MS, World, processor, session};
use crate::agenda::{Agenda, S, Us};
use crate::chance::{Chance, Purpose};
use crate::fault::Begin;
use crate::model::Model;
use crate::mutation::Mutation;

/// Something that happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Schedule { region: u8 },
    Watch { region: u8 },
    Tick { watch: u16, region: u8, started: Us },
    Act { watch: u16, region: u8, half: u32, started: Us },
    Offer { client: u16 },
    Trickle { number: u16 },
    Attempt { order: u32 },
    Arrive { order: u32, attempt: u16, region: u8 },
    Put { order: u32, attempt: u16, region: u8 },
    Answer { order: u32, attempt: u16, region: u8 },
    Refuse { order: u32, attempt: u16 },
    Failed { order: u32, attempt: u16 },
    Visible { region: u8, order: u32, receives: u16 },
    Batch { region: u8 },
    Settle { batch: u32, region: u8 },
    Unsettled { batch: u32, region: u8 },
    Moved { number: u32 },
    Known { region: u8, writer: u8 },
    Rejoin { region: u8 },
    Concluded { region: u8, generation: u32 },
    Checked { region: u8, generation: u32 },
    Published { region: u8, well: bool },
    Steered { region: u8 },
    Session { number: u32 },
    Replicated { number: u32, to: u8, mail: u32 },
    Alarm { execution: u16, region: u8 },
    Step { step: u32, region: u8 },
    StepDone { step: u32, region: u8 },
    Strike { fault: u16 },
    Calm { fault: u16 },
    Heal,
    People,
    Look,
}

/// Clients of each kind.
pub(crate) const CLIENTS_PER_KIND: usize = 8;
/// How long people take to do what the runbook says, once faults are over.
const PEOPLE: Us = 900 * S;
/// Between two orders on the way home.
const TRICKLE: Us = 7 * S;
/// Between two looks at whether the trial is over.
const LOOK: Us = 2 * S;

impl<'m> World<'m> {
    /// A world in which all is well, and what will happen to it.
    pub(crate) fn new(
        model: &'m Model,
        script: &'m Script,
        mutation: Option<Mutation>,
        traced: bool,
    ) -> Self {
        let mut chance = Chance::new(script.seed);
        let lease = Lease::first(&model.regions[HOME], WALL_MS);
        let kinds = [ClientKind::FollowsDns, ClientKind::KnowsBothRegions];
        let clients = kinds.iter().flat_map(|kind| std::iter::repeat_n(*kind, CLIENTS_PER_KIND));
        let dns = Dns::new(&mut chance, model.check_interval);
        let faults = script.faults.len();
        let mut world = Self {
            model,
            script,
            now: 0,
            chance,
            agenda: Agenda::default(),
            places: [Place::default(), Place::default()],
            partitioned: 0,
            from_witness: [0; 2],
            witness_lost: 0,
            dns_denied: 0,
            lag: 0,
            renewed_ms: WALL_MS,
            clocks_apart_ms: 0,
            reigns: vec![Reign { epoch: Epoch::FIRST, owner: HOME, began: 0, planned: false }],
            lease,
            orders: Vec::new(),
            clients: clients.map(|kind| Client { kind, resolved: None, away_since: None }).collect(),
            queues: [processor::Queue::default(), processor::Queue::default()],
            batches: Vec::new(),
            databases: [Database::new(Role::Writer), Database::new(Role::Replica)],
            dead: Vec::new(),
            global: GlobalCluster::new(),
            watches: Vec::new(),
            executions: Vec::new(),
            steps: Vec::new(),
            waiting: Vec::new(),
            dns,
            sessions: Vec::new(),
            mail: Vec::new(),
            held_mail: Vec::new(),
            operations: Vec::new(),
            killed: Vec::new(),
            began: vec![false; faults],
            calmed: vec![false; faults],
            struck: None,
            settled_again: None,
            healed_at: None,
            violations: Vec::new(),
            counts: Counts::default(),
            trace: traced.then(Vec::new),
            mutation,
            healed: false,
            stirred: true,
        };
        world.prepare();
        world
    }

    /// Puts everything on the agenda that happens of itself.
    fn prepare(&mut self) {
        for region in 0..2_u8 {
            // As if the schedule had always run: the watches of the minutes before are somewhere in their time.
            let phase = self.chance.below(Purpose::Schedule, self.model.schedule);
            self.agenda.at(phase, Event::Schedule { region });
            self.begin_watch(usize::from(region));
        }
        let ((before, after), (span_before, span_after)) = (self.script.orders, self.script.offered_for);
        let struck_at = self.script.struck_at;
        for number in 0..2 * before {
            let at = struck_at - span_before + self.chance.below(Purpose::Load, span_before);
            self.agenda.at(at, Event::Offer { client: client_of(number) });
        }
        for number in 0..2 * after {
            // One of each kind of client comes in the first second, as with any real load: a first order that comes
            // later would count as a late recovery.
            let span = if number < 2 { span_after.min(S) } else { span_after };
            let at = struck_at + self.chance.below(Purpose::Load, span.max(1));
            self.agenda.at(at, Event::Offer { client: client_of(number + 1) });
        }
        if self.script.goes_home {
            self.agenda.at(struck_at, Event::Trickle { number: 0 });
        }
        for number in 0..self.script.sessions {
            let client = number as usize % CLIENTS_PER_KIND;
            self.sessions.push(session::Session::of(client));
            let at = self.chance.below(Purpose::Session, 5 * S);
            self.agenda.at(at, Event::Session { number });
        }
        for (number, fault) in self.script.faults.iter().enumerate() {
            if let Begin::At(at) = fault.begin {
                self.agenda.at(at, Event::Strike { fault: number as u16 });
            }
        }
        if let Some(at) = self.script.heal_at {
            self.agenda.at(at, Event::Heal);
        }
        if self.script.until_rest {
            self.agenda.at(self.script.quiet_after + PEOPLE, Event::People);
        }
        self.agenda.at(struck_at, Event::Look);
    }

    /// On the way home, orders are offered all the time.
    fn trickle(&mut self, number: u16) {
        let at_home = self.owner() == HOME && self.lease.state == LeaseState::Serving;
        if self.now < self.script.quiet_after || !at_home {
            self.offer(client_of(number.into()).into());
            self.after(TRICKLE, Event::Trickle { number: number.wrapping_add(1) });
        }
    }

    /// Runs to the end of the trial.
    pub(crate) fn run(&mut self) {
        while let Some((at, event)) = self.agenda.next() {
            if at > self.script.end_at {
                break;
            }
            self.now = at;
            self.counts.events += 1;
            if event == Event::Look {
                if self.is_over() {
                    break;
                }
                self.after(LOOK, Event::Look);
            } else if !self.is_deferred(event) {
                self.happen(event);
            }
        }
    }

    /// Whether an event waits for its region. What runs in a frozen region goes on when it thaws; of a lost one
    /// executions and queues remain, and the rest is gone.
    fn is_deferred(&mut self, event: Event) -> bool {
        let region = match event {
            Event::Schedule { .. } => return false,
            Event::Watch { region }
            | Event::Tick { region, .. }
            | Event::Act { region, .. }
            | Event::Put { region, .. }
            | Event::Visible { region, .. }
            | Event::Batch { region }
            | Event::Settle { region, .. }
            | Event::Unsettled { region, .. }
            | Event::Alarm { region, .. }
            | Event::Step { region, .. }
            | Event::StepDone { region, .. } => usize::from(region),
            _ => return false,
        };
        if self.places[region].runs() {
            return false;
        }
        if let Event::Put { order, attempt, .. } = event {
            // Its client hears nothing more, either way.
            let timeout = (self.orders[order as usize].attempted + 2 * S).saturating_sub(self.now);
            self.after(timeout, Event::Failed { order, attempt });
        }
        if self.places[region].lost > 0 {
            match event {
                Event::Watch { .. } | Event::Tick { .. } | Event::Act { .. } | Event::Put { .. } => {
                    return true;
                }
                Event::Settle { batch, .. } | Event::Unsettled { batch, .. } => {
                    self.dropped(batch as usize);
                    return true;
                }
                _ => {}
            }
        }
        self.places[region].deferred.push(event);
        true
    }

    fn happen(&mut self, event: Event) {
        let at = usize::from;
        match event {
            Event::Schedule { region } => self.schedule(at(region)),
            Event::Watch { region } => self.begin_watch(at(region)),
            Event::Tick { watch, started, .. } if self.is_alive(watch, started) => self.tick(watch.into()),
            Event::Act { watch, half, started, .. } if self.is_alive(watch, started) => {
                self.acts(watch.into(), half.into());
            }
            Event::Tick { .. } | Event::Act { .. } | Event::Look => {}
            Event::Offer { client } => self.offer(client.into()),
            Event::Trickle { number } => self.trickle(number),
            Event::Attempt { order } => self.again(order as usize),
            Event::Arrive { order, attempt, region } => self.arrive(order as usize, attempt, at(region)),
            Event::Put { order, attempt, region } => self.put(order as usize, attempt, at(region)),
            Event::Answer { order, attempt, region } => self.answer(order as usize, attempt, at(region)),
            Event::Refuse { order, attempt } => self.refuse(order as usize, attempt),
            Event::Failed { order, attempt } => self.failed(order as usize, attempt),
            Event::Visible { region, order, receives } => self.visible(at(region), order, receives),
            Event::Batch { region } => self.batch(at(region)),
            Event::Settle { batch, .. } => self.settle(batch as usize),
            Event::Unsettled { batch, .. } => self.unsettled(batch as usize),
            Event::Moved { number } => self.moved(number),
            Event::Known { region, writer } => self.hear_of_writer(at(region), at(writer)),
            Event::Rejoin { region } => self.try_rejoin(at(region)),
            Event::Concluded { region, generation } => self.concluded(at(region), generation),
            Event::Checked { region, generation } => self.checked(at(region), generation),
            Event::Published { region, well } => self.published(at(region), well),
            Event::Steered { region } => self.steered(at(region)),
            Event::Session { number } => self.operate(number as usize),
            Event::Replicated { number, to, mail } => self.replicated(number as usize, at(to), mail as usize),
            Event::Alarm { execution, .. } => self.alarm(execution.into()),
            Event::Step { step, .. } => self.step(step as usize),
            Event::StepDone { step, .. } => self.step_done(step as usize),
            Event::Strike { fault } => self.strike(fault.into()),
            Event::Calm { fault } => self.calm(fault.into()),
            Event::Heal => self.heal(),
            Event::People => self.people(),
        }
    }

    fn is_alive(&self, watch: u16, started: Us) -> bool {
        let watch = &self.watches[usize::from(watch)];
        watch.alive && watch.started == started
    }

    /// Whether all that was to happen has happened, and everything is at rest.
    fn is_over(&mut self) -> bool {
        self.look_astray();
        if !self.script.until_rest || self.now < self.script.quiet_after {
            return false;
        }
        if !std::mem::replace(&mut self.stirred, false) {
            return false;
        }
        let at_home = !self.script.goes_home || self.is_back_home();
        let served = self.lease.state == LeaseState::Serving && at_home;
        let idle = self.executions.iter().all(|run| run.status != Status::Running);
        served && idle && self.all_settled()
    }

    /// Whether home owns the lease, be it by a failback or by a second failover.
    pub(crate) fn is_back_home(&self) -> bool {
        self.owner() == HOME
    }

    /// Whether every order is decided, and every acknowledged one is settled in the database of the owner.
    pub(crate) fn all_settled(&self) -> bool {
        let database = &self.databases[self.owner()];
        let settled = |(number, order): (usize, &super::Order)| {
            let decided = order.client.is_none() || order.outcome.is_some();
            decided && (order.entry.is_none() || database.row(number).is_some())
        };
        self.orders.iter().enumerate().all(settled)
    }
}

/// Clients of both kinds in turn.
fn client_of(number: u32) -> u16 {
    let number = number as usize;
    (number % 2 * CLIENTS_PER_KIND + number / 2 % CLIENTS_PER_KIND) as u16
}
