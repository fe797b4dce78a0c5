//! Which hubs there are.

use std::collections::BTreeSet;

use ctl::persistent::persistently;
use domain::alerts::Alerts as _;
use domain::rollup::Rollups as _;
use domain::{HubId, UtcMillis};

/// Households that are read at once.
const PAGE: u32 = 1_000;

/// Those that have ticks since then.
pub(crate) async fn that_measured(
    rollups: &influxdb::Rollups,
    since: UtcMillis,
) -> anyhow::Result<BTreeSet<HubId>> {
    Ok(persistently(async || rollups.active_hubs(since).await).await?.into_iter().collect())
}

/// Those that are in a household now: also when all their ticks are forgotten.
pub(crate) async fn of_households(accounts: &postgres::Accounts) -> anyhow::Result<BTreeSet<HubId>> {
    let mut hubs = BTreeSet::new();
    let mut after = None;
    loop {
        let page = accounts.watched(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(hubs) };
        after = Some(last.household.id);
        hubs.extend(page.iter().flat_map(|watched| watched.hubs.iter().map(|(grant, _)| grant.hub)));
    }
}
