//! One row of a trace: `DD/MM/YYYY HH:MM:SS;P1;P8`.

use domain::Milliwatts;

/// As the file writes it.
pub(super) type DateText = [u8; 10];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) date: DateText,
    /// Of the local day.
    pub(super) second: u32,
    /// P1: the average of the last second.
    pub(super) power: Milliwatts,
}

/// The row in a line without its line end, or what is wrong with it.
pub(super) fn parse(line: &[u8]) -> Result<Row, &'static str> {
    let (Some(date), Some(rest)) = (line.first_chunk::<10>(), line.get(10..)) else {
        return Err("too short");
    };
    let Some((&[b' ', h1, h2, b':', m1, m2, b':', s1, s2, b';'], powers)) = rest.split_first_chunk::<10>()
    else {
        return Err("no time of day");
    };
    let (Some(hour), Some(minute), Some(second)) = (two(h1, h2), two(m1, m2), two(s1, s2)) else {
        return Err("no time of day");
    };
    if hour > 23 || minute > 59 || second > 59 {
        return Err("no such time of day");
    }
    let (power, rest) = watts(powers).ok_or("no power")?;
    // The second column is not used, but a row cut off in the middle of the first must not count.
    let complete = rest.strip_prefix(b";").and_then(watts).is_some_and(|(_, rest)| rest.is_empty());
    if !complete {
        return Err("cut off, or more than three columns");
    }
    Ok(Row { date: *date, second: hour * 3_600 + minute * 60 + second, power })
}

/// Day, month and year.
pub(super) fn date(text: &DateText) -> Option<(i8, i8, i16)> {
    let &[d1, d2, b'/', m1, m2, b'/', y1, y2, y3, y4] = text else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    Some((two(d1, d2)?.try_into().ok()?, two(m1, m2)?.try_into().ok()?, year.try_into().ok()?))
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// A decimal number at the beginning, and what follows it.
fn watts(text: &[u8]) -> Option<(Milliwatts, &[u8])> {
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut value = 0i64;
    let mut digits = 0;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        value = value * 10 + i64::from(digit - b'0');
        digits += 1;
        if digits > 9 {
            return None;
        }
        rest = after;
    }
    if digits == 0 {
        return None;
    }
    value *= 1_000;
    if let [b'.', fraction @ ..] = rest {
        rest = fraction;
        let mut place = 100;
        digits = 0;
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            value += i64::from(digit - b'0') * place;
            place /= 10;
            digits += 1;
            rest = after;
        }
        if digits == 0 {
            return None;
        }
    }
    Some((Milliwatts(if negative { -value } else { value }), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(second: u32, power: i64) -> Row {
        Row { date: *b"16/01/2012", second, power: Milliwatts(power) }
    }

    #[test]
    fn a_row_is_read() {
        assert_eq!(parse(b"16/01/2012 00:00:02;119;120"), Ok(row(2, 119_000)));
        assert_eq!(parse(b"16/01/2012 23:59:59;-5;0"), Ok(row(86_399, -5_000)));
        assert_eq!(parse(b"16/01/2012 01:00:00;0.1256;0.0"), Ok(row(3_600, 125)));
    }

    #[test]
    fn garbage_is_not_a_row() {
        for line in [
            "",
            "16/01/2012",
            "16/01/2012 00:00:02;119",
            "16/01/2012 00:00:02;119;",
            "16/01/2012 00:00:02;119;1;2",
            "16/01/2012 00:00:02;;1",
            "16/01/2012 00:00:02;-;1",
            "16/01/2012 00:00:02;1.;1",
            "16/01/2012 00:00:02;12 W;1",
            "16/01/2012 00:00:02;1234567890;1",
            "16/01/2012 24:00:00;1;1",
            "16/01/2012 00:60:00;1;1",
            "16/01/2012T00:00:00;1;1",
            "16/01/2012 0x:00:00;1;1",
        ] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn a_number_of_any_length_is_refused_and_not_computed() {
        for digits in [10, 19, 20, 21, 200] {
            let line = format!("16/01/2012 00:00:02;{};1", "9".repeat(digits));
            assert_eq!(parse(line.as_bytes()), Err("no power"), "{digits} digits");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(line in prop::collection::vec(any::<u8>(), 0..60)) {
            // Only that it returns.
            let _read = parse(&line);
        }

        #[test]
        fn what_is_written_is_read(second in 0u32..86_400, watts in -99_999i64..99_999) {
            let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
            let line = format!("16/01/2012 {h:02}:{m:02}:{s:02};{watts};{watts}");
            prop_assert_eq!(parse(line.as_bytes()), Ok(row(second, watts * 1_000)));
        }
    }
}
