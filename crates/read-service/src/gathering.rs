//! Why there is no answer, as those who asked are told.

use domain::measurement::StoreError;
pub(crate) use insight::Gathered;
use service::problem::Problem;

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
            _ => Self::internal(&error),
        }
    }
}
