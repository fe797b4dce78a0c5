//! The contract of where rollups and marks are kept.
//!
//! Every case has hubs of its own, so all may share one store with one another and with what was there before.

mod days;
mod marks;
mod ticks;

use std::sync::Arc;
use std::time::Duration;

use domain::energy::Milliwatts;
use domain::measurement::MeasurementStore;
use domain::rollup::{DayRollup, PackedDay, QUARTERS, Rollups, SocketDay, UtcDay};
use domain::{HubId, SocketNumber};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::timeout;

use crate::containers::RECORDED_DAY;

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Rollups, and the store of the ticks that they are made from.
struct Subject {
    ticks: Arc<dyn MeasurementStore>,
    rollups: Arc<dyn Rollups>,
}

/// Every case, one after the other.
pub async fn run_all(ticks: Arc<dyn MeasurementStore>, rollups: Arc<dyn Rollups>) {
    let subject = Subject { ticks, rollups };
    macro_rules! run {
        ($($case:path),* $(,)?) => {
            $(timeout(PATIENCE, $case(&subject)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        days::what_is_put_is_read,
        days::a_day_is_replaced_by_a_longer_and_by_a_shorter_one,
        days::the_same_again_changes_nothing,
        days::later_ones_of_one_call_win,
        days::ranges_are_half_open_and_in_order,
        days::an_empty_day_is_a_day,
        days::sixty_four_busy_sockets_come_back_whole,
        days::a_year_of_thirty_sockets_comes_back_whole,
        days::a_decade_is_read_at_once,
        days::a_day_without_its_power_is_refused,
        days::hubs_do_not_mix,
        days::nobody_reads_half_of_one_and_half_of_another,
        days::the_watermark_is_the_end_of_the_latest,
        ticks::active_is_who_has_a_tick_since_then,
        ticks::the_first_tick_is_the_earliest,
        marks::a_mark_is_open_until_it_is_settled,
        marks::settling_one_leaves_another_of_the_same_day,
        marks::repeating_is_harmless,
        marks::a_settled_mark_may_be_set_again,
        marks::of_each_hub_come_no_more_than_asked_for,
        marks::marks_of_hubs_do_not_mix,
        marks::marks_and_rollups_and_ticks_do_not_mix,
        marks::of_nothing_nothing_comes,
    );
}

/// The recorded day and those after it.
fn day(number: i32) -> UtcDay {
    UtcDay(UtcDay::of(RECORDED_DAY).0 + number)
}

/// A day with gaps, mostly nearly idle; the same for the same numbers.
fn rollup(hub: HubId, day: UtcDay, quarters: u8, sockets: u8) -> DayRollup {
    let mut random = StdRng::seed_from_u64(u64::from(day.0.unsigned_abs()) << 16 | u64::from(sockets));
    let columns = usize::from(quarters);
    let sockets = (0..sockets)
        .map(|number| {
            let mut socket = SocketDay {
                socket: SocketNumber::new(number).unwrap(),
                measured_secs: vec![900; columns],
                energy: vec![0; columns],
                peak: vec![Milliwatts(0); columns],
                trough: vec![None; columns],
            };
            for place in 0..columns {
                if random.random_ratio(1, 40) {
                    socket.measured_secs[place] = 0;
                    continue;
                }
                let watts = if random.random_ratio(1, 10) { random.random_range(-800..2_000) } else { 3 };
                socket.energy[place] = watts * 900 + random.random_range(0..100);
                socket.peak[place] = Milliwatts(watts * 1_000 + 4_000);
                socket.trough[place] = random.random_ratio(9, 10).then_some(Milliwatts(watts * 1_000 - 500));
            }
            socket
        })
        .collect();
    DayRollup { hub, day, quarters, sockets }
}

fn packed(hub: HubId, day: UtcDay, quarters: u8, sockets: u8) -> PackedDay {
    PackedDay::pack(&rollup(hub, day, quarters, sockets))
}

/// 365 days from the recorded one on, for those who also measure.
pub fn a_year(hub: HubId, sockets: u8) -> Vec<PackedDay> {
    let whole = u8::try_from(QUARTERS).unwrap();
    (0..365).map(|number| packed(hub, day(number), whole, sockets)).collect()
}

/// The days of [`a_year`].
pub fn year() -> std::ops::Range<UtcDay> {
    day(0)..day(365)
}

impl Subject {
    async fn put(&self, days: &[PackedDay]) {
        self.rollups.put_days(days).await.unwrap_or_else(|error| panic!("{error}"));
    }
}
