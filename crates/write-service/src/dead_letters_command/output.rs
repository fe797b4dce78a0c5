//! To a person or a pipe.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use tokio::time::Instant;

/// What is told. Whoever closes the pipe has seen enough, which is no error.
pub(super) struct Output {
    to: Box<dyn Write>,
    closed: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { to: Box::new(io::stdout().lock()), closed: false }
    }

    /// To standard error, where standard output is for something else.
    pub(super) fn beside() -> Self {
        Self { to: Box::new(io::stderr()), closed: false }
    }

    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        self.bytes(line.as_bytes())?;
        self.bytes(b"\n")
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        match self.to.write_all(bytes).and_then(|()| self.to.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            written => written?,
        }
        Ok(())
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }
}

const OFTEN: Duration = Duration::from_secs(2);

/// A line on standard error now and then, so that nobody thinks it hangs.
pub(super) struct Progress {
    next: Instant,
    of: u32,
    seen: u32,
}

impl Progress {
    pub(super) fn of(count: u32) -> Self {
        Self { next: Instant::now() + OFTEN, of: count, seen: 0 }
    }

    pub(super) fn one_more(&mut self, done: &str) {
        self.seen += 1;
        if Instant::now() >= self.next {
            let (seen, of) = (grouped(self.seen), grouped(self.of));
            // Nobody needs it.
            writeln!(io::stderr().lock(), "{seen} of {of} letters seen{done}").ok();
            self.next = Instant::now() + OFTEN;
        }
    }
}

/// Without what could move the cursor or change the terminal: keys and reasons may hold anything.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// The most of a reason in a line of its letter.
const BRIEF: usize = 100;

pub(super) fn brief(text: &str) -> String {
    let shown = printable(text);
    match shown.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    }
}

/// `1 letter`, `2 letters`.
pub(super) fn counted(count: u32, thing: &str) -> String {
    format!("{} {thing}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// With a comma between thousands.
pub(super) fn grouped(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{9b}é"), "a\\u{1b}[2Jb\\nc\\u{9b}é");
    }

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(-1_234_567), "-1,234,567");
        assert_eq!(counted(1, "letter"), "1 letter");
        assert_eq!(counted(1_200, "letter"), "1,200 letters");
    }
}
