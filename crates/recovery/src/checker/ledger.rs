//! What the ledger adds up to, per asset and per account.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Broken, Place, Violation};
use crate::history::{Balance, Facts};

/// Account and asset.
type Key<'a> = (&'a str, &'a str);

pub(super) fn check(facts: &Facts, violations: &mut Vec<Violation>) {
    for (asset, sum) in facts.ledger_sums.iter().filter(|(_, sum)| !sum.is_zero()) {
        let broken = Broken::AssetUnbalanced { asset: asset.clone(), sum: *sum };
        violations.push(Violation::new(broken, []));
    }
    if let Some(balances) = &facts.balances
        && let Some(expected) = expected(facts)
    {
        accounts(balances, expected, violations);
    }
}

/// What the settled orders moved; `None` when not every one says what it is.
fn expected(facts: &Facts) -> Option<BTreeMap<Key<'_>, Decimal>> {
    let mut expected = BTreeMap::new();
    for row in &facts.settled {
        let terms = row.terms.as_ref()?;
        let (asset, amount) = terms.moved()?;
        let sum: &mut Decimal = expected.entry((terms.account.as_str(), asset)).or_default();
        *sum = sum.checked_add(amount)?;
    }
    Some(expected)
}

fn accounts<'a>(
    balances: &'a [Balance],
    mut expected: BTreeMap<Key<'a>, Decimal>,
    violations: &mut Vec<Violation>,
) {
    for (index, balance) in balances.iter().enumerate() {
        let made = expected.remove(&(&balance.account, &balance.asset)).unwrap_or_default();
        if balance.reserved != made || balance.available != -made {
            let broken = Broken::AccountOff {
                account: balance.account.clone(),
                asset: balance.asset.clone(),
                available: balance.available,
                reserved: balance.reserved,
                expected: made,
            };
            violations.push(Violation::new(broken, [Place::Balance(index)]));
        }
    }
    for ((account, asset), expected) in expected.into_iter().filter(|(_, made)| !made.is_zero()) {
        let (available, reserved) = (Decimal::ZERO, Decimal::ZERO);
        let (account, asset) = (account.to_owned(), asset.to_owned());
        let broken = Broken::AccountOff { account, asset, available, reserved, expected };
        violations.push(Violation::new(broken, []));
    }
}
