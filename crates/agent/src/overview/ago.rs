//! Times and sizes for people.

use std::fmt;

use domain::UtcMillis;

/// A length of time in its two largest units.
pub(super) struct Span(pub(super) i64);

/// From `then` to `now`; a clock that was set back makes it 0.
pub(super) fn since(then: UtcMillis, now: UtcMillis) -> Span {
    Span(now.millis_since(then).max(0))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0 / 1_000;
        let (minutes, hours, days) = (secs / 60, secs / 3_600, secs / 86_400);
        match () {
            () if secs < 60 => write!(f, "{secs} s"),
            () if minutes < 60 => write!(f, "{minutes} min {} s", secs % 60),
            () if hours < 24 => write!(f, "{hours} h {} min", minutes % 60),
            () => write!(f, "{days} d {} h", hours % 24),
        }
    }
}

/// A number of bytes.
pub(super) struct Bytes(pub(super) u64);

impl fmt::Display for Bytes {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ ..1_000 => write!(f, "{bytes} B"),
            bytes @ ..1_000_000 => write!(f, "{:.1} kB", bytes as f64 / 1e3),
            bytes => write!(f, "{:.1} MB", bytes as f64 / 1e6),
        }
    }
}

/// Watts; nothing where nothing is known.
pub(super) struct Watts(pub(super) Option<f64>);

impl fmt::Display for Watts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(watts) if watts.abs() < 10.0 => f.pad(&format!("{watts:.1} W")),
            Some(watts) => f.pad(&format!("{watts:.0} W")),
            None => f.pad("–"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_said_in_units_that_fit() {
        let spans = [(-5, "0 s"), (59_999, "59 s"), (61_000, "1 min 1 s"), (3_600_000, "1 h 0 min")];
        for (millis, text) in spans {
            assert_eq!(since(UtcMillis(0), UtcMillis(millis)).to_string(), text);
        }
        assert_eq!(Span(90_000_000).to_string(), "1 d 1 h");
        let sizes = [(999, "999 B"), (1_000, "1.0 kB"), (268_435_456, "268.4 MB")];
        for (bytes, text) in sizes {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        let powers = [(Some(0.44), "0.4 W"), (Some(-1_499.6), "-1500 W"), (None, "–")];
        for (watts, text) in powers {
            assert_eq!(Watts(watts).to_string(), text);
        }
    }
}
