//! Questions and answers on a terminal, or from a pipe.

use std::io::{self, BufRead, Write};

use anyhow::{Context, bail};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Asks one question after the other.
pub(super) struct Dialogue {
    answers: mpsc::Receiver<io::Result<String>>,
    stop: CancellationToken,
}

impl Dialogue {
    /// With whoever is at standard input. A thread reads it, which a wish to stop need not wait for.
    pub(super) fn begin(stop: CancellationToken) -> Self {
        let (sender, answers) = mpsc::channel(1);
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                if sender.blocking_send(line).is_err() {
                    break;
                }
            }
        });
        Self { answers, stop }
    }

    /// Nothing typed is the default.
    pub(super) async fn ask(&mut self, question: &str, default: &str) -> anyhow::Result<String> {
        let mut out = io::stdout();
        if default.is_empty() {
            write!(out, "{question}: ")?;
        } else {
            write!(out, "{question} [{default}]: ")?;
        }
        out.flush()?;
        let answer = tokio::select! {
            answer = self.answers.recv() => answer,
            () = self.stop.cancelled() => bail!("stopped; nothing is written"),
        };
        let answer = answer.context("the answers ended before all was asked; nothing is written")??;
        let answer = answer.trim();
        Ok(if answer.is_empty() { default.to_owned() } else { answer.to_owned() })
    }

    pub(super) async fn agree(&mut self, question: &str, default: bool) -> anyhow::Result<bool> {
        loop {
            let answer = self.ask(question, if default { "yes" } else { "no" }).await?;
            match answer.to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => say("Please answer yes or no.")?,
            }
        }
    }
}

/// A line for the reader.
pub(super) fn say(line: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{line}").context("writing to the terminal")
}
