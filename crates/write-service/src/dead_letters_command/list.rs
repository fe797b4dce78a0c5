//! A line for each letter.

use clap::Args;
use serde_json::{Value, json};

use super::output::{Output, Progress, brief, counted, grouped, printable};
use super::selection::{Filter, LetterId, why};
use super::{DeadLetter, DeadLetters, browse};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The most to show.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    #[command(flatten)]
    filter: Filter,
    /// One JSON object per line, with the whole reason.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(letters: &DeadLetters, arguments: &Arguments) -> anyhow::Result<()> {
    let mut browsing = browse(letters).await?;
    let there = browsing.count();
    let mut output = Output::new();
    let mut progress = Progress::of(there);
    let mut shown = 0;
    while shown < arguments.limit
        && !output.is_closed()
        && let Some(letter) = browsing.next().await?
    {
        progress.one_more("");
        if !arguments.filter.takes(&letter) {
            continue;
        }
        if arguments.json {
            output.line(&summary(&letter).to_string())?;
        } else {
            if shown == 0 {
                output.line(&row("id", "when", "routing key", "bytes", "returned", "reason"))?;
            }
            output.line(&row_of(&letter))?;
        }
        shown += 1;
    }
    browsing.give_back().await?;
    if shown == 0 {
        anyhow::bail!("none of {} was asked for", counted(there, "letter"));
    }
    if !arguments.json {
        output.line(&format!("{} shown, {} in the quarantine.", counted(shown, "letter"), grouped(there)))?;
    }
    Ok(())
}

/// What can be told of a letter in a line.
pub(super) fn summary(letter: &DeadLetter) -> Value {
    json!({
        "id": LetterId::of(letter).to_string(),
        "at": letter.at.map(|at| at.to_string()),
        "routing_key": letter.routing_key,
        "hub": letter.hub.map(|hub| hub.to_string()),
        "bytes": letter.body.len(),
        "reason": why(letter),
        "returned": letter.returned,
    })
}

fn row_of(letter: &DeadLetter) -> String {
    let (id, reason) = (LetterId::of(letter).to_string(), brief(&why(letter)));
    let when = letter.at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let bytes = grouped(letter.body.len() as u64);
    row(&id, &when, &printable(&letter.routing_key), &bytes, &grouped(letter.returned), &reason)
}

fn row(id: &str, when: &str, key: &str, bytes: &str, returned: &str, reason: &str) -> String {
    format!("{id:<12}  {when:<20}  {key:<40}  {bytes:>9}  {returned:>8}  {reason}")
}

#[cfg(test)]
mod tests {
    use super::super::selection::tests::letter;
    use super::*;
    use testkit::containers::RECORDED_DAY;

    #[test]
    fn columns_stand_under_their_names() {
        let header = row("id", "when", "routing key", "bytes", "returned", "reason");
        let mut one = letter(1, Some("no ticks in it"), b"0123456789");
        one.at = Some(RECORDED_DAY);
        one.returned = 12;
        let line = row_of(&one);
        for (name, value) in
            [("when", "2012-01-16T00:00:00Z"), ("routing key", "hub."), ("reason", "no ticks")]
        {
            assert_eq!(header.find(name), line.find(value), "{line}");
        }
        assert_eq!(header.find("bytes").map(|at| at + 5), line.find(" 10 ").map(|at| at + 3), "{line}");
        assert!(line.contains("      12  no ticks in it"), "{line}");
    }

    #[test]
    fn a_long_or_hostile_reason_stays_in_its_line() {
        let long = letter(1, Some(&"é\n".repeat(500)), b"x");
        let line = row_of(&long);
        assert!(!line.contains('\n') && line.ends_with('…') && line.chars().count() < 220, "{line}");
        assert_eq!(summary(&long)["reason"].as_str().unwrap().len(), 1_500);
        assert!(!summary(&long).to_string().contains('\n'));
    }
}
