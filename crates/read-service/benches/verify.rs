//! How many tokens one core verifies in a second: each seen for the first time, the same one again, and each as often as the
//! page's first screen shows it:
//! `cargo bench -p read-service --bench verify -- KEYS-URL TOKEN`.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use read_service::{KeySource, TokenError, TokenVerifier};
use service::clock::SystemClock;

const LENGTH: Duration = Duration::from_secs(5);
/// Between two looks at the clock.
const AT_ONCE: u32 = 500;
/// What Now asks the read-service for, with one token: today, the last hour, today's quarter hours, and the live stream.
const OF_A_SCREEN: u32 = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(url), Some(token)) = (arguments.next(), arguments.next()) else {
        return Err("KEYS-URL and TOKEN are missing".into());
    };
    // One thread: one core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let source = KeySource::new(url)?;
        let verifier = || TokenVerifier::new(source.clone(), Arc::new(SystemClock));
        let (known, stranger) = (verifier(), verifier());
        // Fetches the keys.
        known.verify(&token).await?;
        let first = rate(async || stranger.verify_signature(&token).await.map(drop)).await?;
        let again = rate(async || known.verify(&token).await.map(drop)).await?;
        let screens = rate(async || {
            stranger.verify_signature(&token).await?;
            for _ in 1..OF_A_SCREEN {
                known.verify(&token).await?;
            }
            Ok::<_, TokenError>(())
        });
        let of_screens = screens.await? * f64::from(OF_A_SCREEN);
        println!("{first:.0} {again:.0} {of_screens:.0}");
        Ok(())
    })
}

/// How often a second.
async fn rate<E>(mut step: impl AsyncFnMut() -> Result<(), E>) -> Result<f64, E> {
    let (began, mut count) = (Instant::now(), 0u32);
    while began.elapsed() < LENGTH {
        for _ in 0..AT_ONCE {
            step().await?;
        }
        count += AT_ONCE;
    }
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}
