//! InfluxDB alone: our lines against a line per value.

use testkit::servers::InfluxDb;

use super::loadgen::{self, Load};
use super::report::Report;
use super::rig::{Rig, WARM_UP};

/// Values a second into a store that has all series and nothing else.
pub(super) fn values_per_s(rig: &Rig, load: Load, narrow: bool) -> anyhow::Result<f64> {
    let store = InfluxDb::start()?;
    let url = store.url();
    // The first makes the series, the second tells how many to take.
    loadgen::store(rig, &url, load, WARM_UP, narrow)?;
    let warm = loadgen::store(rig, &url, load, WARM_UP, narrow)?;
    let containers = rig.enough(warm.values_per_s / f64::from(load.values));
    Ok(loadgen::store(rig, &url, load, containers, narrow)?.values_per_s)
}

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Report> {
    let many = Load { hubs: 10_000, ..Load::USUAL };
    let wide = step(rig, "a line per tick", Load::USUAL, false)?;
    let narrow = step(rig, "a line per value", Load::USUAL, true)?;
    let wide_many = step(rig, "a line per tick, 10,000 hubs", many, false)?;
    let mut report = Report::default();
    report.add("a line per tick", "values_per_s", wide, "/s", None);
    report.add("a line per value", "values_per_s_narrow", narrow, "/s", None);
    report.add("a line per tick, 10,000 hubs", "values_per_s_10000_hubs", wide_many, "/s", None);
    report.add("how many times as fast", "wide_over_narrow", wide / narrow, "", None);
    report.add("hubs, unless said otherwise", "hubs", Load::USUAL.hubs, "", None);
    report.add("values in each container", "values_per_container", Load::USUAL.values, "", None);
    Ok(report)
}

fn step(rig: &Rig, what: &str, load: Load, narrow: bool) -> anyhow::Result<f64> {
    eprintln!("{what}");
    values_per_s(rig, load, narrow)
}
