//! The settings in JSON. Named as in `domain`, so that the path of what serde refuses is that of what `check` refuses.

use domain::accounts::Household;
use domain::calendar::Zone;
use domain::registry::{Currency, HomeSettings, StoredSettings, Succession};
use domain::tariff::{Band, Nano, Period, Tariff, TimeOfDay, Weekday};
use domain::{HouseholdId, HubId, SocketNumber};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::alerts::AlertSettingsBody;

/// What can be set for a home. Money is in billionths of the currency's unit.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Settings)]
pub(in crate::http) struct SettingsBody {
    /// How many times it was set.
    #[schema(minimum = 0)]
    revision: i64,
    /// Of the household.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// An IANA time zone.
    #[schema(value_type = String, example = "Europe/Berlin")]
    zone: Zone,
    /// ISO 4217.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Currency,
    /// For a month.
    #[schema(value_type = Option<i64>, required = true, minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    budget_n: Option<Nano>,
    /// Each holds from its day until that of the next.
    #[schema(max_items = 200)]
    tariffs: Vec<TariffBody>,
    /// Which plug carries on for which.
    #[schema(max_items = 500)]
    successions: Vec<SuccessionBody>,
    alerts: AlertSettingsBody,
}

/// Prices that hold from a day on.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Tariff)]
struct TariffBody {
    /// The first local day.
    #[schema(value_type = String, format = Date, example = "2026-01-01")]
    valid_from: Date,
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// Each quarter hour of the week is in exactly one.
    #[schema(min_items = 1, max_items = 50)]
    bands: Vec<BandBody>,
    /// What is to be paid without using anything.
    #[serde(default)]
    #[schema(value_type = i64, required = true, minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    standing_n: Nano,
    #[serde(default)]
    #[schema(schema_with = periods, required = true)]
    standing_per: Period,
    /// What a kWh earns that is fed in; without it nothing.
    #[schema(value_type = Option<i64>, required = true, minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64)]
    feed_in_n: Option<Nano>,
}

/// A price at some hours of some weekdays.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Band)]
struct BandBody {
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// Of a kWh.
    #[schema(value_type = i64, minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64)]
    price_n: Nano,
    /// On a quarter of an hour.
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):(00|15|30|45)$", example = "06:00")]
    from: TimeOfDay,
    /// Not included. Before `from` when the band goes over midnight, into the next day.
    #[schema(value_type = String, pattern = "^(([01][0-9]|2[0-3]):(00|15|30|45)|24:00)$", example = "24:00")]
    to: TimeOfDay,
    #[schema(schema_with = weekdays)]
    days: Vec<Weekday>,
}

/// What one socket measured is shown as another's.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Succession)]
struct SuccessionBody {
    #[schema(value_type = uuid::Uuid)]
    hub: HubId,
    #[schema(value_type = u8, maximum = 63)]
    socket: SocketNumber,
    #[schema(value_type = uuid::Uuid)]
    into_hub: HubId,
    #[schema(value_type = u8, maximum = 63)]
    into_socket: SocketNumber,
    /// In Unix seconds, a whole quarter hour: what was measured before. Without it everything.
    #[schema(required = true)]
    until: Option<i64>,
}

fn periods() -> utoipa::openapi::Schema {
    let periods = crate::http::openapi::one_of([Period::Day, Period::Month, Period::Year]);
    periods.description(Some("For how long the standing charge is.")).into()
}

fn weekdays() -> utoipa::openapi::Schema {
    crate::http::openapi::some_of(Weekday::ALL).into()
}

impl SettingsBody {
    pub(super) fn new(household: Household, stored: StoredSettings) -> Self {
        let StoredSettings { revision, settings } = stored;
        let HomeSettings { currency, budget, tariffs, successions, alerts } = settings;
        Self {
            revision,
            name: household.name,
            zone: household.zone,
            currency,
            budget_n: budget,
            tariffs: tariffs.into_iter().map(TariffBody::from).collect(),
            successions: successions.into_iter().map(SuccessionBody::from).collect(),
            alerts: alerts.into(),
        }
    }

    pub(super) fn of(self, id: HouseholdId) -> (Household, StoredSettings) {
        let Self { revision, name, zone, currency, budget_n: budget, tariffs, successions, alerts } = self;
        let tariffs = tariffs.into_iter().map(Tariff::from).collect();
        let successions = successions.into_iter().map(Succession::from).collect();
        let settings = HomeSettings { currency, budget, tariffs, successions, alerts: alerts.into() };
        (Household { id, name, zone }, StoredSettings { revision, settings })
    }
}

impl From<Tariff> for TariffBody {
    fn from(tariff: Tariff) -> Self {
        let Tariff { valid_from, name, bands, standing, standing_per, feed_in } = tariff;
        let bands = bands.into_iter().map(BandBody::from).collect();
        Self { valid_from, name, bands, standing_n: standing, standing_per, feed_in_n: feed_in }
    }
}

impl From<TariffBody> for Tariff {
    fn from(body: TariffBody) -> Self {
        let TariffBody { valid_from, name, bands, standing_n, standing_per, feed_in_n } = body;
        let bands = bands.into_iter().map(Band::from).collect();
        Self { valid_from, name, bands, standing: standing_n, standing_per, feed_in: feed_in_n }
    }
}

impl From<Band> for BandBody {
    fn from(band: Band) -> Self {
        let Band { name, price, from, to, days } = band;
        Self { name, price_n: price, from, to, days }
    }
}

impl From<BandBody> for Band {
    fn from(body: BandBody) -> Self {
        let BandBody { name, price_n, from, to, days } = body;
        Self { name, price: price_n, from, to, days }
    }
}

impl From<Succession> for SuccessionBody {
    fn from(succession: Succession) -> Self {
        let Succession { hub, socket, into_hub, into_socket, until } = succession;
        Self { hub, socket, into_hub, into_socket, until }
    }
}

impl From<SuccessionBody> for Succession {
    fn from(body: SuccessionBody) -> Self {
        let SuccessionBody { hub, socket, into_hub, into_socket, until } = body;
        Self { hub, socket, into_hub, into_socket, until }
    }
}
