//! Logs go to standard error: for people on a terminal, for systemd's journal, as JSON for machines.

mod journal;

use std::io::IsTerminal;
use std::path::Path;
use std::str::FromStr;

use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

use crate::telemetry::Export;
use crate::trace::TARGET;

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

/// Starts logging for the process, and exporting where somebody wants it. A second call changes nothing.
pub(crate) fn init(format: LogFormat, to_journal: bool, filter: &str, export: Option<Export>) {
    let form = match format {
        LogFormat::Json => Form::Json,
        LogFormat::Text if to_journal => Form::Journal,
        // Colours are for people who watch, not for files.
        LogFormat::Text => Form::Text { colours: std::io::stderr().is_terminal() },
    };
    if let Err(error) = subscriber(form, std::io::stderr, filter, export).try_init() {
        tracing::debug!(%error, "logging was already started");
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Form {
    Text { colours: bool },
    Journal,
    Json,
}

/// Lines for `writer` as far as the filter lets them, and spans for whoever exports them whatever it says.
pub(crate) fn subscriber<W>(
    form: Form,
    writer: W,
    filter: &str,
    export: Option<Export>,
) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // Spans that have ended are for no log.
    let filter = match format!("{TARGET}=off").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match form {
        Form::Json => lines.json().flatten_event(true).with_current_span(true).boxed(),
        Form::Journal => lines.with_ansi(false).event_format(journal::Journal::new()).boxed(),
        Form::Text { colours } => lines.with_ansi(colours).with_target(false).compact().boxed(),
    };
    let of_spans = Targets::new().with_target(TARGET, Level::INFO);
    let lines = lines.with_filter(filter);
    Registry::default().with(lines).with(export.map(|export| export.with_filter(of_spans)))
}
