//! What goes to the disk with each tick. The disk of a hub is an SD card, which wears out.

use std::num::NonZeroU16;
use std::path::Path;

use agent::spool::{Manner, Sealed, Spool};
use domain::energy::Microjoules;
use domain::ticker::{Checkpoint, Counted};
use domain::{Joules, SocketJoules, SocketNumber, TickEnergy, TickLength, UtcMillis};

use crate::support::{IDENTITY, config};

const SOCKETS: u8 = 30;
const BEGIN: i64 = 1_800_000_000_000;
/// A page, and what SQLite writes before it into its journal.
const FRAME_BYTES: u64 = 1_024 + 24;

/// A tick of 30 sockets, of which so many have a counter that has counted for years.
fn tick(number: i64, counters: u8) -> Sealed {
    let length = TickLength::DEFAULT.millis_i64();
    let (start, until) = (UtcMillis(BEGIN + number * length), UtcMillis(BEGIN + (number + 1) * length));
    let sockets = || (0..SOCKETS).map(|socket| SocketNumber::new(socket).unwrap());
    let energy: SocketJoules = sockets()
        .map(|socket| (socket, Joules(50 + i64::from(socket.get()) * 7 + (number * 13) % 11)))
        .collect();
    let counted = sockets().take(counters.into()).map(|socket| Counted {
        socket,
        at: until.plus_millis(-37 * i64::from(socket.get())),
        count: Microjoules(3_600_000_000_000_000 + number * 77_000_001),
        tick: Some((start, Joules(57))),
        meter: NonZeroU16::new(u16::MAX),
    });
    let carry = (0..i64::from(SOCKETS)).map(|socket| Microjoules(number * 7_919 * (socket + 3) % 1_000_000));
    Sealed {
        ticks: vec![TickEnergy { start, energy }],
        checkpoint: Checkpoint { booked_until: until, carry: carry.collect(), counted: counted.collect() },
        late: false,
    }
}

fn journal_bytes(spool: &Path) -> u64 {
    std::fs::metadata(format!("{}-wal", spool.display())).unwrap().len()
}

#[tokio::test]
async fn a_live_tick_costs_one_page_with_thirty_counters_too() {
    const TICKS: i64 = 200;
    for counters in [0, SOCKETS] {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path()).spool;
        let spool = Spool::open(&config, IDENTITY).await.unwrap();
        spool.comes_up().await.unwrap();
        let mut before = 0;
        for number in 0..TICKS + 10 {
            if number == 10 {
                before = journal_bytes(&config.path);
            }
            let manner = Manner { live: true, ..Manner::default() };
            spool.append(TickLength::DEFAULT, &[tick(number, counters)], manner).await.unwrap();
            spool.confirm(&[number.unsigned_abs() + 1]);
        }
        let written = journal_bytes(&config.path) - before;
        assert_eq!(written, TICKS.unsigned_abs() * FRAME_BYTES, "{counters} counters");
        assert_eq!(spool.report().await.unwrap().depth, 1);
    }
}
