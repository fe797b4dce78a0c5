//! Who asks, and what is known of their home.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Path};
use domain::access::{AccessClaims, Scope};
use domain::accounts::AccountsError;
use domain::calendar::{QUARTER_HOUR_MILLIS, Zone};
use domain::registry::{HomeSettings, SocketKey};
use domain::rollup::Detail;
use domain::tariff::{Prices, Tariff};
use domain::usage::{Usage, UsageBuilder};
use domain::{HouseholdId, TimeRange, UtcMillis};
use http::StatusCode;
use http::request::Parts;
use jiff::civil::Date;
use service::problem::Problem;

use crate::Deps;
use crate::gathering::{GatherError, Gathered, gather};
use crate::routes::{AppState, authorise};

/// Somebody who may see what the household in the path used.
pub(crate) struct Reader(pub(crate) AccessClaims);

/// Somebody who may watch it live.
pub(crate) struct Viewer(pub(crate) AccessClaims);

impl FromRequestParts<AppState> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        granted(parts, state, Scope::Usage).await.map(Self)
    }
}

impl FromRequestParts<AppState> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        granted(parts, state, Scope::Live).await.map(Self)
    }
}

async fn granted(parts: &mut Parts, state: &AppState, scope: Scope) -> Result<AccessClaims, Problem> {
    let Path(household) = Path::<HouseholdId>::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::new(StatusCode::NOT_FOUND).detail("There is no such household."))?;
    let claims = authorise(&state.deps.tokens, &parts.headers, household).await?;
    if !claims.allows(scope) {
        return Err(Problem::new(StatusCode::FORBIDDEN).detail("The access token is not for this."));
    }
    Ok(claims)
}

/// A household with its settings, at one moment.
pub(crate) struct Home<'a> {
    pub(crate) deps: &'a Deps,
    pub(crate) claims: AccessClaims,
    pub(crate) settings: HomeSettings,
    pub(crate) now: UtcMillis,
}

impl<'a> Home<'a> {
    pub(crate) async fn open(deps: &'a Deps, claims: AccessClaims) -> Result<Self, Problem> {
        let settings = deps.registry.settings(claims.household).await.map_err(|error| refused(&error))?;
        Ok(Self { deps, now: deps.clock.now(), settings: settings.settings, claims })
    }

    pub(crate) fn zone(&self) -> &Zone {
        &self.claims.zone
    }

    /// `None` without a tariff: then nothing is said about costs.
    pub(crate) fn currency(&self) -> Option<String> {
        (!self.settings.tariffs.is_empty()).then(|| self.settings.currency.as_str().to_owned())
    }

    /// `None` without a tariff.
    pub(crate) fn prices(&self, range: TimeRange) -> Option<Prices> {
        let tariffs = &self.settings.tariffs;
        (!tariffs.is_empty()).then(|| Prices::new(tariffs, self.zone(), range))
    }

    /// The tariff that holds now, as if it always had.
    pub(crate) fn present_tariff(&self) -> Option<Tariff> {
        let today = self.zone().date_of(self.now)?;
        let begun = self.settings.tariffs.iter().filter(|tariff| tariff.valid_from <= today);
        let present = begun.max_by_key(|tariff| tariff.valid_from)?;
        Some(Tariff { valid_from: Date::constant(1970, 1, 1), ..present.clone() })
    }

    pub(crate) async fn gather(&self, range: TimeRange, detail: Detail) -> Result<Gathered, GatherError> {
        // What is to come need not be looked for: a month may have weeks of it. Hubs' clocks may be ahead a little.
        let soon = self.now.plus_millis(QUARTER_HOUR_MILLIS).ceil_to(QUARTER_HOUR_MILLIS);
        let past = TimeRange::new(range.start, range.end.min(soon));
        gather(&*self.deps.query, &*self.deps.rollups, &self.claims.hubs, past, detail).await
    }

    /// What of it falls into the buckets between `edges`.
    pub(crate) fn usage(
        &self,
        gathered: &Gathered,
        edges: Vec<UtcMillis>,
        prices: Option<&Prices>,
    ) -> Result<Usage, GatherError> {
        let mut builder = UsageBuilder::new(edges, self.now).for_home(&self.settings);
        if gathered.detail() == Detail::Energy {
            builder = builder.energy_only();
        }
        if let Some(prices) = prices {
            builder = builder.priced(prices);
        }
        gathered.add_to(&mut builder)?;
        Ok(builder.finish())
    }

    /// The whole range as one bucket.
    pub(crate) fn whole(
        &self,
        gathered: &Gathered,
        range: TimeRange,
        prices: Option<&Prices>,
    ) -> Result<Usage, GatherError> {
        self.usage(gathered, vec![range.start, range.end], prices)
    }

    /// The name and the room of each socket that has a label.
    pub(crate) async fn labels(&self) -> Result<BTreeMap<SocketKey, Label>, Problem> {
        let sockets = self.deps.registry.home_sockets(self.claims.household).await;
        let sockets = sockets.map_err(|error| refused(&error))?;
        let label = |socket: domain::registry::HomeSocket| {
            let key = SocketKey { hub: socket.hub, socket: socket.label.number };
            (key, Label { name: socket.label.name, room: socket.label.room })
        };
        Ok(sockets.into_iter().map(label).collect())
    }
}

/// What people call a socket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) room: Option<String>,
}

fn refused(error: &AccountsError) -> Problem {
    match error {
        AccountsError::Unavailable { .. } => Problem::unavailable(error),
        _ => Problem::internal(error),
    }
}
