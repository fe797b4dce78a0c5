//! Whether what is asked for is there at all.
//!
//! A hub of somebody else is refused with the same words as one that does not exist.

use domain::TimeRange;
use domain::rollup::Detail;
use service::problem::Problem;

use super::only::Only;
use super::question::fault;
use crate::gathering::GatherError;
use crate::home::Home;

/// So much of the past is looked at at once: a year.
const PIECE_MILLIS: i64 = 366 * 86_400_000;

/// The hub is or was the household's.
pub(crate) fn check_hub(home: &Home<'_>, only: &Only) -> Result<(), Problem> {
    match only.hub {
        Some(hub) if home.hubs.iter().all(|grant| grant.hub != hub) => {
            Err(fault("hub", "The household has no such hub."))
        }
        _ => Ok(()),
    }
}

/// The socket has a label, has handed its history on, or was measured once. To be asked when nothing was found of it:
/// the household's whole past may have to be looked through.
pub(crate) async fn check_socket(home: &Home<'_>, only: &Only) -> Result<(), Problem> {
    if only.socket.is_none() {
        return Ok(());
    }
    let labels = home.labels().await?;
    let successions = &home.settings.successions;
    let is_known = labels.keys().any(|key| only.holds(key.hub, key.socket))
        || successions.iter().any(|next| only.holds(next.hub, next.socket))
        || was_measured(home, only).await?;
    if is_known { Ok(()) } else { Err(fault("socket", "The household has no such socket.")) }
}

async fn was_measured(home: &Home<'_>, only: &Only) -> Result<bool, GatherError> {
    let mut first = home.now;
    for grant in home.hubs.iter().filter(|grant| only.is_of(grant.hub)) {
        if let Some(tick) = home.rollups.first_tick(grant.hub).await? {
            first = first.min(tick.max(grant.since));
        }
    }
    let mut end = home.now;
    while first < end {
        let piece = TimeRange::new(end.plus_millis(-PIECE_MILLIS), end);
        let gathered = home.gather(piece, Detail::Energy).await?;
        let mut usage = home.whole(&gathered, piece, None)?;
        only.keep_in(&mut usage);
        if !usage.sockets.is_empty() {
            return Ok(true);
        }
        end = piece.start;
    }
    Ok(false)
}
