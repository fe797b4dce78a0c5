//! How far it is, for whoever watches: a bar on a terminal, a line now and then otherwise.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

const BAR: u32 = 24;
const LINE_EVERY: Duration = Duration::from_secs(5);
/// The rate shown is that of the last moments.
const RATE_OVER: Duration = Duration::from_secs(2);

/// What there is to show.
#[derive(Clone, Copy, Debug)]
pub struct Reached<'a> {
    pub confirmed: u64,
    pub of_containers: Option<u64>,
    pub elapsed: Duration,
    pub of_time: Option<Duration>,
    pub trouble: Option<&'a str>,
}

#[derive(Debug)]
pub struct Progress {
    is_terminal: bool,
    shown: Duration,
    measured: (Duration, u64),
    rate: f64,
}

impl Progress {
    /// To standard error.
    pub fn new() -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            shown: Duration::ZERO,
            measured: (Duration::ZERO, 0),
            rate: 0.0,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
    pub(crate) fn show(&mut self, reached: &Reached<'_>) {
        let (since, before) = self.measured;
        let time = reached.elapsed.saturating_sub(since);
        if time >= RATE_OVER {
            let newly = reached.confirmed.saturating_sub(before) as f64;
            self.rate = newly / time.as_secs_f64();
            self.measured = (reached.elapsed, reached.confirmed);
        }
        if !self.is_terminal && reached.elapsed.saturating_sub(self.shown) < LINE_EVERY {
            return;
        }
        self.shown = reached.elapsed;
        let line = line(reached, self.rate);
        // Nobody watches any more, and the work goes on.
        if self.is_terminal {
            write!(io::stderr().lock(), "\r\x1b[K{line}").ok();
        } else {
            writeln!(io::stderr().lock(), "{line}").ok();
        }
    }

    pub(crate) fn end(self) {
        if self.is_terminal {
            write!(io::stderr().lock(), "\r\x1b[K").ok();
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bar for the eye"
)]
fn line(reached: &Reached<'_>, rate: f64) -> String {
    let of_containers = reached.of_containers.map(|all| reached.confirmed as f64 / all.max(1) as f64);
    let of_time = reached.of_time.map(|all| reached.elapsed.as_secs_f64() / all.as_secs_f64().max(0.001));
    let done = of_containers.into_iter().chain(of_time).fold(0.0, f64::max).min(1.0);
    let mut line = String::new();
    if of_containers.is_some() || of_time.is_some() {
        let full = (done * f64::from(BAR)) as usize;
        let left = match (reached.of_containers, reached.of_time) {
            (Some(all), _) if rate > 0.0 => (all.saturating_sub(reached.confirmed) as f64 / rate) as u64,
            (_, Some(all)) => all.saturating_sub(reached.elapsed).as_secs(),
            _ => 0,
        };
        let empty = BAR as usize - full;
        let clock = format!("{}:{:02}", left / 60, left % 60);
        write!(line, "{}{} {:3.0} %, {clock} to go, ", "█".repeat(full), "·".repeat(empty), done * 100.0)
            .ok();
    }
    write!(line, "{} confirmed, {rate:.0}/s", reached.confirmed).ok();
    if let Some(trouble) = reached.trouble {
        write!(line, " ({trouble})").ok();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(of_containers: Option<u64>, of_time: Option<u64>) -> Reached<'static> {
        Reached {
            confirmed: 500,
            of_containers,
            elapsed: Duration::from_secs(10),
            of_time: of_time.map(Duration::from_secs),
            trouble: None,
        }
    }

    #[test]
    fn it_tells_how_long_it_will_take() {
        assert_eq!(
            line(&reached(Some(1_000), None), 50.0),
            "████████████············  50 %, 0:10 to go, 500 confirmed, 50/s"
        );
        assert!(line(&reached(None, Some(100)), 50.0).contains(" 10 %, 1:30 to go"));
        assert_eq!(line(&reached(None, None), 50.0), "500 confirmed, 50/s");
    }

    #[test]
    fn it_tells_what_is_wrong() {
        let reached = Reached { trouble: Some("the broker is gone"), ..reached(None, None) };
        assert!(line(&reached, 0.0).ends_with("(the broker is gone)"));
    }
}
