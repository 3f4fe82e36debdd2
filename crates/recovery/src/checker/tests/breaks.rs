//! Every way to break a history, and what must be found then.

mod pick;

use pick::*;
use proptest::sample::Index;
use rust_decimal::Decimal;

use super::super::Broken;
use crate::Epoch;
use crate::history::*;

/// One way to break a history.
pub(crate) struct Break {
    /// What it does, in words.
    pub(crate) what: &'static str,
    /// Does it, at a place of the picker's choice; what the violation must name then. `None`: this history
    /// has nothing that could be broken in this way.
    pub(crate) apply: fn(&mut Recorded, Index) -> Option<String>,
    /// Whether a violation is the one that must be found.
    pub(crate) is_found_as: fn(&Broken) -> bool,
    /// Its name.
    pub(crate) found_as: &'static str,
}

macro_rules! breaks {
    ($($what:literal $broken:ident $apply:expr;)+) => {
        /// All of them. No two do the same.
        pub(crate) const BREAKS: &[Break] = &[$(Break {
            what: $what,
            apply: $apply,
            is_found_as: |broken| matches!(broken, Broken::$broken { .. }),
            found_as: stringify!($broken),
        }),+];
    };
}

breaks! {
    "an acknowledged order is not settled" Lost |all, pick| {
        let id = acknowledged(all, pick)?;
        all.facts.settled.retain(|row| row.id.to_string() != id);
        Some(id)
    };
    "an order has two rows" SettledTwice |all, pick| {
        let row = settled(all, pick)?.clone();
        all.facts.settled.push(SettledRow { sequence: None, ..row.clone() });
        Some(row.id.to_string())
    };
    "an order has four legs" SettledTwice |all, pick| {
        let row = settled(all, pick)?;
        row.legs = 4;
        Some(row.id.to_string())
    };
    "an order is settled that no client placed" NotPlaced |all, pick| {
        let id = placed_and_settled(all, pick)?;
        all.operations.retain(|operation| operation.id != id);
        Some(id)
    };
    "an order is settled whose client was told that it was refused" RefusedAndSettled |all, pick| {
        let id = placed_and_settled(all, pick)?;
        all.operations.iter_mut().filter(|one| one.id == id).for_each(|one| one.outcome = Outcome::Failed);
        Some(id)
    };
    "one id is acknowledged for two orders" AcknowledgedTwice |all, pick| {
        let id = acknowledged(all, pick)?;
        let mut again = all.operations.iter().find(|one| one.id == id && one.is_acknowledged_order())?.clone();
        again.terms.as_mut()?.quantity += 5;
        all.operations.push(again);
        Some(id)
    };
    "an order is settled with another quantity" Rewritten |all, pick| {
        let id = placed_and_settled(all, pick)?;
        let row = all.facts.settled.iter_mut().find(|row| row.id.to_string() == id)?;
        row.terms.as_mut()?.quantity += 5;
        Some(id)
    };
    "an order is settled for another account" Rewritten |all, pick| {
        let id = placed_and_settled(all, pick)?;
        let row = all.facts.settled.iter_mut().find(|row| row.id.to_string() == id)?;
        row.terms.as_mut()?.account.push('X');
        Some(id)
    };
    "an order is settled before it is placed" SettledTooEarly |all, pick| {
        let id = placed_and_settled(all, pick)?;
        let placed_ms = all.operations.iter().filter(|one| one.id == id).map(|one| one.invoked_ms).min()?;
        let row = all.facts.settled.iter_mut().find(|row| row.id.to_string() == id)?;
        row.settled_at_ms = placed_ms - all.facts.clock_error_ms - 1;
        Some(id)
    };
    "a leg is missing" Unbalanced |all, pick| {
        let row = settled(all, pick)?;
        row.legs = 1;
        Some(row.id.to_string())
    };
    "the legs of an order differ by a cent" Unbalanced |all, pick| {
        let row = settled(all, pick)?;
        row.legs_sum = Decimal::new(1, 2);
        Some(row.id.to_string())
    };
    "the legs of an order differ by the smallest amount there is" Unbalanced |all, pick| {
        let row = settled(all, pick)?;
        row.legs_sum = Decimal::new(-1, Decimal::MAX_SCALE);
        Some(row.id.to_string())
    };
    "the legs of an asset do not sum to zero" AssetUnbalanced |all, pick| {
        let assets: Vec<String> = all.facts.ledger_sums.keys().cloned().collect();
        let asset = choose(&assets, pick)?.clone();
        all.facts.ledger_sums.insert(asset.clone(), Decimal::ONE);
        Some(asset)
    };
    "a balance is another than its orders make" AccountOff |all, pick| {
        let balance = choose_mut(all.facts.balances.as_mut()?, pick)?;
        balance.reserved += Decimal::ONE;
        balance.available -= Decimal::ONE;
        Some(balance.account.clone())
    };
    "what was reserved was not taken from what is available" AccountOff |all, pick| {
        let balance = choose_mut(all.facts.balances.as_mut()?, pick)?;
        balance.available += Decimal::ONE;
        Some(balance.account.clone())
    };
    "an account that traded has no balance" AccountOff |all, pick| {
        let balances = all.facts.balances.as_mut()?;
        let at = (!balances.is_empty()).then(|| pick.index(balances.len()))?;
        Some(balances.remove(at).account)
    };
    "an order of an early epoch stands behind those of a later one" EpochOutOfTurn |all, pick| {
        let first = all.facts.settled.iter().map(|row| row.settled_epoch).min()?;
        let last = all.facts.settled.iter().filter_map(|row| row.sequence).max()?;
        let later = all.facts.settled.iter().any(|row| row.settled_epoch > first);
        let early: Vec<usize> = indices(&all.facts.settled, |row| row.settled_epoch == first);
        let row = &mut all.facts.settled[*choose(&early, pick).filter(|_| later)?];
        row.sequence = Some(last + 10);
        Some(row.id.to_string())
    };
    "two orders have one place in the ledger" SamePlace |all, pick| {
        let [one, other, ..] = &mut all.facts.settled[..] else { return None };
        let (one, other) = if pick.index(2) == 0 { (one, other) } else { (other, one) };
        one.sequence = other.sequence;
        Some(one.id.to_string())
    };
    "a writer of an earlier epoch settles once the fence is raised" BelowFence |all, pick| {
        let later = indices(&all.facts.settled, |row| row.settled_epoch > Epoch::FIRST);
        let row = &mut all.facts.settled[*choose(&later, pick)?];
        (row.settled_epoch, row.sequence) = (Epoch(row.settled_epoch.0 - 1), None);
        // At the very moment of the raise it might have come first.
        row.settled_at_ms += 1;
        Some(row.id.to_string())
    };
    "it does so, and its clock is behind" BelowFence |all, pick| {
        let late_ms = all.facts.fence()?.raised_at_ms + all.facts.clock_error_ms;
        let early: Vec<String> =
            all.operations.iter().filter(|one| one.invoked_ms <= late_ms).map(|one| one.id.clone()).collect();
        let is_late = |one: &Operation| one.is_acknowledged_order() && !early.contains(&one.id);
        let id = operation(all, pick, is_late)?.id.clone();
        let row = all.facts.settled.iter_mut().find(|row| row.id.to_string() == id && row.settled_epoch.0 > 1)?;
        (row.settled_epoch, row.sequence) = (Epoch(row.settled_epoch.0 - 1), None);
        row.settled_at_ms = late_ms - 5_000;
        Some(id)
    };
    "an order is settled before the fence is raised to its epoch" AboveFence |all, pick| {
        let fences = all.facts.fences.clone();
        let later = indices(&all.facts.settled, |row| row.settled_epoch > Epoch::FIRST);
        let row = &mut all.facts.settled[*choose(&later, pick)?];
        row.settled_at_ms = fences.iter().find(|fence| fence.epoch == row.settled_epoch)?.raised_at_ms - 1;
        Some(row.id.to_string())
    };
    "an order is settled under an epoch beyond the fence" AboveFence |all, pick| {
        let epoch = all.facts.fence()?.epoch.next();
        let row = settled(all, pick)?;
        row.settled_epoch = epoch;
        Some(row.id.to_string())
    };
    "the fence comes down" FenceFell |all, _| {
        let last = all.facts.fences.iter().map(|fence| fence.raised_at_ms).max()?;
        let top = all.facts.fence()?.epoch;
        let to = Epoch(top.0 - 1);
        all.facts.fences.push(FenceRow { epoch: to, raised_at_ms: last + 1 });
        Some(format!("from epoch {top} to {to}"))
    };
    "two regions own the lease under one epoch" TwoOwners |all, pick| {
        let mut seen = choose(&all.facts.lease_history, pick)?.clone();
        seen.owner = elsewhere(&seen.owner);
        let named = format!("epoch {}", seen.epoch);
        all.facts.lease_history.push(LeaseSeen { asked_ms: None, ..seen });
        Some(named)
    };
    "the lease moves to a region that does not own its epoch" TwoOwners |all, pick| {
        let one = choose_mut(&mut all.facts.moves, pick)?;
        one.to = elsewhere(&one.to);
        Some(format!("epoch {}", one.epoch))
    };
    "the lease goes back to an earlier epoch" EpochFell |all, _| {
        let last = all.facts.lease_history.iter().max_by_key(|seen| seen.epoch)?.clone();
        let end_ms = all.facts.lease_history.iter().map(|seen| seen.at_ms).max()?;
        let first = all.facts.lease_history.iter().find(|seen| seen.epoch < last.epoch)?.clone();
        let named = format!("from epoch {} to {}", last.epoch, first.epoch);
        all.facts.lease_history.push(LeaseSeen { asked_ms: Some(end_ms + 1), at_ms: end_ms + 2, ..first });
        Some(named)
    };
    "an order is settled under an epoch that nobody owned" NobodyOwned |all, pick| {
        let row = settled(all, pick)?;
        row.settled_epoch = Epoch(99);
        Some(row.id.to_string())
    };
    "a client is served less than its token" WentBack |all, pick| {
        let one = operation(all, pick, |one| one.is_compared_read() && one.seen.is_some())?;
        one.seen = one.token.map(before);
        Some(one.id.clone())
    };
    "a client is served less than it saw, and its token is hidden" WentBack |all, pick| {
        let two = answers_in_a_row(all, pick, OperationKind::ReadSession)?;
        let was = all.operations[two.0].seen?;
        let one = &mut all.operations[two.1];
        (one.token, one.seen) = (None, Some(before(was)));
        Some(one.id.clone())
    };
    "a known version has another content" OtherContent |all, pick| {
        let two = answers_in_a_row(all, pick, OperationKind::ReadSession)?;
        if all.operations[two.0].seen != all.operations[two.1].seen {
            return None;
        }
        *all.operations[two.1].content.as_mut()? += 1;
        Some(all.operations[two.1].id.clone())
    };
    "a write is acknowledged under the version it overwrites" NotAdvanced |all, pick| {
        let is_write = |one: &Operation| one.kind == OperationKind::WriteSession && one.outcome == Outcome::Ok;
        let one = operation(all, pick, |one| is_write(one) && one.token.is_some())?;
        one.seen = one.token;
        Some(one.id.clone())
    };
    "two answers of one client change places" NotAdvanced |all, pick| {
        let (first, second) = answers_in_a_row(all, pick, OperationKind::WriteSession)?;
        let (one, other) = (all.operations[first].seen, all.operations[second].seen);
        (all.operations[first].seen, all.operations[second].seen) = (other, one);
        (one < other).then(|| all.operations[second].id.clone())
    };
    "a client's session is said not to exist" SessionGone |all, pick| {
        let one = operation(all, pick, Operation::is_compared_read)?;
        one.seen = None;
        Some(one.id.clone())
    };
    "a settled order is not announced" Unannounced |all, pick| {
        let outbox = all.facts.outbox.as_mut()?;
        let at = (!outbox.is_empty()).then(|| pick.index(outbox.len()))?;
        Some(outbox.remove(at).order.to_string())
    };
    "a settled order is announced twice" AnnouncedTwice |all, pick| {
        let outbox = all.facts.outbox.as_mut()?;
        let row = *choose(outbox, pick)?;
        outbox.push(OutboxRow { id: row.id + 1, effects: 0, ..row });
        Some(row.order.to_string())
    };
    "an order is announced and not settled" AnnouncedUnsettled |all, pick| {
        let id = settled(all, pick)?.id;
        all.facts.settled.retain(|row| row.id != id);
        Some(id.to_string())
    };
    "an announcement takes effect twice" EffectTwice |all, pick| {
        let row = choose_mut(all.facts.outbox.as_mut()?, pick)?;
        row.effects = 2;
        Some(row.order.to_string())
    };
}
