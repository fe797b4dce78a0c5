//! What came of it: one JSON object for programs, a table for people.

use std::fmt;

use serde::Serialize;

use crate::latency::Latencies;
use crate::population::Population;
use crate::swarm::Tally;

/// What a swarm has done.
#[derive(Clone, Debug, Serialize)]
pub struct SwarmSummary {
    pub hubs: u32,
    /// New ones, late ones included.
    pub containers_confirmed: u64,
    pub values_confirmed: u64,
    /// Nacks.
    pub refused: u64,
    pub returned: u64,
    pub retried: u64,
    pub late: u64,
    pub duplicates: u64,
    pub poison_confirmed: u64,
    pub unknown: u64,
    pub reconnects: u64,
    pub seconds: f64,
    pub containers_per_s: f64,
    pub values_per_s: f64,
    pub confirm_p50_ms: f64,
    pub confirm_p99_ms: f64,
    pub confirm_longest_ms: f64,
    /// The longest time in which the hubs behind a connection got no confirm.
    pub confirm_gap_ms: f64,
    /// The most that was resident.
    pub rss_mib: f64,
    /// Of everything that was confirmed, duplicates and poison included.
    pub cpu_us_per_container: f64,
}

impl SwarmSummary {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    pub(crate) fn new(
        population: &Population,
        tally: &Tally,
        latencies: &Latencies,
        seconds: f64,
        cpu_micros: f64,
        rss_mib: f64,
    ) -> Self {
        let values_confirmed = tally.containers_confirmed * u64::from(population.sockets);
        let everything = tally.containers_confirmed + tally.duplicates + tally.poison_confirmed;
        Self {
            hubs: population.hubs,
            containers_confirmed: tally.containers_confirmed,
            values_confirmed,
            refused: tally.refused,
            returned: tally.returned,
            retried: tally.retried,
            late: tally.late,
            duplicates: tally.duplicates,
            poison_confirmed: tally.poison_confirmed,
            unknown: tally.unknown,
            reconnects: tally.reconnects,
            seconds,
            containers_per_s: tally.containers_confirmed as f64 / seconds,
            values_per_s: values_confirmed as f64 / seconds,
            confirm_p50_ms: latencies.quantile_millis(0.5),
            confirm_p99_ms: latencies.quantile_millis(0.99),
            confirm_longest_ms: latencies.quantile_millis(1.0),
            confirm_gap_ms: tally.longest_gap.as_secs_f64() * 1_000.0,
            rss_mib,
            cpu_us_per_container: cpu_micros / everything.max(1) as f64,
        }
    }
}

impl fmt::Display for SwarmSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = format!("{:.0} containers/s, {:.0} values/s", self.containers_per_s, self.values_per_s);
        let confirms = format!("{:.1} ms, {:.1} ms", self.confirm_p50_ms, self.confirm_p99_ms);
        let rows = [
            ("hubs", self.hubs.to_string()),
            ("containers confirmed", self.containers_confirmed.to_string()),
            ("values confirmed", self.values_confirmed.to_string()),
            ("time", format!("{:.1} s", self.seconds)),
            ("rate", rate),
            ("confirm p50, p99", confirms),
            ("late", self.late.to_string()),
            ("duplicates", self.duplicates.to_string()),
            ("poison confirmed", self.poison_confirmed.to_string()),
            ("refused, returned", format!("{}, {}", self.refused, self.returned)),
            ("published again", self.retried.to_string()),
            ("reconnects", self.reconnects.to_string()),
            ("unknown", self.unknown.to_string()),
            ("memory", format!("{:.0} MiB", self.rss_mib)),
            ("processor", format!("{:.2} µs a container", self.cpu_us_per_container)),
        ];
        table(f, &rows)
    }
}

/// Two columns, the second one flush with the longest name.
pub(crate) fn table(f: &mut fmt::Formatter<'_>, rows: &[(&str, String)]) -> fmt::Result {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in rows {
        writeln!(f, "{name:width$}  {value}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::tests::population;

    #[test]
    fn programs_find_every_figure_by_its_name() {
        let summary =
            SwarmSummary::new(&population(), &Tally::default(), &Latencies::default(), 1.0, 0.0, 1.0);
        let json = serde_json::to_value(summary).unwrap();
        for key in [
            "hubs",
            "containers_confirmed",
            "values_confirmed",
            "refused",
            "returned",
            "retried",
            "late",
            "duplicates",
            "poison_confirmed",
            "unknown",
            "reconnects",
            "seconds",
            "containers_per_s",
            "values_per_s",
            "confirm_p50_ms",
            "confirm_p99_ms",
            "confirm_longest_ms",
            "confirm_gap_ms",
            "rss_mib",
            "cpu_us_per_container",
        ] {
            assert!(json.get(key).is_some_and(serde_json::Value::is_number), "{key}");
        }
    }
}
