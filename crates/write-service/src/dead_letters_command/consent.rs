//! Much is done at once only when somebody said so.

use std::io::{self, IsTerminal, Write};

use tokio::sync::oneshot;

use super::selection::Chosen;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    Given,
    /// A person sits there.
    Ask,
}

/// Whoever named every letter has said so.
pub(super) fn consent(chosen: &Chosen, yes: bool) -> anyhow::Result<Consent> {
    judge(!chosen.ids.is_empty(), yes, io::stdin().is_terminal())
}

fn judge(by_id: bool, yes: bool, is_terminal: bool) -> anyhow::Result<Consent> {
    match (by_id || yes, is_terminal) {
        (true, _) => Ok(Consent::Given),
        (false, true) => Ok(Consent::Ask),
        (false, false) => {
            anyhow::bail!("nobody is here to be asked: say --yes, or name the letters by their ids")
        }
    }
}

/// Asks on standard error, so that a redirected output shows no question. The thread is left behind where nobody
/// answers: the process must be able to end.
pub(super) async fn ask(question: &str) -> anyhow::Result<bool> {
    {
        let mut err = io::stderr().lock();
        write!(err, "{question} [y/N] ")?;
        err.flush()?;
    }
    let (answer, answered) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        answer.send(read.map(|_| is_yes(&line))).ok();
    });
    Ok(answered.await??)
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_need_no_question_and_filters_do() {
        assert_eq!(judge(true, false, false).unwrap(), Consent::Given);
        assert_eq!(judge(false, true, false).unwrap(), Consent::Given);
        assert_eq!(judge(false, true, true).unwrap(), Consent::Given);
        assert_eq!(judge(false, false, true).unwrap(), Consent::Ask);
        assert!(judge(false, false, false).unwrap_err().to_string().contains("--yes"));
    }

    #[test]
    fn only_yes_is_yes() {
        assert!(["y\n", "Y\n", " yes\n"].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yep\n", "j\n"].into_iter().any(is_yes));
    }
}
