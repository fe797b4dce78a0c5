//! Lines for systemd's journal: the priority in front of each (`sd-daemon(3)`), and neither time nor colour, which the
//! journal has by itself.

use std::fmt::{self, Write as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{Compact, Format, FormatEvent, FormatFields, Writer, format};
use tracing_subscriber::registry::LookupSpan;

const ERROR: u8 = 3;
const WARNING: u8 = 4;
const INFORMATION: u8 = 6;
const DEBUG: u8 = 7;

/// Whether what is written to `file` goes to the journal, by what `JOURNAL_STREAM` says: device and inode of the stream.
pub(super) fn is_stream(journal_stream: &str, file: &Path) -> bool {
    let Ok(about) = file.metadata() else { return false };
    journal_stream == format!("{}:{}", about.dev(), about.ino())
}

/// An error for the journal, line by line.
pub(super) fn error(text: &str) -> String {
    with_priority(ERROR, text)
}

/// Each line is an entry of its own, so each has the priority in front.
fn with_priority(priority: u8, text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 8);
    for line in text.lines() {
        // Writing into a string does not fail.
        writeln!(marked, "<{priority}>{line}").unwrap_or_default();
    }
    marked
}

pub(super) struct Journal(Format<Compact, ()>);

impl Journal {
    pub(super) fn new() -> Self {
        Self(format().compact().without_time().with_level(false).with_target(false).with_ansi(false))
    }
}

impl<S, N> FormatEvent<S, N> for Journal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut text = String::new();
        self.0.format_event(context, Writer::new(&mut text), event)?;
        let priority = match *event.metadata().level() {
            Level::ERROR => ERROR,
            Level::WARN => WARNING,
            Level::INFO => INFORMATION,
            _ => DEBUG,
        };
        writer.write_str(&with_priority(priority, &text))
    }
}

#[cfg(test)]
mod tests {
    use testkit::written::Written;

    use super::*;

    #[test]
    fn each_line_has_its_priority_and_nothing_that_the_journal_has() {
        let lines = Written::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .event_format(Journal::new())
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!("the disk is full\nand stays so");
            tracing::warn!(socket = 3, "silent");
            tracing::info!("it measures");
            tracing::debug!("in detail");
            tracing::trace!("in more");
        });
        assert_eq!(
            lines.text(),
            "<3>the disk is full\n<3>and stays so\n<4>silent socket=3\n<6>it measures\n<7>in detail\n<7>in more\n"
        );
    }

    #[test]
    fn only_the_stream_that_is_named_is_the_journal() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let about = file.path().metadata().unwrap();
        assert!(is_stream(&format!("{}:{}", about.dev(), about.ino()), file.path()));
        assert!(!is_stream(&format!("{}:{}", about.dev(), about.ino() + 1), file.path()));
        assert!(!is_stream("", file.path()));
        assert!(!is_stream("1:2", Path::new("/no/such/file")));
    }
}
