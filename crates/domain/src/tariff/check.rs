//! What makes no sense in a list of tariffs, with the field that is at fault.

use super::{Band, Nano, Tariff, TimeOfDay, Weekday};

const QUARTER_MINUTES: u16 = 15;
/// Of a day.
pub(super) const QUARTERS: usize = 96;
pub(super) const MAX_TARIFFS: usize = 200;
const MAX_BANDS: usize = 50;
const MAX_NAME_CHARS: usize = 80;
/// A thousand of the currency's units for a kWh.
const MAX_PRICE: u64 = 1_000 * Nano::ONE.0.unsigned_abs();
const MAX_STANDING: i64 = 1_000_000 * Nano::ONE.0;

/// One thing that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Such as `tariffs[1].bands[0].from`.
    pub field: String,
    /// In one sentence.
    pub detail: String,
}

impl Fault {
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

/// The first fault of the tariffs, if there is one.
pub fn check(tariffs: &[Tariff]) -> Result<(), Fault> {
    if tariffs.len() > MAX_TARIFFS {
        return Err(Fault::new("tariffs", format!("There are at most {MAX_TARIFFS} tariffs.")));
    }
    for (n, tariff) in tariffs.iter().enumerate() {
        let path = format!("tariffs[{n}]");
        check_tariff(&path, tariff)?;
        if tariffs[..n].iter().any(|earlier| earlier.valid_from == tariff.valid_from) {
            let detail = format!("Two tariffs begin on {}.", tariff.valid_from);
            return Err(Fault::new(format!("{path}.valid_from"), detail));
        }
    }
    Ok(())
}

fn check_tariff(path: &str, tariff: &Tariff) -> Result<(), Fault> {
    check_name(&format!("{path}.name"), &tariff.name)?;
    if !(1970..=9000).contains(&tariff.valid_from.year()) {
        return Err(Fault::new(format!("{path}.valid_from"), "A tariff begins in a year from 1970 to 9000."));
    }
    if !(0..=MAX_STANDING).contains(&tariff.standing.0) {
        return Err(Fault::new(format!("{path}.standing_n"), "A standing charge is 0 to 1,000,000."));
    }
    if tariff.feed_in.is_some_and(|price| price.0.unsigned_abs() > MAX_PRICE) {
        return Err(Fault::new(format!("{path}.feed_in_n"), "A price is -1,000 to 1,000 for a kWh."));
    }
    if tariff.bands.is_empty() || tariff.bands.len() > MAX_BANDS {
        let detail = format!("A tariff has 1 to {MAX_BANDS} bands.");
        return Err(Fault::new(format!("{path}.bands"), detail));
    }
    for (n, band) in tariff.bands.iter().enumerate() {
        check_band(&format!("{path}.bands[{n}]"), band)?;
    }
    check_week(path, &tariff.bands)
}

fn check_band(path: &str, band: &Band) -> Result<(), Fault> {
    check_name(&format!("{path}.name"), &band.name)?;
    if band.price.0.unsigned_abs() > MAX_PRICE {
        return Err(Fault::new(format!("{path}.price_n"), "A price is -1,000 to 1,000 for a kWh."));
    }
    for (field, time) in [("from", band.from), ("to", band.to)] {
        if !time.minutes().is_multiple_of(QUARTER_MINUTES) {
            return Err(Fault::new(
                format!("{path}.{field}"),
                format!("{time} is not on a quarter of an hour."),
            ));
        }
    }
    if band.from == TimeOfDay::END {
        return Err(Fault::new(format!("{path}.from"), "A band begins before the day ends: 00:00 to 23:45."));
    }
    if band.from == band.to {
        return Err(Fault::new(format!("{path}.to"), "The band ends when it begins."));
    }
    if band.days.is_empty() {
        return Err(Fault::new(format!("{path}.days"), "A band has at least one weekday."));
    }
    for (n, day) in band.days.iter().enumerate() {
        if band.days[..n].contains(day) {
            return Err(Fault::new(format!("{path}.days"), format!("{day} is there twice.")));
        }
    }
    Ok(())
}

/// Every quarter hour of the week is in exactly one band.
fn check_week(path: &str, bands: &[Band]) -> Result<(), Fault> {
    let mut week: Vec<Option<usize>> = vec![None; 7 * QUARTERS];
    for (n, band) in bands.iter().enumerate() {
        for quarter in quarters_of(band) {
            if let Some(other) = week[quarter].replace(n) {
                let detail =
                    format!("{} is in {:?} and in {:?}.", moment(quarter), bands[other].name, bands[n].name);
                return Err(Fault::new(format!("{path}.bands[{n}].from"), detail));
            }
        }
    }
    match week.iter().position(Option::is_none) {
        Some(quarter) => {
            Err(Fault::new(format!("{path}.bands"), format!("No band holds on {}.", moment(quarter))))
        }
        None => Ok(()),
    }
}

fn moment(quarter: usize) -> String {
    let minutes = quarter % QUARTERS * usize::from(QUARTER_MINUTES);
    format!("{} at {:02}:{:02}", Weekday::ALL[quarter / QUARTERS], minutes / 60, minutes % 60)
}

/// The quarter hours of the week, from Monday 00:00, that the band holds in.
pub(super) fn quarters_of(band: &Band) -> impl Iterator<Item = usize> + '_ {
    let quarter = |time: TimeOfDay| usize::from(time.minutes() / QUARTER_MINUTES);
    let (from, mut to) = (quarter(band.from), quarter(band.to));
    if to <= from {
        to += QUARTERS;
    }
    band.days
        .iter()
        .flat_map(move |day| (from..to).map(move |n| (day.index() * QUARTERS + n) % (7 * QUARTERS)))
}

fn check_name(path: &str, name: &str) -> Result<(), Fault> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        let detail = format!("It must have 1 to {MAX_NAME_CHARS} characters, all of them printable.");
        return Err(Fault::new(path, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn band(from: &str, to: &str, days: &[&str]) -> Value {
        json!({ "name": format!("{from} to {to}"), "price_n": 300_000_000, "from": from, "to": to, "days": days })
    }

    const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    fn fault_of(bands: impl Into<Value>) -> Option<(String, String)> {
        let tariff = json!({ "valid_from": "2026-01-01", "name": "Home", "bands": bands.into() });
        let tariff: Tariff = serde_json::from_value(tariff).unwrap();
        check(&[tariff]).err().map(|fault| (fault.field, fault.detail))
    }

    fn field_of(bands: impl Into<Value>) -> Option<String> {
        fault_of(bands).map(|(field, _)| field)
    }

    #[test]
    fn a_day_in_bands_is_fine_also_over_midnight() {
        assert_eq!(fault_of(vec![band("00:00", "24:00", &WEEK)]), None);
        assert_eq!(fault_of(vec![band("07:00", "22:00", &WEEK), band("22:00", "07:00", &WEEK)]), None);
        let (workdays, weekend) = WEEK.split_at(5);
        assert_eq!(
            fault_of(vec![
                band("06:15", "22:00", workdays),
                band("22:00", "06:15", &["mon", "tue", "wed", "thu"]),
                band("22:00", "24:00", &["fri"]),
                band("00:00", "24:00", weekend),
                band("00:00", "06:15", &["mon"]),
            ]),
            None
        );
    }

    #[test]
    fn a_hole_and_an_overlap_are_named() {
        let (field, detail) = fault_of(vec![band("00:00", "23:45", &WEEK)]).unwrap();
        assert_eq!(
            (field.as_str(), detail.as_str()),
            ("tariffs[0].bands", "No band holds on Monday at 23:45.")
        );
        let (field, detail) =
            fault_of(vec![band("00:00", "24:00", &WEEK), band("12:00", "13:00", &["sun"])]).unwrap();
        assert_eq!(field, "tariffs[0].bands[1].from");
        assert!(detail.starts_with("Sunday at 12:00 is in "), "{detail}");
    }

    #[test]
    fn what_makes_no_sense_is_named_by_its_field() {
        let all = |from: &str, to: &str| field_of(vec![band(from, to, &WEEK)]);
        assert_eq!(all("00:10", "24:00").as_deref(), Some("tariffs[0].bands[0].from"));
        assert_eq!(all("00:00", "23:59").as_deref(), Some("tariffs[0].bands[0].to"));
        assert_eq!(all("08:00", "08:00").as_deref(), Some("tariffs[0].bands[0].to"));
        assert_eq!(all("24:00", "08:00").as_deref(), Some("tariffs[0].bands[0].from"));
        assert_eq!(field_of(Vec::<Value>::new()).as_deref(), Some("tariffs[0].bands"));
        let twice = band("00:00", "24:00", &["mon", "mon"]);
        assert_eq!(field_of(vec![twice]).as_deref(), Some("tariffs[0].bands[0].days"));
        assert_eq!(field_of(vec![band("00:00", "24:00", &[])]).as_deref(), Some("tariffs[0].bands[0].days"));
    }

    #[test]
    fn no_price_is_beyond_all_measure() {
        for price in [i64::MIN, i64::MAX, 1_000_000_000_001, -1_000_000_000_001] {
            let mut band = band("00:00", "24:00", &WEEK);
            band["price_n"] = json!(price);
            assert_eq!(field_of(vec![band]).as_deref(), Some("tariffs[0].bands[0].price_n"), "{price}");
        }
    }

    #[test]
    fn two_tariffs_do_not_begin_on_the_same_day() {
        let tariff =
            json!({ "valid_from": "2026-01-01", "name": "Home", "bands": [band("00:00", "24:00", &WEEK)] });
        let tariff: Tariff = serde_json::from_value(tariff).unwrap();
        assert_eq!(check(std::slice::from_ref(&tariff)), Ok(()));
        assert_eq!(check(&[tariff.clone(), tariff]).unwrap_err().field, "tariffs[1].valid_from");
    }
}
