//! What the demo's home pays.

use anyhow::Context as _;
use domain::calendar::Zone;
use domain::registry::{HomeSettings, Registry};
use domain::tariff::{Band, Nano, Period, Tariff, TimeOfDay, Weekday};
use domain::{HouseholdId, UtcMillis};

/// Thousandths of a euro.
const fn mills(count: i64) -> Nano {
    Nano(count * 1_000_000)
}

/// Sets prices and a budget where nobody has ever set anything.
pub(crate) async fn furnish(
    registry: &dyn Registry,
    household: HouseholdId,
    zone: &Zone,
    now: UtcMillis,
) -> anyhow::Result<()> {
    let known = registry.settings(household).await?;
    if known.revision == 0 {
        // Whoever is quicker knows better.
        registry.put_settings(household, known.revision, &settings(zone, now)?).await?;
    }
    Ok(())
}

/// By day and by night, from the beginning of last year on.
fn settings(zone: &Zone, now: UtcMillis) -> anyhow::Result<HomeSettings> {
    let today = zone.date_of(now).context("today is not in the calendar")?;
    let valid_from = today.first_of_year().yesterday()?.first_of_year();
    let band = |name: &str, price: Nano, from: &str, to: &str| -> anyhow::Result<Band> {
        let (from, to) = (TimeOfDay::try_from(from.to_owned())?, TimeOfDay::try_from(to.to_owned())?);
        Ok(Band { name: name.to_owned(), price, from, to, days: Weekday::ALL.to_vec() })
    };
    Ok(HomeSettings {
        budget: Some(mills(BUDGET)),
        tariffs: vec![Tariff {
            valid_from,
            name: "Day and night".to_owned(),
            bands: vec![
                band("Day", mills(339), "06:00", "22:00")?,
                band("Night", mills(267), "22:00", "06:00")?,
            ],
            standing: mills(12_900),
            standing_per: Period::Month,
            feed_in: None,
        }],
        ..HomeSettings::default()
    })
}

/// Thousandths of a euro a month: a little less than what the recorded home comes to.
const BUDGET: i64 = 130_000;

#[cfg(test)]
mod tests {
    use super::*;
    use domain::accounts::{Accounts as _, Household};

    #[test]
    fn its_prices_make_sense_and_hold_for_the_last_year_too() {
        let now = UtcMillis::parse_rfc3339("2026-12-31T23:30:00Z").unwrap();
        // In Berlin it is 2027 already.
        let settings = settings(&"Europe/Berlin".parse().unwrap(), now).unwrap();
        assert_eq!(settings.check(), Ok(()));
        assert_eq!(settings.tariffs[0].valid_from.to_string(), "2026-01-01");
    }

    #[tokio::test]
    async fn it_is_furnished_once_and_what_somebody_has_set_stays() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = sqlite::Accounts::open(folder.path().join("accounts.db")).await.unwrap();
        let (id, zone) = (HouseholdId::from_bytes([1; 16]), Zone::utc());
        let household = Household { id, name: "Home".to_owned(), zone: zone.clone() };
        accounts.put_household(&household).await.unwrap();
        let now = UtcMillis::parse_rfc3339("2026-07-01T00:00:00Z").unwrap();
        furnish(&accounts, id, &zone, now).await.unwrap();
        let first = accounts.settings(id).await.unwrap();
        assert_eq!((first.revision, first.settings), (1, settings(&zone, now).unwrap()));

        accounts.put_settings(id, 1, &HomeSettings::default()).await.unwrap().unwrap();
        furnish(&accounts, id, &zone, now).await.unwrap();
        let stored = accounts.settings(id).await.unwrap();
        assert_eq!((stored.revision, stored.settings), (2, HomeSettings::default()));
    }
}
