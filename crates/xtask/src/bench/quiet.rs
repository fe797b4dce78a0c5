//! Whether anything else keeps the machine busy, for then figures say little.

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::{interrupt, process};

const LOOK: Duration = Duration::from_secs(1);
const LITTLE: f64 = 0.2;

/// So many looks in a row at an idle machine say that what was under way is done.
const CALM_LOOKS: u32 = 5;

/// How many cores are busy while we do nothing.
pub(super) fn cores_busy() -> anyhow::Result<f64> {
    let cores = look()?;
    if cores > LITTLE {
        eprintln!("something else keeps {cores:.1} cores busy: the figures will be worse than they could be");
    }
    Ok(cores)
}

/// Waits until the servers have done what they do by themselves, such as compacting; at most so long, as something else
/// may go on for ever. Gives how long that took.
pub(super) fn until_calm(limit: Duration) -> anyhow::Result<Duration> {
    let (began, mut looks) = (Instant::now(), 0);
    while looks < CALM_LOOKS && began.elapsed() < limit {
        looks = if look()? > LITTLE { 0 } else { looks + 1 };
    }
    Ok(began.elapsed())
}

fn look() -> anyhow::Result<f64> {
    let (began, before) = (Instant::now(), busy()?);
    interrupt::pass(LOOK)?;
    Ok(busy()?.saturating_sub(before).as_secs_f64() / began.elapsed().as_secs_f64())
}

fn busy() -> anyhow::Result<Duration> {
    process::cpu_time_of_all().context("the machine does not tell how busy it is")
}
