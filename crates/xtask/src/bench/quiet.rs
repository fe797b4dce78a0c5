//! Whether anything else keeps the machine busy, for then figures say little.

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::{interrupt, process};

const LOOK: Duration = Duration::from_secs(1);
const LITTLE: f64 = 0.2;

/// How many cores are busy while we do nothing.
pub(super) fn cores_busy() -> anyhow::Result<f64> {
    let (began, before) = (Instant::now(), busy()?);
    interrupt::pass(LOOK)?;
    let cores = busy()?.saturating_sub(before).as_secs_f64() / began.elapsed().as_secs_f64();
    if cores > LITTLE {
        eprintln!("something else keeps {cores:.1} cores busy: the figures will be worse than they could be");
    }
    Ok(cores)
}

fn busy() -> anyhow::Result<Duration> {
    process::cpu_time_of_all().context("the machine does not tell how busy it is")
}
