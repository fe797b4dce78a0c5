//! Numbers of strangers, made into ours.

use domain::energy::{Microjoules, Milliwatts};

/// 1 kWh.
const MICROJOULES_PER_KWH: f64 = 3.6e12;
/// No counter of a home gets there: a gigawatt-hour.
const MOST_KWH: f64 = 1e6;
const MOST_WATTS: f64 = 1e9;

/// `None` for what is not a number, or no power at all.
pub(crate) fn watts(watts: f64) -> Option<Milliwatts> {
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e12")]
    (watts.abs() <= MOST_WATTS).then(|| Milliwatts((watts * 1_000.0).round() as i64))
}

/// `None` for what is not a number, or beyond any counter.
pub(crate) fn kilowatt_hours(kwh: f64) -> Option<Microjoules> {
    #[expect(clippy::cast_possible_truncation, reason = "at most 3.6e18")]
    (kwh.abs() <= MOST_KWH).then(|| Microjoules((kwh * MICROJOULES_PER_KWH).round() as i64))
}

/// What a calibrated meter reads. Saturates.
pub(crate) fn scaled(value: i64, scale: f64) -> i64 {
    #[expect(clippy::float_cmp, reason = "not calibrated is exactly this")]
    if scale == 1.0 {
        return value;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a meter has six digits"
    )]
    let scaled = (value as f64 * scale).round() as i64;
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_any_meter_are_none() {
        assert_eq!(watts(42.5), Some(Milliwatts(42_500)));
        assert_eq!(watts(-8_388_608.0), Some(Milliwatts(-8_388_608_000)), "that is for the rules to judge");
        assert_eq!(kilowatt_hours(0.001), Some(Microjoules(3_600_000_000)));
        for bad in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(watts(bad), None);
            assert_eq!(kilowatt_hours(-bad), None);
        }
    }
}
