//! `write-service dead-letters`: an operator looks at the quarantine and acts.

mod acting;
mod consent;
mod list;
mod output;
mod selection;
mod show;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;
use service::Context;

use crate::settings::Settings;

use rabbitmq::{Browsing, DeadLetter, DeadLetters, DeadLettersError};

/// What was refused, why, and what to do with it.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows what is in the quarantine.
    List(list::Arguments),
    /// Shows all that is known of one letter.
    Show(show::Arguments),
    /// Publishes letters again as they were first published, and takes them out when the broker has confirmed them.
    Replay(acting::Replay),
    /// Takes letters out for good.
    Drop(acting::Drop),
}

/// With the configuration of the service. Ends with 64 when that is wrong, and with 1 and a sentence on anything else.
pub(crate) fn run(command: Command, config_file: Option<&Path>) -> ExitCode {
    let config = service::config::load::<Settings>(config_file, std::env::vars());
    let mut sentence = None;
    // What went wrong is told once, at the end.
    let code =
        service::run_with("write-service", "error,lapin=off", config, async |context: Context<Settings>| {
            let outcome = tokio::select! {
                biased;
                () = context.shutdown.cancelled() => Err(anyhow!(
                    "stopped; what was not reported as done is still in the quarantine"
                )),
                outcome = command.run(&context.config) => outcome,
            };
            sentence = outcome.err().map(|error| error.to_string());
            Ok(())
        });
    let Some(sentence) = sentence else { return code };
    // Without standard error the exit code still tells.
    writeln!(std::io::stderr().lock(), "write-service: {sentence}").ok();
    ExitCode::FAILURE
}

impl Command {
    async fn run(self, config: &Settings) -> anyhow::Result<()> {
        let consent = match &self {
            Self::Replay(arguments) => arguments.consent()?,
            Self::Drop(arguments) => arguments.consent()?,
            Self::List(_) | Self::Show(_) => consent::Consent::Given,
        };
        let letters = DeadLetters::connect(&config.broker()?).await?;
        let outcome = match self {
            Self::List(arguments) => list::run(&letters, &arguments).await,
            Self::Show(arguments) => show::run(&letters, &arguments).await,
            Self::Replay(arguments) => acting::replay(&letters, arguments, consent).await,
            Self::Drop(arguments) => acting::drop(&letters, arguments, consent).await,
        };
        letters.close().await;
        outcome
    }
}

/// Begins to look, unless there is nothing to look at.
async fn browse(letters: &DeadLetters) -> anyhow::Result<Browsing<'_>> {
    let browsing = letters.browse().await?;
    if browsing.count() == 0 {
        browsing.give_back().await?;
        anyhow::bail!("the quarantine is empty, unless somebody else has it all in hand at this moment");
    }
    Ok(browsing)
}
