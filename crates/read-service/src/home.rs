//! Who asks, and what is known of their home.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use domain::access::{AccessClaims, Scope};
use domain::accounts::AccountsError;
use domain::registry::{HomeSettings, SocketKey};
use domain::rollup::Detail;
use domain::tariff::Prices;
use domain::usage::Usage;
use domain::{HouseholdId, TimeRange, UtcMillis};
use http::StatusCode;
use http::request::Parts;
use service::problem::Problem;

use crate::Deps;
use crate::gathering::{GatherError, Gathered};
use crate::routes::{AppState, authorise};

/// Somebody who may see what the household in the path used.
pub(crate) struct Reader(pub(crate) Arc<AccessClaims>);

/// Somebody who may watch it live.
pub(crate) struct Viewer {
    pub(crate) claims: Arc<AccessClaims>,
    /// What says so.
    pub(crate) token: String,
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        granted(parts, state, Scope::Usage).await.map(|(claims, _)| Self(claims))
    }
}

impl FromRequestParts<AppState> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let (claims, token) = granted(parts, state, Scope::Live).await?;
        Ok(Self { claims, token: token.to_owned() })
    }
}

async fn granted<'a>(
    parts: &'a mut Parts,
    state: &AppState,
    scope: Scope,
) -> Result<(Arc<AccessClaims>, &'a str), Problem> {
    let Path(household) = Path::<HouseholdId>::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::new(StatusCode::NOT_FOUND).detail("There is no such household."))?;
    let (claims, token) = authorise(state, &parts.headers, household).await?;
    if !claims.allows(scope) {
        return Err(Problem::new(StatusCode::FORBIDDEN).detail("The access token is not for this."));
    }
    Ok((claims, token))
}

/// A household with its settings, at one moment, and who asks about it.
pub(crate) struct Home<'a> {
    pub(crate) deps: &'a Deps,
    pub(crate) claims: Arc<AccessClaims>,
    inner: insight::Home<'a>,
}

impl<'a> Deref for Home<'a> {
    type Target = insight::Home<'a>;

    fn deref(&self) -> &insight::Home<'a> {
        &self.inner
    }
}

impl<'a> Home<'a> {
    pub(crate) async fn open(deps: &'a Deps, claims: Arc<AccessClaims>) -> Result<Self, Problem> {
        let settings = deps.registry.settings(claims.household).await.map_err(|error| refused(&error))?;
        let inner = insight::Home {
            query: &*deps.query,
            rollups: &*deps.rollups,
            zone: claims.zone.clone(),
            hubs: claims.hubs.clone(),
            settings: settings.settings,
            now: deps.clock.now(),
        };
        Ok(Self { deps, claims, inner })
    }

    /// For an answer that outlives the request.
    pub(crate) fn into_parts(self) -> (Arc<AccessClaims>, HomeSettings, UtcMillis) {
        (self.claims, self.inner.settings, self.inner.now)
    }

    pub(crate) async fn gather(&self, range: TimeRange, detail: Detail) -> Result<Gathered, GatherError> {
        Ok(self.inner.gather(range, detail).await?)
    }

    /// The same, energy alone until `power_since`.
    pub(crate) async fn gather_with_power_since(
        &self,
        range: TimeRange,
        power_since: UtcMillis,
    ) -> Result<Gathered, GatherError> {
        Ok(self.inner.gather_with_power_since(range, power_since).await?)
    }

    /// Of `range` nothing but when its sockets were there.
    pub(crate) async fn sightings(&self, range: TimeRange) -> Result<Gathered, GatherError> {
        Ok(self.inner.sightings(range).await?)
    }

    /// What of it falls into the buckets between `edges`.
    pub(crate) fn usage(
        &self,
        gathered: &Gathered,
        edges: Vec<UtcMillis>,
        prices: Option<&Prices>,
    ) -> Result<Usage, GatherError> {
        Ok(self.inner.usage(gathered, edges, prices)?)
    }

    /// The same, and beside it the energy alone in other buckets of the same range.
    pub(crate) fn usage_and_energy(
        &self,
        gathered: &Gathered,
        edges: Vec<UtcMillis>,
        prices: Option<&Prices>,
        others: Vec<UtcMillis>,
    ) -> Result<(Usage, Usage), GatherError> {
        Ok(self.inner.usage_and_energy(gathered, edges, prices, others)?)
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
