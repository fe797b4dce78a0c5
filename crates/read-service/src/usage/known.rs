//! Whether what is asked for is there at all.
//!
//! A hub of somebody else is refused with the same words as one that does not exist.

use domain::rollup::Detail;
use domain::{HubId, TimeRange};
use service::problem::Problem;

use super::question::{Question, fault};
use crate::gathering::GatherError;
use crate::home::Home;

/// So much of the past is looked at at once: a year.
const PIECE_MILLIS: i64 = 366 * 86_400_000;

/// The hub is or was the household's.
pub(super) fn check_hub(home: &Home<'_>, question: &Question) -> Result<(), Problem> {
    match question.hub {
        Some(hub) if home.hubs.iter().all(|grant| grant.hub != hub) => {
            Err(fault("hub", "The household has no such hub."))
        }
        _ => Ok(()),
    }
}

/// The socket has a label, has handed its history on, or was measured once. To be asked when nothing was found of it:
/// the household's whole past may have to be looked through.
pub(super) async fn check_socket(home: &Home<'_>, question: &Question) -> Result<(), Problem> {
    let Some(socket) = question.socket else { return Ok(()) };
    let is_asked = |hub: HubId| question.hub.is_none_or(|asked| asked == hub);
    let labels = home.labels().await?;
    let successions = &home.settings.successions;
    let is_known = labels.keys().any(|key| key.socket == socket && is_asked(key.hub))
        || successions.iter().any(|next| next.socket == socket && is_asked(next.hub))
        || was_measured(home, question).await?;
    if is_known { Ok(()) } else { Err(fault("socket", "The household has no such socket.")) }
}

async fn was_measured(home: &Home<'_>, question: &Question) -> Result<bool, GatherError> {
    let mut first = home.now;
    for grant in home.hubs.iter().filter(|grant| question.hub.is_none_or(|hub| hub == grant.hub)) {
        if let Some(tick) = home.rollups.first_tick(grant.hub).await? {
            first = first.min(tick.max(grant.since));
        }
    }
    let mut end = home.now;
    while first < end {
        let piece = TimeRange::new(end.plus_millis(-PIECE_MILLIS), end);
        let gathered = home.gather(piece, Detail::Energy).await?;
        let mut usage = home.whole(&gathered, piece, None)?;
        question.keep_what_is_asked(&mut usage);
        if !usage.sockets.is_empty() {
            return Ok(true);
        }
        end = piece.start;
    }
    Ok(false)
}
