//! The words and rules of Wattline: ids, ticks, joules, containers, days, and the ports that adapters fill.
//!
//! It must not know any IO: no sockets, no files, no database, no wall clock. Whatever can be said about
//! household energy without them is said here, once.

pub mod access;
pub mod accounts;
pub mod alerts;
pub mod audit;
pub mod batch;
pub mod calendar;
pub mod clock;
pub mod container;
pub mod energy;
pub mod erasure;
pub mod hubs;
pub mod identities;
pub mod ids;
pub mod live;
pub mod measurement;
pub mod members;
pub mod metering;
pub mod part;
pub mod personal_tokens;
pub mod placement;
pub mod presence;
pub mod registry;
pub mod rollup;
pub mod schema;
pub mod second_factor;
pub mod sensor;
pub mod tariff;
pub mod thinning;
pub mod ticker;
pub mod tickets;
pub mod time;
pub mod trace;
pub mod transport;
pub mod usage;

pub use batch::{TickBatch, Ticks};
pub use clock::Clock;
pub use container::{Container, SocketJoules, TickEnergy};
pub use energy::{Joules, Milliwatts};
pub use ids::{HouseholdId, HubId, PersonId, SocketNumber};
pub use time::{TickLength, TimeRange, UtcMillis};
