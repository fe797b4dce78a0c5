//! Why there is no answer, as those who asked are told.

use domain::measurement::StoreError;
pub(crate) use insight::Gathered;
use service::problem::Problem;

/// The problem's type when too much is not rolled up yet.
const SUMMING_UP: &str = "urn:wattline:summing-up";

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct GatherError(#[from] insight::GatherError);

impl From<StoreError> for GatherError {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<GatherError> for Problem {
    fn from(error: GatherError) -> Self {
        match &error.0 {
            insight::GatherError::Store(StoreError::Unavailable { .. } | StoreError::Unauthorised { .. }) => {
                Self::unavailable(&error)
            }
            insight::GatherError::NotRolledUp { .. } => {
                let problem = Self::unavailable(&error)
                    .detail("So much came in just now that it is still being summed up. Please try again in a minute.");
                Self { kind: SUMMING_UP.to_owned(), ..problem }
            }
            _ => Self::internal(&error),
        }
    }
}
