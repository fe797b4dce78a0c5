//! How this hub comes into a household. It makes a secret that never leaves it, asks for a code, and shows the code until
//! a person has entered it.

mod asking;
mod keeping;
mod qr;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::HubId;
use serde::Deserialize;
use service::backoff::Backoff;
use service::tls::Trusted;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use asking::AskError;
use asking::{Asked, Desk, State};
use keeping::Kept;
pub use keeping::{KeepError, Secret};

/// Between two questions whether somebody has entered the code.
const POLL: Duration = Duration::from_secs(3);
/// Then nobody is there any more.
const PATIENCE: Duration = Duration::from_hours(1);

/// Where to pair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The page's address, or the auth-service's: `https://wattline.example`.
    pub auth_url: Option<String>,
}

impl Config {
    /// Says what does not make sense, one sentence each, beginning with the key.
    pub fn validate(&self, faults: &mut Vec<String>) {
        if let Some(url) = &self.auth_url
            && !asking::is_base(url)
        {
            faults.push("auth_url: not like https://wattline.example".to_owned());
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PairingError {
    #[error("where to pair is not known: --auth-url, or auth_url of [pairing]")]
    NoUrl,
    #[error("the address to pair at is not like https://wattline.example")]
    BadUrl,
    #[error(transparent)]
    Keep(#[from] KeepError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("nobody has entered a code for an hour; when somebody is there, run this again")]
    Nobody,
    #[error("writing to the terminal")]
    Show(#[from] io::Error),
    #[error("writing the label {}", path.display())]
    Label { path: PathBuf, source: io::Error },
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Paired,
    PairedBefore,
    /// Told to stop before anybody had entered a code.
    Stopped,
}

/// Who pairs, and where.
#[derive(Clone, Debug)]
pub struct Wish {
    pub hub: HubId,
    pub auth_url: String,
    /// The spool, beside which the secret is kept.
    pub spool: PathBuf,
    /// Anew, even if the hub is paired.
    pub force: bool,
    /// Whether a QR code is shown with the code.
    pub qr: bool,
    /// Where each code is written too, as a label to be printed.
    pub label: Option<PathBuf>,
    /// Who may vouch for the auth-service.
    pub trusted: Trusted,
}

/// The secret of a hub that is paired; `None` before.
pub fn secret_beside(spool: &Path) -> Result<Option<Secret>, KeepError> {
    Kept::beside(spool).valid()
}

/// Asks, shows and waits. What was valid before stays so until the new secret is.
pub async fn pair(
    wish: &Wish,
    out: &mut (dyn Write + Send),
    shutdown: &CancellationToken,
) -> Result<Outcome, PairingError> {
    let (desk, kept) = (Desk::at(&wish.auth_url, &wish.trusted)?, Kept::beside(&wish.spool));
    if desk.is_in_the_open() {
        writeln!(out, "Careful: {} is not HTTPS, so others on the way can read along.", wish.auth_url)?;
    }
    if !wish.force
        && let Some(secret) = kept.valid()?
        && matches!(desk.state(&secret).await?, Some(State::Paired))
    {
        return Ok(Outcome::PairedBefore);
    }
    // Somebody may have entered the code after this was stopped.
    let mut secret = match kept.pending()? {
        Some(pending) if !wish.force => match desk.state(&pending).await? {
            Some(State::Paired) => return kept.adopt().map(|()| Outcome::Paired).map_err(Into::into),
            Some(State::Revoked) => kept.make()?,
            Some(State::Waiting) | None => pending,
        },
        _ => kept.make()?,
    };
    let waiting = async {
        loop {
            let Some(asked) = ask(&desk, wish.hub, &secret, out).await? else {
                secret = kept.make()?;
                continue;
            };
            if let Some(path) = &wish.label {
                write_label(path, &asked, &desk)?;
                writeln!(out, "The label is in {}.", path.display())?;
            }
            show(out, &asked, wish.qr.then_some(&desk))?;
            match wait(&desk, &secret, out).await? {
                Some(State::Paired) => return kept.adopt().map_err(PairingError::from),
                Some(State::Revoked) => secret = kept.make()?,
                _ => writeln!(out, "The code has expired. Here is a new one.")?,
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => Ok(Outcome::Stopped),
        outcome = tokio::time::timeout(PATIENCE, waiting) => match outcome {
            Ok(paired) => paired.map(|()| Outcome::Paired),
            Err(_) => Err(PairingError::Nobody),
        },
    }
}

/// `None`: the secret was used before, and it takes a new one.
async fn ask(
    desk: &Desk,
    hub: HubId,
    secret: &Secret,
    out: &mut (dyn Write + Send),
) -> Result<Option<Asked>, PairingError> {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    loop {
        let wait = match desk.ask(hub, secret).await {
            Ok(asked) => return Ok(Some(asked)),
            Err(AskError::SecretUsed) => return Ok(None),
            Err(error) if error.may_pass() => {
                if backoff.tries() == 0 {
                    writeln!(out, "{error}; trying again.")?;
                }
                error.retry_after().unwrap_or_default().max(backoff.next_wait())
            }
            Err(error) => return Err(error.into()),
        };
        tokio::time::sleep(wait).await;
    }
}

/// Until the code is entered or has expired.
async fn wait(
    desk: &Desk,
    secret: &Secret,
    out: &mut (dyn Write + Send),
) -> Result<Option<State>, PairingError> {
    let mut failing_since = None;
    loop {
        // Many hubs may have been unpacked at the same time.
        tokio::time::sleep(POLL.mul_f64(0.75 + 0.5 * rand::random::<f64>())).await;
        match desk.state(secret).await {
            Ok(Some(State::Waiting)) => failing_since = None,
            Ok(other) => return Ok(other),
            Err(error) if error.may_pass() => {
                if failing_since.is_none() {
                    writeln!(out, "{error}; trying again.")?;
                    failing_since = Some(Instant::now());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// With a QR code when it is known where that is to lead.
fn show(out: &mut (dyn Write + Send), asked: &Asked, desk: Option<&Desk>) -> io::Result<()> {
    let spaced = asked.code.chars().map(String::from).collect::<Vec<_>>().join(" ");
    let line = "═".repeat(spaced.chars().count() + 10);
    let blank = " ".repeat(spaced.chars().count() + 10);
    writeln!(out, "\n  ╔{line}╗\n  ║{blank}║\n  ║     {spaced}     ║\n  ║{blank}║\n  ╚{line}╝\n")?;
    writeln!(out, "  Log in on the page as an owner of the household: Settings → Hubs → Add a hub.")?;
    writeln!(out, "  Enter this code there until {}. This hub waits here meanwhile.\n", asked.expires_at)?;
    // A page whose address does not fit into any code is still found by hand.
    if let Some(link) = desk.map(|desk| desk.page_for(&asked.code))
        && let Some(picture) = qr::picture(&link)
    {
        writeln!(out, "  Or scan this with a phone:\n\n{picture}")?;
    }
    out.flush()
}

/// An SVG with the code, for a label printer or a display: whole or not at all, in place of the one before.
fn write_label(path: &Path, asked: &Asked, desk: &Desk) -> Result<(), PairingError> {
    let until = format!("until {}", asked.expires_at);
    let lines = [asked.code.as_str(), "Settings, Hubs, Add a hub", &until];
    let failed = |source| PairingError::Label { path: path.to_owned(), source };
    let label = qr::label(&desk.page_for(&asked.code), &lines);
    let label = label.ok_or_else(|| failed(io::Error::other("the page's address fits into no QR code")))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, label).and_then(|()| std::fs::rename(&beside, path)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_replaced_by_that_of_the_next_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("label.svg");
        let desk = Desk::at("https://wattline.example/", &Trusted::default()).unwrap();
        for code in ["ABCD-EFGH", "JKLM-NPQR"] {
            let asked = Asked { code: code.to_owned(), expires_at: "2026-11-24T23:10:55Z".to_owned() };
            write_label(&path, &asked, &desk).unwrap();
            let svg = std::fs::read_to_string(&path).unwrap();
            assert!(svg.contains(code) && svg.contains("until 2026-11-24T23:10:55Z"), "{svg}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let asked = Asked { code: String::new(), expires_at: String::new() };
        let error = write_label(&folder.path().join("no/such"), &asked, &desk).unwrap_err();
        assert!(error.to_string().contains("no/such"), "{error}");
    }

    #[test]
    fn a_code_is_shown_in_a_frame_with_what_to_do() {
        let asked = Asked { code: "ABCD-EFGH".to_owned(), expires_at: "2026-11-24T23:10:55Z".to_owned() };
        let mut out = Vec::new();
        show(&mut out, &asked, None).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("║     A B C D - E F G H     ║"), "{text}");
        assert!(text.contains("until 2026-11-24T23:10:55Z"), "{text}");
        let widths: Vec<usize> = text.lines().skip(1).take(5).map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
    }

    #[test]
    fn the_qr_code_is_below_the_frame_and_leads_to_the_page_with_the_code() {
        let desk = Desk::at("https://wattline.example/", &Trusted::default()).unwrap();
        let link = desk.page_for("ABCD-EFGH");
        assert_eq!(link, "https://wattline.example/settings/hubs?code=ABCD-EFGH");
        let asked = Asked { code: "ABCD-EFGH".to_owned(), expires_at: "2026-11-24T23:10:55Z".to_owned() };
        let mut out = Vec::new();
        show(&mut out, &asked, Some(&desk)).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (above, below) = text.split_once("scan this").unwrap();
        assert!(above.contains("A B C D - E F G H"), "{text}");
        assert!(below.contains(&qr::picture(&link).unwrap()), "{text}");
    }

    #[test]
    fn an_address_that_is_none_is_a_fault() {
        for (url, count) in
            [("https://wattline.example", 0), ("http://10.0.0.2:8080/", 0), ("wattline.example", 1)]
        {
            let mut faults = Vec::new();
            Config { auth_url: Some(url.to_owned()) }.validate(&mut faults);
            assert_eq!(faults.len(), count, "{url}");
        }
    }
}
