//! A call is a transaction. Usually every tick is new, and inserting is all there is to do; the ticks that were
//! there already are found by what was not inserted, and only then merged.

use std::collections::HashMap;

use domain::measurement::StoredTick;
use domain::{HubId, SocketJoules, TickLength, Ticks, UtcMillis};
use sqlx::{Error, QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::{joules, read};
use crate::opening::BEGIN;

/// Rows per statement: enough to make the way to the database's thread cheap.
const ROWS: usize = 64;
/// There are two statements for each number of rows.
pub(super) const STATEMENTS: usize = 2 * ROWS + 16;

#[derive(Debug)]
struct Tick {
    hub: HubId,
    start: UtcMillis,
    length: TickLength,
    energy: SocketJoules,
}

pub(super) async fn write(pool: &SqlitePool, ticks: Ticks<'_>) -> Result<(), Error> {
    let ticks = merged(ticks);
    if ticks.is_empty() {
        return Ok(());
    }
    let mut transaction = pool.begin_with(BEGIN).await?;
    for chunk in ticks.chunks(ROWS) {
        if insert(&mut transaction, chunk, KEEP).await? < chunk.len() {
            let changed = changed(&mut transaction, chunk).await?;
            if !changed.is_empty() {
                insert(&mut transaction, &changed, REPLACE).await?;
            }
        }
    }
    transaction.commit().await
}

/// Every tick once, in the order of the primary key; what came later has won.
fn merged(ticks: Ticks<'_>) -> Vec<Tick> {
    let mut ticks: Vec<Tick> = ticks
        .iter()
        .map(|tick| Tick { hub: tick.hub, start: tick.start, length: tick.length, energy: tick.energy() })
        .collect();
    // Stable: what came later stays later.
    ticks.sort_by_key(|tick| (tick.hub, tick.start));
    ticks.dedup_by(|later, earlier| {
        let same = (later.hub, later.start) == (earlier.hub, earlier.start);
        if same {
            overlay(&mut earlier.energy, &later.energy);
            earlier.length = later.length;
        }
        same
    });
    ticks
}

fn overlay(below: &mut SocketJoules, above: &SocketJoules) {
    for (socket, joules) in above.iter() {
        below.set(socket, joules);
    }
}

const KEEP: &str = " ON CONFLICT (hub, start) DO NOTHING";
const REPLACE: &str = " ON CONFLICT (hub, start) DO UPDATE SET \
    length = excluded.length, sockets = excluded.sockets, joules = excluded.joules";

/// How many rows went in.
async fn insert(
    connection: &mut SqliteConnection,
    ticks: &[Tick],
    on_conflict: &str,
) -> Result<usize, Error> {
    let mut statement =
        QueryBuilder::<Sqlite>::new("INSERT INTO tick (hub, start, length, sockets, joules) ");
    statement.push_values(ticks, |mut row, tick| {
        row.push_bind(tick.hub.as_bytes().to_vec())
            .push_bind(tick.start.0)
            .push_bind(tick.length.millis_i64())
            .push_bind(tick.energy.mask().cast_signed())
            .push_bind(joules::pack(&tick.energy));
    });
    statement.push(on_conflict);
    let done = statement.build().execute(connection).await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// Those of `ticks` that add something to what is stored, merged with it.
async fn changed(connection: &mut SqliteConnection, ticks: &[Tick]) -> Result<Vec<Tick>, Error> {
    let mut statement = QueryBuilder::<Sqlite>::new(
        "SELECT tick.start, tick.length, tick.sockets, tick.joules, tick.hub FROM (",
    );
    statement.push_values(ticks, |mut row, tick| {
        row.push_bind(tick.hub.as_bytes().to_vec()).push_bind(tick.start.0);
    });
    // CROSS JOIN keeps SQLite from scanning the table and looking into the list.
    statement.push(") AS key CROSS JOIN tick ON tick.hub = key.column1 AND tick.start = key.column2");
    let rows = statement.build().fetch_all(connection).await?;

    let mut stored: HashMap<(HubId, UtcMillis), StoredTick> = HashMap::with_capacity(rows.len());
    for row in &rows {
        let tick = read::tick(row)?;
        stored.insert((read::hub(row)?, tick.start), tick);
    }
    let merge = |tick: &Tick| {
        let below = stored.remove(&(tick.hub, tick.start))?;
        let mut energy = below.energy.clone();
        overlay(&mut energy, &tick.energy);
        let changes = energy != below.energy || tick.length != below.length;
        changes.then_some(Tick { energy, ..*tick })
    };
    Ok(ticks.iter().filter_map(merge).collect())
}
