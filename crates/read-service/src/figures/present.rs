//! What each socket uses now.

use std::collections::BTreeMap;

use domain::access::HubGrant;
use domain::measurement::mean_power;
use domain::registry::SocketKey;
use domain::{Milliwatts, TimeRange};

use crate::gathering::GatherError;
use crate::home::Home;

/// A tick that ended longer ago says nothing about now.
const PRESENT_MILLIS: i64 = 120_000;

/// The mean power of the last tick of each socket, if that was just now.
pub(crate) async fn powers(home: &Home<'_>) -> Result<BTreeMap<SocketKey, Milliwatts>, GatherError> {
    let recent = TimeRange::new(home.now.plus_millis(-2 * PRESENT_MILLIS), home.now.plus_millis(1));
    let mut powers = BTreeMap::new();
    for HubGrant { hub, .. } in home.claims.hubs.iter().filter(|grant| !grant.clip(recent).is_empty()) {
        let ticks = home.deps.query.ticks(*hub, recent).await?;
        for tick in ticks {
            let end = tick.start.plus_millis(tick.length.millis_i64());
            if home.now.millis_since(end) > PRESENT_MILLIS {
                continue;
            }
            for (socket, energy) in tick.energy.iter() {
                let owner = home.settings.owner(SocketKey { hub: *hub, socket }, tick.start);
                powers.insert(owner, mean_power(energy, tick.length));
            }
        }
    }
    Ok(powers)
}
