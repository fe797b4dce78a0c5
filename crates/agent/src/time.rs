//! What time it is on a hub that has no clock of its own.
//!
//! A Raspberry Pi learns the time from the network, some while after its start or, without a network, never. Until then the
//! hub counts from the start of the machine, and such times are provisional ([`domain::ticker::FIRST_DATE`]). Afterwards it
//! still counts, from where it then was, and follows the system's clock slowly: no second is measured twice or left out.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{Clock, TickLength, UtcMillis};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::spool::{Spool, SpoolError};

/// Between two looks whether the clock is synchronised.
const LOOK: Duration = Duration::from_secs(5);
/// Between two steps after the system's clock.
const FOLLOW: Duration = Duration::from_secs(10);
/// How far one such step goes: a thousandth, which is less than what meters are off by.
const STEP_MILLIS: i64 = 10;
/// Somebody has set the clock if it is off by more.
const SET_MILLIS: i64 = 60_000;
/// For the system to say whether its clock is synchronised.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where systemd says that it has synchronised the clock since the start of the machine.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// 2026-01-01, before which there was no agent, and 2100-01-01.
const PLAUSIBLE: std::ops::Range<UtcMillis> = UtcMillis(1_767_225_600_000)..UtcMillis(4_102_444_800_000);
/// 2036-02-07T06:28:16Z, which is what a time server without the time says: the end of NTP's first era.
const NO_TIME: UtcMillis = UtcMillis(2_085_978_496_000);
const AROUND_NO_TIME_MILLIS: i64 = 3_600_000;

const NOT_YET: i64 = i64::MIN;

/// A clock that counts, provisionally until it is dated.
pub struct HubClock {
    system: Arc<dyn Clock>,
    /// Counts from the start of the machine, also while it sleeps.
    counting: Arc<dyn Clock>,
    boot: [u8; 16],
    /// What is added to `counting`.
    offset: AtomicI64,
}

impl HubClock {
    /// `boot` is another one after each start of the machine.
    pub fn new(system: Arc<dyn Clock>, counting: Arc<dyn Clock>, boot: [u8; 16]) -> Self {
        Self { system, counting, boot, offset: AtomicI64::new(NOT_YET) }
    }

    /// Of this machine.
    pub fn of_machine(system: Arc<dyn Clock>) -> std::io::Result<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let boot = boot.trim().parse::<uuid::Uuid>().map_err(std::io::Error::other)?;
        Ok(Self::new(system, Arc::new(service::clock::BootClock), boot.into_bytes()))
    }

    pub const fn boot(&self) -> [u8; 16] {
        self.boot
    }

    pub fn is_dated(&self) -> bool {
        self.offset.load(Ordering::Relaxed) != NOT_YET
    }

    /// What is to be added to provisional times, by the system's clock: a whole number of ticks, so that ticks stay ticks.
    /// It is rounded down: no tick of the past then covers one of the present.
    pub fn shift(&self, tick: TickLength) -> i64 {
        UtcMillis(self.true_offset()).floor_to(tick.millis_i64()).0
    }

    /// From now on the time is known.
    pub fn date(&self, shift_millis: i64) {
        self.offset.store(shift_millis, Ordering::Relaxed);
    }

    fn true_offset(&self) -> i64 {
        self.system.now().millis_since(self.counting.now())
    }

    /// One step towards the system's clock.
    fn approach(&self) {
        let offset = self.offset.load(Ordering::Relaxed);
        if offset == NOT_YET {
            return;
        }
        let behind = self.true_offset() - offset;
        if behind.abs() <= SET_MILLIS {
            self.date(offset + behind.clamp(-STEP_MILLIS, STEP_MILLIS));
        } else if is_believable(self.system.now()) {
            tracing::warn!(seconds = behind / 1_000, "the system's clock was set");
            self.date(offset + behind);
        }
    }

    /// Stays close to the system's clock, for ever.
    pub async fn follow(&self) -> std::convert::Infallible {
        loop {
            sleep(FOLLOW).await;
            self.approach();
        }
    }

    /// Returns when the system's clock is synchronised and what it says can be believed.
    pub async fn synchronised(&self) {
        let mut doubted = false;
        loop {
            if is_synchronised().await {
                let now = self.system.now();
                if is_believable(now) {
                    return;
                }
                if !std::mem::replace(&mut doubted, true) {
                    tracing::warn!("the clock is synchronised and says {now}, which is not believed");
                }
            }
            sleep(LOOK).await;
        }
    }
}

/// What a spool has without a date: of this start of the machine it waits or gets one, of others it never will.
pub(crate) async fn begin(
    time: Option<&HubClock>,
    spool: &Spool,
    tick: TickLength,
) -> Result<(), SpoolError> {
    let millis = spool.forget_other_boots(time.map_or([0; 16], HubClock::boot)).await?;
    if millis > 0 {
        tracing::error!(
            seconds = millis / 1_000,
            "what was measured since an earlier start of the machine is given up: nobody knew the time, and now nobody ever will"
        );
    }
    if let Some(time) = time
        && is_synchronised().await
        && is_believable(time.system.now())
    {
        spool.stamp(time.boot, time.shift(tick)).await?;
        time.date(time.true_offset());
    }
    Ok(())
}

impl Clock for HubClock {
    fn now(&self) -> UtcMillis {
        let counted = self.counting.now();
        match self.offset.load(Ordering::Relaxed) {
            NOT_YET => counted,
            offset => counted.plus_millis(offset),
        }
    }
}

/// Neither of another age nor what a server says that has no time.
fn is_believable(now: UtcMillis) -> bool {
    PLAUSIBLE.contains(&now) && now.millis_since(NO_TIME).abs() > AROUND_NO_TIME_MILLIS
}

/// Any of what sets clocks tells the kernel, and `timedatectl` asks it.
async fn is_synchronised() -> bool {
    if Path::new(SYNCHRONISED).exists() {
        return true;
    }
    let mut ask = Command::new("timedatectl");
    ask.args(["show", "--property=NTPSynchronized", "--value"]).kill_on_drop(true);
    match timeout(PATIENCE, ask.output()).await {
        Ok(Ok(output)) => output.stdout.trim_ascii() == b"yes",
        Ok(Err(error)) => {
            tracing::debug!(%error, "timedatectl cannot be asked");
            false
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::FakeClock;

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_rfc3339(text).unwrap()
    }

    fn hub_clock() -> (HubClock, Arc<FakeClock>, Arc<FakeClock>) {
        let (system, counting) =
            (Arc::new(FakeClock::at(UtcMillis(0))), Arc::new(FakeClock::at(UtcMillis(90_500))));
        (HubClock::new(system.clone(), counting.clone(), [7; 16]), system, counting)
    }

    #[test]
    fn it_counts_until_it_is_dated_and_then_stays_behind_by_less_than_a_tick() {
        let (clock, system, counting) = hub_clock();
        assert_eq!((clock.now(), clock.is_dated()), (UtcMillis(90_500), false));
        counting.advance_millis(1_000);
        system.set(at("2026-11-28T12:00:03.200Z"));
        assert_eq!(clock.now(), UtcMillis(91_500));
        let shift = clock.shift(TickLength::DEFAULT);
        assert_eq!(shift % TickLength::DEFAULT.millis_i64(), 0);
        clock.date(shift);
        let behind = system.now().millis_since(clock.now());
        assert!((0..10_000).contains(&behind), "{behind}");
    }

    #[test]
    fn it_follows_slowly_unless_the_clock_was_set() {
        let (clock, system, counting) = hub_clock();
        clock.approach();
        assert!(!clock.is_dated());
        system.set(at("2026-11-28T12:00:00Z"));
        clock.date(clock.shift(TickLength::DEFAULT));
        let mut before = clock.now();
        for _ in 0..1_000 {
            counting.advance_millis(10_000);
            system.advance_millis(10_000);
            clock.approach();
            let step = clock.now().millis_since(before);
            assert!((9_990..=10_010).contains(&step), "{step}");
            before = clock.now();
        }
        assert_eq!(clock.now(), system.now());
        system.advance_millis(3_600_000);
        clock.approach();
        assert_eq!(clock.now(), system.now());
        system.set(at("2036-02-07T06:30:00Z"));
        clock.approach();
        assert!(clock.now() < at("2027-01-01T00:00:00Z"));
    }

    #[test]
    fn a_time_of_another_age_is_not_believed() {
        for good in ["2026-11-28T12:00:00Z", "2036-02-08T00:00:00Z", "2099-12-31T00:00:00Z"] {
            assert!(is_believable(at(good)), "{good}");
        }
        for bad in
            ["1970-01-01T00:00:00Z", "2025-12-31T00:00:00Z", "2036-02-07T06:28:16Z", "2100-01-01T00:00:00Z"]
        {
            assert!(!is_believable(at(bad)), "{bad}");
        }
    }
}
