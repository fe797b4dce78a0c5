use std::io::{self, Write};

use agent::config::SpoolConfig;
use agent::spool::Report;
use domain::UtcMillis;
use service::Context;

use crate::settings::Settings;

/// Tells what waits in the spool, also while an agent uses it.
pub(crate) async fn show(context: Context<Settings>) -> anyhow::Result<()> {
    let spool = &context.config.agent.spool;
    let report = agent::overview::report(&spool.path).await?;
    write(&mut io::stdout().lock(), &report, spool, context.clock.now())?;
    Ok(())
}

fn write(out: &mut impl Write, report: &Report, spool: &SpoolConfig, now: UtcMillis) -> io::Result<()> {
    writeln!(out, "hub             {}", report.hub)?;
    writeln!(out, "waiting         {} containers, {} bytes", report.depth, report.bytes)?;
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let percent = report.file_bytes as f64 * 100.0 / spool.max_bytes as f64;
    writeln!(
        out,
        "room            {} of {} bytes used ({percent:.1} %)",
        report.file_bytes, spool.max_bytes
    )?;
    if let Some(days) = report.days_left(spool.max_bytes) {
        writeln!(out, "lasts           {days:.0} days more at this rate, then ticks become minutes")?;
    }
    if let Some((sequence, tick)) = report.oldest {
        let age = now.millis_since(tick) / 1_000;
        writeln!(out, "oldest          container {sequence}, measured at {tick} ({age} s ago)")?;
    }
    if let Some(until) = report.measured_until {
        writeln!(out, "measured until  {until}")?;
    }
    if let Some((millis, until)) = report.thinned {
        writeln!(out, "thinned         {} to one-minute ticks, up to {until}", length(millis))?;
    }
    if let Some((millis, range)) = report.dropped {
        writeln!(out, "dropped         {}, from {} to {}", length(millis), range.start, range.end)?;
    }
    if report.undated > 0 {
        writeln!(out, "undated         {} containers wait for the clock to be set", report.undated)?;
    }
    if report.never_dated_millis > 0 {
        writeln!(out, "never dated     {}", length(report.never_dated_millis))?;
    }
    Ok(())
}

/// In the two largest units, as `3 d 4 h`.
fn length(millis: i64) -> String {
    let minutes = millis / 60_000;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use domain::{HubId, TimeRange};

    use super::*;

    #[test]
    fn everything_that_was_done_to_the_data_is_said() {
        let (from, until) = (UtcMillis::from_secs(0), UtcMillis::from_secs(7_200));
        let report = Report {
            hub: HubId::from_bytes([1; 16]),
            depth: 3,
            bytes: 1_000_000,
            millis: 86_400_000,
            file_bytes: 6_000_000,
            oldest: Some((7, until)),
            measured_until: Some(UtcMillis::from_secs(10_000)),
            thinned: Some((76 * 3_600_000, until)),
            dropped: Some((7_200_000, TimeRange::new(from, until))),
            undated: 2,
            never_dated_millis: 60_000,
        };
        let spool = SpoolConfig { max_bytes: 10_000_000, ..SpoolConfig::default() };
        let mut out = Vec::new();
        write(&mut out, &report, &spool, UtcMillis::from_secs(8_000)).unwrap();
        let text = String::from_utf8(out).unwrap();
        for line in [
            "waiting         3 containers, 1000000 bytes",
            "room            6000000 of 10000000 bytes used (60.0 %)",
            "lasts           4 days more at this rate, then ticks become minutes",
            "oldest          container 7, measured at 1970-01-01T02:00:00Z (800 s ago)",
            "thinned         3 d 4 h to one-minute ticks, up to 1970-01-01T02:00:00Z",
            "dropped         2 h 0 min, from 1970-01-01T00:00:00Z to 1970-01-01T02:00:00Z",
            "undated         2 containers wait for the clock to be set",
            "never dated     1 min",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
