//! How a row is written.

use std::fmt::Write as _;

use domain::UtcMillis;
use domain::calendar::Zone;
use serde::Serialize;
use utoipa::ToSchema;

/// One row: what one socket used in one bucket. A bucket without a measurement has no row, but when gaps are asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportRow<'a> {
    /// In the household's zone, RFC 3339.
    pub(super) start: &'a str,
    pub(super) hub: uuid::Uuid,
    #[schema(maximum = 63)]
    pub(super) socket: u8,
    pub(super) name: Option<&'a str>,
    pub(super) room: Option<&'a str>,
    /// Joules; null is a gap.
    pub(super) energy_j: Option<i64>,
    /// 0 to 1.
    pub(super) coverage: f64,
    /// Billionths of the currency's unit; null for a gap, and where no tariff holds. There when costs are asked for.
    #[schema(value_type = Option<i64>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "not asked for, not known, and known are three")]
    pub(super) cost_n: Option<Option<i64>>,
    /// ISO 4217; there when costs are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) currency: Option<&'a str>,
}

/// The first line of a CSV file. With a currency there are costs.
pub(super) fn head(currency: Option<&str>, text: &mut String) {
    text.push_str("start,hub,socket,name,room,energy_wh,coverage");
    if let Some(currency) = currency {
        text.push_str(",cost_");
        text.push_str(&currency.to_ascii_lowercase());
    }
    text.push_str("\r\n");
}

impl ExportRow<'_> {
    pub(super) fn as_csv(&self, text: &mut String) {
        // Writing into a string does not fail.
        let _infallible = write!(text, "{},{},{},", self.start, self.hub, self.socket);
        quoted(self.name.unwrap_or_default(), text);
        text.push(',');
        quoted(self.room.unwrap_or_default(), text);
        text.push(',');
        if let Some(joules) = self.energy_j {
            // 3,600 J are a Wh; four places say each joule.
            let tenths_of_milli = (u128::from(joules.unsigned_abs()) * 10_000 + 1_800) / 3_600;
            decimal(joules < 0, tenths_of_milli, 4, text);
        }
        let _infallible = write!(text, ",{}", self.coverage);
        if let Some(cost) = self.cost_n {
            text.push(',');
            if let Some(nano) = cost {
                decimal(nano < 0, u128::from(nano.unsigned_abs()), 9, text);
            }
        }
        text.push_str("\r\n");
    }
}

/// `amount` is in units of the last of so many places.
fn decimal(is_negative: bool, amount: u128, places: usize, text: &mut String) {
    let digits = format!("{amount:0width$}", width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    text.push_str(if is_negative { "-" } else { "" });
    text.push_str(whole);
    text.push('.');
    text.push_str(part);
}

/// A name that begins like a formula would be one to a spreadsheet.
fn quoted(name: &str, text: &mut String) {
    let formula = name.starts_with(['=', '+', '-', '@', '\t']);
    if !formula && !name.contains([',', '"', '\r', '\n']) {
        text.push_str(name);
        return;
    }
    text.push('"');
    text.push_str(if formula { "'" } else { "" });
    text.push_str(&name.replace('"', "\"\""));
    text.push('"');
}

pub(super) fn local(zone: &Zone, at: UtcMillis) -> String {
    at.to_jiff()
        .map(|instant| instant.to_zoned(zone.tz().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
        .unwrap_or_default()
}

pub(super) fn file_date(zone: &Zone, at: UtcMillis) -> String {
    zone.date_of(at).map(|date| date.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::option_option, reason = "as of a row")]
    fn csv(name: &str, energy_j: impl Into<Option<i64>>, cost_n: Option<Option<i64>>) -> String {
        let row = ExportRow {
            start: "2026-01-01T00:00:00+01:00",
            hub: uuid::Uuid::nil(),
            socket: 7,
            name: Some(name),
            room: None,
            energy_j: energy_j.into(),
            coverage: 0.5,
            cost_n,
            currency: None,
        };
        let mut text = String::new();
        row.as_csv(&mut text);
        text.rsplit_once(",7,").unwrap().1.trim_end().to_owned()
    }

    #[test]
    fn a_row_keeps_each_joule_and_quotes_what_needs_it() {
        assert_eq!(csv("Fridge", 3_600, None), "Fridge,,1.0000,0.5");
        assert_eq!(csv("Fridge", 1, None), "Fridge,,0.0003,0.5");
        assert_eq!(csv("Solar", -5_400, None), "Solar,,-1.5000,0.5");
        assert_eq!(csv("TV, \"big\"", 0, None), "\"TV, \"\"big\"\"\",,0.0000,0.5");
        assert_eq!(csv("=1+1", 0, None), "\"'=1+1\",,0.0000,0.5");
    }

    #[test]
    fn a_cost_is_exact_and_what_is_not_known_is_empty() {
        assert_eq!(csv("Fridge", 3_600, Some(Some(34_000_001))), "Fridge,,1.0000,0.5,0.034000001");
        assert_eq!(csv("Solar", -3_600, Some(Some(-1_082_000_000))), "Solar,,-1.0000,0.5,-1.082000000");
        assert_eq!(csv("Fridge", 3_600, Some(None)), "Fridge,,1.0000,0.5,");
        assert_eq!(csv("Fridge", None, Some(None)), "Fridge,,,0.5,");
        let mut text = String::new();
        head(Some("EUR"), &mut text);
        assert_eq!(text, "start,hub,socket,name,room,energy_wh,coverage,cost_eur\r\n");
    }
}
