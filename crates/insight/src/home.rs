//! A household with its settings, at one moment.

use std::time::Duration;

use domain::access::HubGrant;
use domain::calendar::{Bucket, QUARTER_HOUR_MILLIS, Zone, bucket_edges};
use domain::measurement::MeasurementQuery;
use domain::registry::HomeSettings;
use domain::rollup::{Detail, Rollups};
use domain::tariff::{Prices, Tariff};
use domain::usage::{Usage, UsageBuilder};
use domain::{TimeRange, UtcMillis};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::gathering::{GatherError, Gathered, Wanted, gather, sightings};

/// For ticks to be summed up while somebody waits. A day or two takes a fraction of it; weeks that come in at once, from a
/// spool after a long outage, take more than anybody waits for, and then the store is better left to roll them up.
const PATIENCE: Duration = Duration::from_secs(4);

/// What is known of a home, and where its measurements are.
pub struct Home<'a> {
    pub query: &'a dyn MeasurementQuery,
    pub rollups: &'a dyn Rollups,
    pub zone: Zone,
    /// Whose hubs, and since when.
    pub hubs: Vec<HubGrant>,
    pub settings: HomeSettings,
    pub now: UtcMillis,
}

impl Home<'_> {
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// `None` without a tariff: then nothing is said about costs.
    pub fn currency(&self) -> Option<String> {
        (!self.settings.tariffs.is_empty()).then(|| self.settings.currency.as_str().to_owned())
    }

    /// `None` without a tariff.
    pub fn prices(&self, range: TimeRange) -> Option<Prices> {
        let tariffs = &self.settings.tariffs;
        (!tariffs.is_empty()).then(|| Prices::new(tariffs, self.zone(), range))
    }

    /// The tariff that holds now, as if it always had.
    pub fn present_tariff(&self) -> Option<Tariff> {
        Some(always(self.tariff_of(self.zone().date_of(self.now)?)?))
    }

    /// The tariff that holds on a day.
    pub(crate) fn tariff_of(&self, date: Date) -> Option<&Tariff> {
        let begun = self.settings.tariffs.iter().filter(|tariff| tariff.valid_from <= date);
        begun.max_by_key(|tariff| tariff.valid_from)
    }

    /// What all its hubs measured in `range`. [`GatherError::NotRolledUp`] when too much of it has to be summed up first.
    pub async fn gather(&self, range: TimeRange, detail: Detail) -> Result<Gathered, GatherError> {
        let power_since = match detail {
            Detail::Energy => None,
            Detail::Power => Some(range.start),
        };
        self.gather_since(range, power_since).await
    }

    /// The same, energy alone until `power_since`: for a long range of which the powers are wanted of the end.
    pub async fn gather_with_power_since(
        &self,
        range: TimeRange,
        power_since: UtcMillis,
    ) -> Result<Gathered, GatherError> {
        self.gather_since(range, Some(power_since)).await
    }

    async fn gather_since(
        &self,
        range: TimeRange,
        power_since: Option<UtcMillis>,
    ) -> Result<Gathered, GatherError> {
        // What is to come need not be looked for: a month may have weeks of it. Hubs' clocks may be ahead a little.
        let soon = self.now.plus_millis(QUARTER_HOUR_MILLIS).ceil_to(QUARTER_HOUR_MILLIS);
        let past = TimeRange::new(range.start, range.end.min(soon));
        let wanted = Wanted { range: past, power_since, expectations: true, patience: Some(PATIENCE) };
        gather(self.query, self.rollups, &self.hubs, wanted).await
    }

    /// Of `range` nothing but when its sockets were there: for a [`UsageBuilder`] that gets its measurements otherwise.
    pub async fn sightings(&self, range: TimeRange) -> Result<Gathered, GatherError> {
        sightings(self.rollups, &self.hubs, range).await
    }

    /// What of it falls into the buckets between `edges`.
    pub fn usage(
        &self,
        gathered: &Gathered,
        edges: Vec<UtcMillis>,
        prices: Option<&Prices>,
    ) -> Result<Usage, GatherError> {
        let mut builder = self.builder(gathered, edges, prices);
        gathered.add_to(&mut builder)?;
        Ok(builder.finish())
    }

    /// The same, and beside it the energy alone of what was measured, in other buckets of the same range.
    pub fn usage_and_energy(
        &self,
        gathered: &Gathered,
        edges: Vec<UtcMillis>,
        prices: Option<&Prices>,
        others: Vec<UtcMillis>,
    ) -> Result<(Usage, Usage), GatherError> {
        let mut builder = self.builder(gathered, edges, prices);
        let mut energy = UsageBuilder::new(others, self.now).for_home(&self.settings).energy_only();
        gathered.add_to_both(&mut builder, Some(&mut energy))?;
        Ok((builder.finish(), energy.finish()))
    }

    fn builder<'a>(
        &'a self,
        gathered: &Gathered,
        edges: Vec<UtcMillis>,
        prices: Option<&'a Prices>,
    ) -> UsageBuilder<'a> {
        let mut builder = UsageBuilder::new(edges, self.now).for_home(&self.settings);
        if !gathered.has_power_since(builder.range().start) {
            builder = builder.energy_only();
        }
        match prices {
            Some(prices) => builder.priced(prices),
            None => builder,
        }
    }

    /// The edges of the last `count` local months, the running one included. `None` outside the calendar.
    pub fn month_edges(&self, count: i32) -> Option<Vec<UtcMillis>> {
        let date: Date = self.zone().date_of(self.now)?;
        let first = date.first_of_month().checked_sub((count - 1).months()).ok()?;
        let range = TimeRange::new(self.zone().midnight(first)?, self.now.plus_millis(1));
        bucket_edges(range, Bucket::Month, self.zone())
    }
}

/// As if it always had held.
pub(crate) fn always(tariff: &Tariff) -> Tariff {
    Tariff { valid_from: Date::constant(1970, 1, 1), ..tariff.clone() }
}
