//! Meters that give a pulse for so much energy: S0 outputs, and the CF output of HLW8012 and BL0937.

use std::time::Duration;

use domain::energy::{Microjoules, Milliwatts};
use domain::metering::Reading;

const MICROJOULES_PER_KWH: f64 = 3.6e12;
/// Fewer a second are no flood, however little the socket can draw: a contact bounces, and a line hums at 50 or 60 Hz.
const LEAST_FLOOD: u64 = 100;

/// An S0 output: so many pulses are 1 kWh.
pub fn of_s0(impulses_per_kwh: f64) -> f64 {
    MICROJOULES_PER_KWH / impulses_per_kwh
}

/// HLW8012: `P = f · 2.43² · (divider / shunt) · 64 / 24 / 3,579,000`, so one pulse is what `f = 1 Hz` is in a second.
pub fn of_hlw8012(divider: f64, shunt_ohms: f64) -> f64 {
    2.43 * 2.43 * divider / shunt_ohms * 64.0 / 24.0 / 3_579_000.0 * 1e6
}

/// BL0937: `P = f · 1.218² · (divider / shunt) / 1,721,506`.
pub fn of_bl0937(divider: f64, shunt_ohms: f64) -> f64 {
    1.218 * 1.218 * divider / shunt_ohms / 1_721_506.0 * 1e6
}

/// So many pulses a second are the most that a meter gives: twice what they are when the socket draws all it can.
pub fn most_per_second(max_power: Milliwatts, energy_per_pulse: f64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 100 kW, over more than a microjoule"
    )]
    let most = (2.0 * max_power.0 as f64 * 1_000.0 / energy_per_pulse).ceil() as u64;
    most.max(LEAST_FLOOD)
}

/// Counts pulses.
#[derive(Clone, Debug)]
pub struct PulseCounter {
    /// µJ.
    energy_per_pulse: f64,
    /// Closer together they are one, whose contact bounces.
    bounce: Duration,
    pulses: u64,
    last: Option<Duration>,
    /// Of the pulses since the last reading: how many, and when the one before them was.
    fresh: u64,
    before: Option<Duration>,
    /// Between pulses, lately.
    period: Option<Duration>,
}

impl PulseCounter {
    /// `energy_per_pulse` in µJ.
    pub const fn new(energy_per_pulse: f64, bounce: Duration) -> Self {
        Self { energy_per_pulse, bounce, pulses: 0, last: None, fresh: 0, before: None, period: None }
    }

    /// A pulse, on any clock that only goes forward.
    pub fn pulse(&mut self, at: Duration) {
        if self.last.is_some_and(|last| at.saturating_sub(last) < self.bounce) {
            return;
        }
        if self.fresh == 0 {
            self.before = self.last;
        }
        self.pulses += 1;
        self.fresh += 1;
        self.last = Some(at);
    }

    /// Pulses since the last reading.
    pub const fn fresh(&self) -> u64 {
        self.fresh
    }

    /// What it stands at, and the power by how fast pulses come. Without one, the power can be no more than what the next
    /// would make it.
    pub fn read(&mut self, now: Duration) -> Reading {
        if let (Some(before), Some(last), 1..) = (self.before, self.last, self.fresh) {
            let count = u32::try_from(self.fresh).unwrap_or(u32::MAX);
            self.period = Some(last.saturating_sub(before) / count);
        }
        self.fresh = 0;
        let power = self.period.zip(self.last).and_then(|(period, last)| {
            let seconds = period.max(now.saturating_sub(last)).as_secs_f64();
            crate::quantity::watts(self.energy_per_pulse / 1e6 / seconds)
        });
        Reading { power, count: Some(self.energy()) }
    }

    fn energy(&self) -> Microjoules {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "saturates after ages"
        )]
        let energy = (self.pulses as f64 * self.energy_per_pulse).round() as i64;
        Microjoules(energy)
    }

    /// By how much it moves.
    pub fn resolution(energy_per_pulse: f64) -> Microjoules {
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let energy = energy_per_pulse.ceil() as i64;
        Microjoules(energy.max(1))
    }

    /// Whether so many pulses, those of a bouncing contact too, came within so long that no meter gives them.
    pub fn is_flood(pulses: u64, within: Duration, most_per_second: u64) -> bool {
        let millis = within.as_millis().max(100);
        u128::from(pulses) * 1_000 > u128::from(most_per_second) * millis
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_pulse_of_a_meter_with_1000_per_kwh_is_a_watt_hour() {
        let mut counter = PulseCounter::new(of_s0(1_000.0), millis(20));
        // 3,600 J every 3.6 s are 1,000 W.
        for n in 0..=10 {
            counter.pulse(millis(n * 3_600));
        }
        let reading = counter.read(millis(36_000));
        assert_eq!(reading.count, Some(Microjoules(11 * 3_600_000_000)));
        assert_eq!(reading.power, None, "of the first pulses nothing is known before them");
        counter.pulse(millis(39_600));
        assert_eq!(counter.read(millis(39_700)).power, Some(Milliwatts::from_watts(1_000)));
        assert_eq!(
            counter.read(millis(46_800)).power,
            Some(Milliwatts::from_watts(500)),
            "no pulse for 7.2 s"
        );
    }

    #[test]
    fn a_contact_that_bounces_is_one_pulse() {
        let mut counter = PulseCounter::new(of_s0(800.0), millis(20));
        for at in [1_000, 1_001, 1_003, 1_019, 4_000, 4_002] {
            counter.pulse(millis(at));
        }
        assert_eq!(counter.fresh(), 2);
    }

    #[test]
    fn the_chips_are_as_their_data_sheets_say() {
        // 230 V over 2,351 are 97.8 mV, 10 A through 1 mΩ are 10 mV: 2,300 W.
        let frequency = |per_pulse: f64| 2_300.0 / (per_pulse / 1e6);
        let (v2, v1) = (230.0 / 2_351.0, 10.0 * 0.001);
        let hlw = v1 * v2 * 48.0 / (2.43 * 2.43) * 3_579_000.0 / 128.0;
        assert!((frequency(of_hlw8012(2_351.0, 0.001)) - hlw).abs() < 1e-6, "{hlw}");
        let bl = 1_721_506.0 * v1 * v2 / (1.218 * 1.218);
        assert!((frequency(of_bl0937(2_351.0, 0.001)) - bl).abs() < 1e-6, "{bl}");
    }

    #[test]
    fn what_a_full_load_gives_is_no_flood_and_what_no_load_gives_is() {
        let second = millis(1_000);
        // 7,360 W are 32 A at 230 V.
        for (energy_per_pulse, watts) in [
            (of_bl0937(2_351.0, 0.001), 7_360),
            (of_bl0937(2_351.0, 0.001), 3_680),
            (of_hlw8012(2_351.0, 0.001), 3_680),
            (of_s0(10_000.0), 100_000),
        ] {
            let most = most_per_second(Milliwatts::from_watts(watts), energy_per_pulse);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "some thousand"
            )]
            let full = (watts as f64 * 1e6 / energy_per_pulse) as u64;
            assert!(!PulseCounter::is_flood(full, second, most), "{full} of {most}");
            assert!(PulseCounter::is_flood(full * 5 / 2 + 100, second, most), "{full} of {most}");
        }
        let most = most_per_second(Milliwatts::from_watts(3_680), of_s0(1_000.0));
        assert_eq!(most, 100, "a pulse a second, each with a contact that bounces");
    }
}
