//! Letters leave the quarantine, one way or the other.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::json;

use super::consent::{Consent, ask, consent};
use super::output::{Output, Progress, brief, counted, grouped, printable};
use super::selection::{Chosen, LetterId, why};
use super::{Browsing, DeadLetter, DeadLetters, DeadLettersError, browse};

#[derive(Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    chosen: Chosen,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
pub(crate) struct Drop {
    #[command(flatten)]
    chosen: Chosen,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Writes each letter to this new file before it is dropped: JSON lines with the body as base64. With `-` to standard
    /// output, and everything else to standard error.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

impl Replay {
    pub(super) fn consent(&self) -> anyhow::Result<Consent> {
        consent(&self.chosen, self.yes)
    }
}

impl Drop {
    pub(super) fn consent(&self) -> anyhow::Result<Consent> {
        consent(&self.chosen, self.yes)
    }
}

pub(super) async fn replay(letters: &DeadLetters, arguments: Replay, consent: Consent) -> anyhow::Result<()> {
    run(letters, Act::Replay, &arguments.chosen, consent).await
}

pub(super) async fn drop(letters: &DeadLetters, arguments: Drop, consent: Consent) -> anyhow::Result<()> {
    let save = arguments.save.map(|path| Save { path, file: None });
    run(letters, Act::Drop(save), &arguments.chosen, consent).await
}

enum Act {
    Replay,
    Drop(Option<Save>),
}

impl Act {
    const fn done(&self) -> &'static str {
        match self {
            Self::Replay => "replayed",
            Self::Drop(_) => "dropped",
        }
    }

    fn question(&self, count: u32) -> String {
        let what = counted(count, "container");
        match self {
            Self::Replay => format!("Replay {what}?"),
            Self::Drop(None) => format!("Drop {what} for good?"),
            Self::Drop(Some(save)) => format!("Drop {what} and keep a copy in {}?", save.name()),
        }
    }

    fn output(&self) -> Output {
        match self {
            Self::Drop(Some(save)) if save.is_stdout() => Output::beside(),
            Self::Drop(_) | Self::Replay => Output::new(),
        }
    }

    async fn on(&mut self, letter: &DeadLetter, browsing: &mut Browsing<'_>) -> anyhow::Result<()> {
        match self {
            Self::Replay => browsing.replay(letter).await?,
            Self::Drop(save) => {
                if let Some(save) = save {
                    save.write(letter)?;
                }
                browsing.drop(letter).await?;
            }
        }
        Ok(())
    }
}

async fn run(letters: &DeadLetters, mut act: Act, chosen: &Chosen, consent: Consent) -> anyhow::Result<()> {
    let agreed = match consent {
        Consent::Given => None,
        Consent::Ask => {
            let agreed = look(letters, chosen).await?;
            if !ask(&act.question(agreed.letters)).await? {
                bail!("nothing was {}", act.done());
            }
            Some(agreed)
        }
    };
    let mut tally = Tally::default();
    let outcome = pass(letters, &mut act, chosen, agreed.as_ref(), &mut tally).await;
    if let Err(error) = outcome {
        bail!("{} before this went wrong: {error}", tally.sentence(&act));
    }
    act.output().line(&format!("{}.", tally.sentence(&act)))?;
    tally.judge(&act, chosen, agreed.as_ref())
}

/// What a person was asked about. What came since is not part of it.
#[derive(Default)]
struct Agreed {
    ids: BTreeSet<LetterId>,
    letters: u32,
}

async fn look(letters: &DeadLetters, chosen: &Chosen) -> anyhow::Result<Agreed> {
    let mut browsing = browse(letters).await?;
    let there = browsing.count();
    let mut progress = Progress::of(there);
    let mut agreed = Agreed::default();
    while let Some(letter) = browsing.next().await? {
        progress.one_more("");
        let id = LetterId::of(&letter);
        if chosen.takes(id, &letter) {
            agreed.ids.insert(id);
            agreed.letters += 1;
        }
    }
    browsing.give_back().await?;
    if agreed.letters == 0 {
        bail!("none of {} was asked for", counted(there, "letter"));
    }
    Ok(agreed)
}

async fn pass(
    letters: &DeadLetters,
    act: &mut Act,
    chosen: &Chosen,
    agreed: Option<&Agreed>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut browsing = browse(letters).await?;
    tally.there = browsing.count();
    let mut progress = Progress::of(tally.there);
    let mut output = act.output();
    // Others with an agreed id may have come since.
    while agreed.is_none_or(|agreed| tally.done + tally.refused < agreed.letters)
        && let Some(letter) = browsing.next().await?
    {
        progress.one_more(&format!(", {} {}", grouped(tally.done), act.done()));
        let id = LetterId::of(&letter);
        let is_meant = agreed.map_or_else(|| chosen.takes(id, &letter), |agreed| agreed.ids.contains(&id));
        if !is_meant {
            continue;
        }
        tally.found.insert(id);
        let (key, why) = (printable(&letter.routing_key), brief(&why(&letter)));
        match act.on(&letter, &mut browsing).await {
            Ok(()) => {
                tally.done += 1;
                output.line(&format!("{} {id}  {key}  {why}", act.done()))?;
            }
            // One hub's queue may be full, or one key lead nowhere; the others need not suffer for it.
            Err(error) => match error.downcast_ref::<DeadLettersError>() {
                Some(DeadLettersError::Refused(_)) => {
                    tally.refused += 1;
                    output.line(&format!("stays {id}  {key}  {error}"))?;
                }
                _ => return Err(error),
            },
        }
    }
    if let Act::Drop(Some(save)) = act {
        save.finish()?;
    }
    Ok(browsing.give_back().await?)
}

#[derive(Default)]
struct Tally {
    there: u32,
    done: u32,
    refused: u32,
    found: BTreeSet<LetterId>,
}

impl Tally {
    fn sentence(&self, act: &Act) -> String {
        format!("{} {}", counted(self.done, "letter"), act.done())
    }

    fn judge(&self, act: &Act, chosen: &Chosen, agreed: Option<&Agreed>) -> anyhow::Result<()> {
        if self.refused > 0 {
            bail!(
                "{} could not be {} and stay in the quarantine",
                counted(self.refused, "letter"),
                act.done()
            );
        }
        let missing = chosen.missing(&self.found);
        if !missing.is_empty() {
            bail!("no letter has the id {}", missing.join(", "));
        }
        match agreed {
            Some(agreed) if self.done < agreed.letters => Err(anyhow!(
                "{} of {} were gone or in somebody else's hands",
                grouped(agreed.letters - self.done),
                counted(agreed.letters, "letter")
            )),
            None if self.done == 0 => Err(anyhow!("none of {} was asked for", counted(self.there, "letter"))),
            _ => Ok(()),
        }
    }
}

/// What is dropped, a line for each letter. The file is made for the first one.
struct Save {
    path: PathBuf,
    file: Option<File>,
}

impl Save {
    /// For whoever has no file that could be written: the root of an image is read only.
    fn is_stdout(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    fn name(&self) -> String {
        if self.is_stdout() { "standard output".to_owned() } else { self.path.display().to_string() }
    }

    fn failed(&self, error: &io::Error) -> anyhow::Error {
        anyhow!("{}: {error}", self.name())
    }

    /// In the hands of the system when it returns, so that a killed command has not dropped what it had not saved.
    fn write(&mut self, letter: &DeadLetter) -> anyhow::Result<()> {
        let mut line = saved(letter);
        line.push('\n');
        if self.file.is_none() {
            self.file = Some(self.make().map_err(|error| self.failed(&error))?);
        }
        let written = self.file.as_mut().map_or(Ok(()), |file| file.write_all(line.as_bytes()));
        written.map_err(|error| self.failed(&error))
    }

    fn make(&self) -> io::Result<File> {
        if self.is_stdout() {
            // Without a buffer of ours, and a reader that has gone is an error.
            return io::stdout().as_fd().try_clone_to_owned().map(File::from);
        }
        File::create_new(&self.path)
    }

    fn finish(&self) -> anyhow::Result<()> {
        match &self.file {
            // A pipe has no disk.
            Some(file) if !self.is_stdout() => file.sync_all().map_err(|error| self.failed(&error)),
            _ => Ok(()),
        }
    }
}

fn saved(letter: &DeadLetter) -> String {
    json!({
        "id": LetterId::of(letter).to_string(),
        "routing_key": letter.routing_key,
        "reason": why(letter),
        "body": STANDARD.encode(&letter.body),
    })
    .to_string()
}
