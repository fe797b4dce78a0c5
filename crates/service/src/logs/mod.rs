//! Logs go to standard error: for people on a terminal, for systemd's journal, as JSON for machines.

mod journal;

use std::io::IsTerminal;
use std::path::Path;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("{other:?} is not a log format: text or json")),
        }
    }
}

/// Whether our standard error goes to the journal, by what `JOURNAL_STREAM` says.
pub(crate) fn goes_to_the_journal(journal_stream: &str) -> bool {
    journal::is_stream(journal_stream, Path::new("/proc/self/fd/2"))
}

/// Says why there is no start; logging may not have a form yet.
pub(crate) fn complain(sentence: &str, to_journal: bool) {
    if to_journal { eprint!("{}", journal::error(sentence)) } else { eprintln!("{sentence}") }
}

/// Starts logging for the process. A second call changes nothing.
pub(crate) fn init(format: LogFormat, to_journal: bool, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(BoxMakeWriter::new(std::io::stderr));
    let outcome = match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).try_init(),
        LogFormat::Text if to_journal => {
            builder.with_ansi(false).event_format(journal::Journal::new()).try_init()
        }
        LogFormat::Text => {
            // Colours are for people who watch, not for files.
            builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).compact().try_init()
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "logging was already started");
    }
}
