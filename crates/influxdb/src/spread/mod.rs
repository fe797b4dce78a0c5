//! Several stores as one: hubs are spread over them, and a hub's days over those that had it.
//!
//! [`domain::placement`] says who has what. Whatever concerns one hub asks only those that may have something of it, which
//! is one, and two where the store of a hub changes within the range. One that is away holds up what it would have to take
//! or give, and all writes while it is one of those that take ticks now, as nothing may be lost: the others' too, until it is back.

mod query;
mod rollups;
mod write;

use std::sync::atomic::AtomicI32;

use domain::measurement::StoreError;
use domain::placement::Placement;

use crate::config::Config;
use crate::connection::BuildError;

/// The same port of every InfluxDB.
#[derive(Debug)]
pub struct Spread<T> {
    stores: Vec<Named<T>>,
    placement: Placement,
    /// The latest day of which ticks came to be written; none yet: [`NO_DAY`].
    latest: AtomicI32,
}

const NO_DAY: i32 = i32::MIN;

#[derive(Debug)]
struct Named<T> {
    name: String,
    store: T,
}

impl<T> Spread<T> {
    /// `open` is called for each store, with a configuration of that alone.
    pub fn over(
        config: &Config,
        open: impl Fn(&Config) -> Result<T, BuildError>,
    ) -> Result<Self, BuildError> {
        let placement = config.placement()?;
        let open = |(name, config): (String, Config)| Ok(Named { name, store: open(&config)? });
        Ok(Self {
            stores: config.each().into_iter().map(open).collect::<Result<_, BuildError>>()?,
            placement,
            latest: AtomicI32::new(NO_DAY),
        })
    }

    /// With the name of the store in what it said, where there are several.
    fn said<R>(&self, store: &Named<T>, answer: Result<R, StoreError>) -> Result<R, StoreError> {
        if self.stores.len() == 1 { answer } else { answer.map_err(|error| named(&store.name, error)) }
    }
}

impl Spread<crate::write::Writer> {
    /// Building it does no IO.
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Self::over(config, crate::write::Writer::new)
    }
}

impl Spread<crate::query::Reader> {
    /// Building it does no IO.
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Self::over(config, crate::query::Reader::new)
    }
}

impl Spread<crate::rollups::Rollups> {
    /// Building it does no IO.
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Self::over(config, crate::rollups::Rollups::new)
    }

    /// For who asks for the same pages over and over: those that were read are remembered, and given out as long as
    /// InfluxDB has them in this very version.
    pub fn remembering(config: &Config) -> Result<Self, BuildError> {
        Self::over(config, crate::rollups::Rollups::remembering)
    }
}

impl Spread<crate::erasure::Eraser> {
    /// Building it does no IO.
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Self::over(config, crate::erasure::Eraser::new)
    }
}

fn named(name: &str, mut error: StoreError) -> StoreError {
    let (StoreError::Unavailable { reason, .. }
    | StoreError::Unauthorised { reason, .. }
    | StoreError::Rejected { reason, .. }) = &mut error;
    reason.insert_str(0, &format!("{name}: "));
    error
}
