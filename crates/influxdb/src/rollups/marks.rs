//! Marks as points: `stale,hub=<id> open=1i <start of the day + nonce, in ms>`, among the ticks, whose retention takes
//! them too.
//!
//! A mark is settled by writing `open=0i` over it, and not deleted: every version can do that, the same way as all
//! other writes go in. The later ones have no DELETE in InfluxQL, and where there is one it stops the writes to the
//! shards that it looks through.

use domain::rollup::{Mark, UtcDay};
use domain::{HubId, UtcMillis};

use crate::query::TIMES;
use crate::table::{BadAnswer, Table};

pub(crate) const MEASUREMENT: &str = "stale";

#[derive(Clone, Copy)]
pub(super) enum State {
    Settled,
    Open,
}

pub(super) fn lines(marks: &[Mark], state: State) -> Vec<String> {
    let open = match state {
        State::Settled => "open=0i",
        State::Open => "open=1i",
    };
    let line = |mark: &Mark| {
        let time = mark.day.start().0 + i64::from(mark.nonce);
        format!("{MEASUREMENT},hub={} {open} {time}\n", mark.hub)
    };
    marks.iter().map(line).collect()
}

/// Those of days that are beyond the retention are left out, though they may be there for some days more: they cannot
/// be settled, for nothing so old is taken, and their ticks are not all there.
pub(super) fn question(limit: usize, retention_days: Option<u32>) -> String {
    let since = match retention_days {
        Some(days) => format!("now()-{days}d"),
        None => format!("{}ms", TIMES.start.0),
    };
    // 0 is no limit.
    let limit = limit.max(1);
    let until = TIMES.end.0;
    format!(
        "SELECT open FROM {MEASUREMENT} WHERE open=1 AND time>={since} AND time<{until}ms GROUP BY hub LIMIT {limit}"
    )
}

/// Series that are not of a hub are not ours.
pub(super) fn read(tables: &[Table<Option<i64>>]) -> Result<Vec<Mark>, BadAnswer> {
    let mut marks = Vec::new();
    for table in tables {
        let Some(hub) = table.hub() else { continue };
        let time = table.columns.iter().position(|column| column == "time");
        for row in &table.values {
            let time = time.and_then(|time| *row.get(time)?);
            let time = time.ok_or_else(|| BadAnswer::Unreadable("a mark has no time".to_owned()))?;
            marks.push(mark(hub, UtcMillis(time)));
        }
    }
    Ok(marks)
}

fn mark(hub: HubId, time: UtcMillis) -> Mark {
    let day = UtcDay::of(time);
    // Less than a day.
    let nonce = u32::try_from(time.millis_since(day.start())).unwrap_or_default();
    Mark { hub, day, nonce }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: HubId = HubId::from_bytes([0xab; 16]);

    #[test]
    fn a_mark_is_a_point_in_its_day() {
        for nonce in [0, 1, Mark::NONCES - 1] {
            let day = UtcDay(20_000);
            let time = day.start().plus_millis(nonce.into());
            let expected = Mark { hub: HUB, day, nonce };
            assert_eq!(mark(HUB, time), expected);
            assert_eq!(
                lines(&[expected], State::Open),
                [format!("stale,hub=abababab-abab-abab-abab-abababababab open=1i {}\n", time.0)]
            );
        }
    }

    #[test]
    fn what_is_beyond_the_retention_is_not_asked_for() {
        assert_eq!(
            question(100, Some(30)),
            "SELECT open FROM stale WHERE open=1 AND time>=now()-30d AND time<9223372036000ms GROUP BY hub LIMIT 100"
        );
        let for_ever = question(0, None);
        assert!(
            for_ever.contains(" time>=-9223372036000ms AND ") && for_ever.ends_with(" LIMIT 1"),
            "{for_ever}"
        );
    }
}
