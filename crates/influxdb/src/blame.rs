//! Which of the lines that were sent a rejection is about.
//!
//! A line is a tick, so its place is the tick's. None is named without being sure: who asked finds out by halves,
//! which costs writes; a wrong name would cost data.

use std::collections::HashMap;

use domain::Ticks;

use crate::answer::{BadLine, Rejection, shortened};

const UNPARSED: &str = "unable to parse '";
const DROPPED: &str = "dropped=";

/// Places and reasons. `lines` is what was sent, a line per tick.
pub(crate) fn named(rejection: &Rejection, ticks: Ticks<'_>, lines: &[u8]) -> Vec<(usize, String)> {
    let lines: Vec<&[u8]> =
        lines.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).collect();
    if lines.len() != ticks.len() {
        return Vec::new();
    }
    if !rejection.lines.is_empty() {
        return by_number(&rejection.lines, &lines);
    }
    if rejection.sentence.contains(UNPARSED) {
        return by_text(&rejection.sentence, &lines);
    }
    let reason = rejection.reason();
    by_count(&rejection.sentence, ticks).into_iter().map(|place| (place, reason.clone())).collect()
}

/// 3.x gives the number of each line, and what it has made of it: the same, as far as it goes.
fn by_number(bad: &[BadLine], lines: &[&[u8]]) -> Vec<(usize, String)> {
    let place = |bad: &BadLine| {
        let place = bad.line_number.checked_sub(1)?;
        let shown = bad.original_line.trim_end_matches(['.', '…']).as_bytes();
        let line = lines.get(place)?;
        let key = line.iter().position(|byte| *byte == b' ')?;
        (shown.len() > key && line.starts_with(shown)).then_some(place)
    };
    bad.iter().filter_map(|bad| Some((place(bad)?, shortened(&bad.error_message)))).collect()
}

/// 1.x and 2.x repeat each line: `unable to parse '<line>': <reason>`, and so on.
fn by_text(sentence: &str, lines: &[&[u8]]) -> Vec<(usize, String)> {
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (place, line) in lines.iter().enumerate() {
        places.entry(line).or_default().push(place);
    }
    let mut named = Vec::new();
    for part in sentence.split(UNPARSED).skip(1) {
        let Some((line, reason)) = part.split_once("': ") else { continue };
        let reason = reason.trim_end().trim_end_matches("dropped=0").trim_end();
        for place in places.get(line.as_bytes()).into_iter().flatten() {
            named.push((*place, shortened(&format!("unable to parse: {reason}"))));
        }
    }
    named
}

/// 1.x and 2.x say how many they have dropped. Either all, or the oldest: what is beyond retention is older than all
/// that is not.
fn by_count(sentence: &str, ticks: Ticks<'_>) -> Vec<usize> {
    match dropped(sentence) {
        Some(count) if count == ticks.len() => (0..count).collect(),
        Some(count) if count < ticks.len() && is_about_age(sentence) => oldest(ticks, count),
        _ => Vec::new(),
    }
}

/// The last number of that name: 2.x tells other things before it.
fn dropped(sentence: &str) -> Option<usize> {
    let (_, after) = sentence.rsplit_once(DROPPED)?;
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    after[..digits].parse().ok()
}

/// Later versions also drop what is too far in the future.
pub(crate) fn is_about_age(sentence: &str) -> bool {
    sentence.contains("points beyond retention policy dropped=")
        || sentence.contains("points outside retention policy of duration ")
            && sentence.contains("Retention Policy Lower Bound")
            && !sentence.contains("Upper Bound")
            && !sentence.contains("Write Window")
}

/// None when the youngest of them is as old as one that is not among them.
fn oldest(ticks: Ticks<'_>, count: usize) -> Vec<usize> {
    let mut places: Vec<(i64, usize)> =
        ticks.iter().enumerate().map(|(place, tick)| (tick.start.0, place)).collect();
    places.sort_unstable();
    match (count.checked_sub(1).map(|last| places[last].0), places.get(count)) {
        (Some(youngest), Some(next)) if youngest < next.0 => {
            places.truncate(count);
            places.into_iter().map(|(_, place)| place).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line;
    use domain::{HubId, TickBatch, TickLength, UtcMillis};

    /// A tick at each of these times, of one hub each.
    fn batch(starts: &[i64]) -> TickBatch {
        let mut batch = TickBatch::default();
        for (number, &start) in (1..).zip(starts) {
            let mut draft = batch.begin(HubId::from_bytes([number; 16]), 1, TickLength::DEFAULT);
            draft.joules().extend([i64::from(number), 0]);
            assert!(draft.tick(UtcMillis(start), 0b11));
            draft.finish();
        }
        batch
    }

    fn text(batch: &TickBatch) -> Vec<String> {
        let mut lines = Vec::new();
        line::encode(batch.all(), &mut lines);
        String::from_utf8(lines).unwrap().lines().map(str::to_owned).collect()
    }

    fn blamed(batch: &TickBatch, rejection: &Rejection) -> Vec<(usize, String)> {
        let mut lines = Vec::new();
        line::encode(batch.all(), &mut lines);
        named(rejection, batch.all(), &lines)
    }

    fn by_sentence(batch: &TickBatch, sentence: &str) -> Vec<usize> {
        let rejection = Rejection { sentence: sentence.to_owned(), lines: Vec::new() };
        blamed(batch, &rejection).into_iter().map(|(place, _)| place).collect()
    }

    fn by_lines(batch: &TickBatch, lines: &[(usize, &str)]) -> Vec<(usize, String)> {
        let lines = lines.iter().map(|&(line_number, shown)| BadLine {
            line_number,
            original_line: shown.to_owned(),
            error_message: "invalid column type".to_owned(),
        });
        blamed(batch, &Rejection { sentence: "partial write".to_owned(), lines: lines.collect() })
    }

    #[test]
    fn version_3_names_lines_by_their_numbers() {
        let batch = batch(&[10, 20, 30]);
        let lines = text(&batch);
        let cut = format!("{}...", &lines[2][..60]);
        assert_eq!(
            by_lines(&batch, &[(1, &lines[0]), (3, &cut)]),
            [(0, "invalid column type".to_owned()), (2, "invalid column type".to_owned())]
        );
    }

    #[test]
    fn a_number_that_does_not_fit_its_line_names_nothing() {
        let batch = batch(&[10, 20, 30]);
        let lines = text(&batch);
        let other = lines[0].replace("s1=0i", "s1=9i");
        let wrong =
            [(2, &*lines[0]), (0, &lines[0]), (4, &lines[2]), (1, &other), (1, ""), (1, "energy,hub=")];
        assert_eq!(by_lines(&batch, &wrong), []);
        assert_eq!(by_lines(&batch, &[(2, &lines[0]), (2, &lines[1])]).len(), 1);
    }

    #[test]
    fn lines_that_were_not_parsed_are_found_by_their_text() {
        let batch = batch(&[10, 20, 30]);
        let lines = text(&batch);
        let range = "time outside range -9223372036854775806 - 9223372036854775806";
        let whole =
            format!("unable to parse '{}': {range}\nunable to parse '{}': bad timestamp", lines[2], lines[0]);
        let expected =
            vec![(2, format!("unable to parse: {range}")), (0, "unable to parse: bad timestamp".to_owned())];
        for sentence in [whole.clone(), format!("partial write: {whole} dropped=0")] {
            assert_eq!(blamed(&batch, &Rejection { sentence, lines: Vec::new() }), expected);
        }
        assert!(by_sentence(&batch, "unable to parse 'energy s0=1i 5': missing tag").is_empty());
        assert!(by_sentence(&batch, &format!("unable to parse '{}", lines[0])).is_empty());
    }

    #[test]
    fn a_line_that_was_sent_twice_is_named_twice() {
        let mut batch = batch(&[10, 20]);
        let again = batch.of_container(0).get(0);
        let (hub, joules) = (again.hub, again.joules.to_vec());
        let mut draft = batch.begin(hub, 2, TickLength::DEFAULT);
        draft.joules().extend(joules);
        assert!(draft.tick(UtcMillis(10), 0b11));
        draft.finish();
        let line = text(&batch).remove(0);
        assert_eq!(by_sentence(&batch, &format!("unable to parse '{line}': odd")), [0, 2]);
    }

    #[test]
    fn all_of_them_are_as_many_as_were_sent() {
        let batch = batch(&[10, 20, 30]);
        let conflict = "partial write: field type conflict: input field \"s0\" on measurement \"energy\" is type integer, already exists as type float dropped=";
        assert_eq!(by_sentence(&batch, &format!("{conflict}3")), [0, 1, 2]);
        for other in ["2", "4", "0", "", "x", "99999999999999999999"] {
            assert!(by_sentence(&batch, &format!("{conflict}{other}")).is_empty(), "{other}");
        }
    }

    #[test]
    fn what_is_beyond_retention_are_the_oldest() {
        let batch = batch(&[40, 10, 30, 20]);
        let one = "partial write: points beyond retention policy dropped=";
        assert_eq!(by_sentence(&batch, &format!("{one}2")), [1, 3]);
        assert_eq!(by_sentence(&batch, &format!("{one}4")), [0, 1, 2, 3]);
        let two = |bound: &str| {
            format!(
                "failure writing points to database: partial write: dropped 1 points outside retention policy of duration 24h0m0s - oldest point energy,hub=a at 1970-01-01T00:00:00.01Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z, newest point energy,hub=b at 1970-01-01T00:00:00.01Z dropped because it violates a Retention Policy {bound} at 2025-05-20T19:06:17.612973Z dropped=1 for database: 9f282d63c7d3a5c0 for retention policy: autogen"
            )
        };
        assert_eq!(by_sentence(&batch, &two("Lower Bound")), [1]);
        assert!(by_sentence(&batch, &two("Upper Bound")).is_empty());
    }

    #[test]
    fn when_the_oldest_cannot_be_told_apart_none_is_named() {
        let batch = batch(&[10, 20, 20, 30]);
        let sentence = "partial write: points beyond retention policy dropped=";
        assert!(by_sentence(&batch, &format!("{sentence}2")).is_empty());
        assert_eq!(by_sentence(&batch, &format!("{sentence}3")), [0, 1, 2]);
    }

    #[test]
    fn of_whatever_is_too_old_all_are_named_or_none() {
        for times in 0..81 {
            let starts = [1, 3, 9, 27].map(|digit| i64::from(times / digit % 3) * 10);
            let batch = batch(&starts);
            for oldest_kept in [0, 5, 10, 15, 20, 25] {
                let old: Vec<usize> = (0..4).filter(|&place| starts[place] < oldest_kept).collect();
                let sentence = format!("partial write: points beyond retention policy dropped={}", old.len());
                let mut named = by_sentence(&batch, &sentence);
                named.sort_unstable();
                assert_eq!(named, old, "{starts:?} {oldest_kept}");
            }
        }
    }
}
