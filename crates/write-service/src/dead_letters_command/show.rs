//! One letter, with all that is known of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use domain::Container;
use serde_json::{Value, json};

use super::output::{Output, Progress, counted, grouped, printable};
use super::selection::{LetterId, why};
use super::{DeadLetter, DeadLetters, browse, list};

#[derive(Args)]
pub(crate) struct Arguments {
    /// As `list` shows it.
    id: LetterId,
    /// One JSON object, with the body as base64.
    #[arg(long, conflicts_with = "raw")]
    json: bool,
    /// The body, byte by byte, and nothing else.
    #[arg(long)]
    raw: bool,
}

pub(super) async fn run(letters: &DeadLetters, arguments: &Arguments) -> anyhow::Result<()> {
    let mut browsing = browse(letters).await?;
    let mut progress = Progress::of(browsing.count());
    let mut found: Option<DeadLetter> = None;
    let mut copies = 0;
    while let Some(letter) = browsing.next().await? {
        progress.one_more("");
        if LetterId::of(&letter) == arguments.id {
            copies += 1;
            found.get_or_insert(letter);
        }
    }
    browsing.give_back().await?;
    let Some(letter) = found else { anyhow::bail!("no letter has the id {}", arguments.id) };
    let mut output = Output::new();
    if arguments.raw {
        output.bytes(&letter.body)?;
    } else if arguments.json {
        output.line(&whole(&letter, copies).to_string())?;
    } else {
        output.bytes(text(&letter, copies).as_bytes())?;
    }
    Ok(())
}

fn whole(letter: &DeadLetter, copies: u32) -> Value {
    let mut whole = list::summary(letter);
    whole["copies"] = copies.into();
    whole["deaths"] = letter
        .deaths
        .iter()
        .map(|death| {
            let at = death.at.map(|at| at.to_string());
            json!({"queue": death.queue, "reason": death.reason, "count": death.count, "at": at})
        })
        .collect();
    whole["headers"] = letter.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    match wire::decode(&letter.body) {
        Ok(container) => whole["container"] = decoded(&container),
        Err(error) => whole["not_decoded"] = error.to_string().into(),
    }
    whole["body_base64"] = STANDARD.encode(&letter.body).into();
    whole
}

fn decoded(container: &Container) -> Value {
    let ticks: Vec<Value> = container
        .ticks
        .iter()
        .map(|tick| {
            let joules: serde_json::Map<String, Value> =
                tick.energy.iter().map(|(socket, joules)| (socket.to_string(), joules.0.into())).collect();
            json!({"start": tick.start.to_string(), "joules": joules})
        })
        .collect();
    json!({
        "hub": container.hub.to_string(),
        "sequence": container.sequence,
        "tick_secs": container.tick_length.secs(),
        "ticks": ticks,
    })
}

fn text(letter: &DeadLetter, copies: u32) -> String {
    let mut lines = about(letter, copies);
    lines.push(String::new());
    match wire::decode(&letter.body) {
        Ok(container) => lines.extend(ticks(&container)),
        Err(error) => lines.push(format!("It is no container: {}.", printable(&error.to_string()))),
    }
    lines.push(String::new());
    lines.extend(hex(&letter.body));
    lines.push(String::new());
    lines.join("\n")
}

fn about(letter: &DeadLetter, copies: u32) -> Vec<String> {
    let line = |name: &str, value: &str| format!("{name:<14}{}", printable(value));
    let hub = letter.hub.map_or_else(|| "the routing key names none".to_owned(), |hub| hub.to_string());
    let when = letter.at.map_or_else(|| "nobody says when".to_owned(), |at| at.to_string());
    let mut lines = vec![
        line("id", &LetterId::of(letter).to_string()),
        line("routing key", &letter.routing_key),
        line("hub", &hub),
        line("reason", &why(letter)),
        line("when", &when),
        line("returned", &format!("{} times", grouped(letter.returned))),
        line("bytes", &grouped(letter.body.len() as u64)),
    ];
    if copies > 1 {
        let copies = grouped(copies);
        lines.push(line("copies", &format!("{copies} equal letters share this id and are treated together")));
    }
    for death in &letter.deaths {
        let at = death.at.map_or_else(String::new, |at| format!(", last at {at}"));
        let times = grouped(death.count);
        lines.push(line("broker", &format!("{} in {}, {times} times{at}", death.reason, death.queue)));
    }
    for (name, value) in &letter.headers {
        lines.push(line("header", &format!("{name}: {value}")));
    }
    lines
}

fn ticks(container: &Container) -> Vec<String> {
    let count = u32::try_from(container.ticks.len()).unwrap_or(u32::MAX);
    let mut lines = vec![
        format!(
            "It is container {} of hub {}: {} of {} s with {} values, {} J in all.",
            container.sequence,
            container.hub,
            counted(count, "tick"),
            container.tick_length.secs(),
            grouped(container.value_count() as u64),
            grouped(container.total().0),
        ),
        format!("{:<20}  joules of each socket", "tick"),
    ];
    lines.extend(container.ticks.iter().map(|tick| {
        let values: Vec<String> =
            tick.energy.iter().map(|(socket, joules)| format!("  {socket}: {}", grouped(joules.0))).collect();
        format!("{:<20}{}", tick.start.to_string(), values.concat())
    }));
    lines
}

const SHOWN_BYTES: usize = 64;

fn hex(body: &[u8]) -> Vec<String> {
    let shown = &body[..body.len().min(SHOWN_BYTES)];
    let mut lines = vec![format!("The first {} of {} bytes:", shown.len(), grouped(body.len() as u64))];
    for (row, bytes) in shown.chunks(16).enumerate() {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let as_text = |&byte: &u8| if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '.' };
        let letters: String = bytes.iter().map(as_text).collect();
        lines.push(format!("{:04x}  {:<47}  {letters}", row * 16, digits.join(" ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::selection::tests::letter;
    use super::*;
    use testkit::containers::{container, hub};

    fn good() -> DeadLetter {
        DeadLetter { body: wire::encode(&container(hub(1), 7)), ..letter(1, Some("too late"), b"") }
    }

    #[test]
    fn a_container_is_shown_tick_by_tick() {
        let text = text(&good(), 1);
        let expected = container(hub(1), 7);
        assert!(
            text.contains(&format!("It is container 7 of hub {}: 3 ticks of 10 s with 9 values", hub(1))),
            "{text}"
        );
        for tick in &expected.ticks {
            let row = text.lines().find(|line| line.starts_with(&tick.start.to_string())).unwrap();
            for (socket, joules) in tick.energy.iter() {
                assert!(row.contains(&format!("  {socket}: {}", grouped(joules.0))), "{row}");
            }
        }
        assert!(!text.contains("copies"), "{text}");
    }

    #[test]
    fn what_is_none_is_shown_as_bytes_with_the_decoders_opinion() {
        let text = text(&letter(1, Some("whatever \u{1b}[31m"), b"\x07\x00no container"), 3);
        let opinion = wire::decode(b"\x07\x00no container").unwrap_err().to_string();
        assert!(text.contains(&format!("It is no container: {opinion}.")), "{text}");
        assert!(text.contains("0000  07 00 6e 6f 20") && text.contains("..no container"), "{text}");
        assert!(text.contains("3 equal letters share this id"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn json_has_all_of_it() {
        let letter = good();
        let whole = whole(&letter, 2);
        assert_eq!(whole["copies"], 2);
        assert_eq!(STANDARD.decode(whole["body_base64"].as_str().unwrap()).unwrap(), letter.body);
        let tick = &container(hub(1), 7).ticks[2];
        let (socket, joules) = tick.energy.iter().next().unwrap();
        assert_eq!(whole["container"]["ticks"][2]["start"], tick.start.to_string());
        assert_eq!(whole["container"]["ticks"][2]["joules"][socket.to_string()], joules.0);
        assert!(whole.get("not_decoded").is_none());
    }
}
