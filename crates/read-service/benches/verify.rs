//! How many tokens one core verifies in a second, each seen for the first time and the same one again:
//! `cargo bench -p read-service --bench verify -- KEYS-URL TOKEN`.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use read_service::{KeySource, TokenVerifier};
use service::clock::SystemClock;

const LENGTH: Duration = Duration::from_secs(5);
/// Between two looks at the clock.
const AT_ONCE: u32 = 500;

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
        let (known, first) = (verifier(), verifier());
        // Fetches the keys.
        known.verify(&token).await?;
        let first = rate(async || first.verify_signature(&token).await.map(drop)).await?;
        let again = rate(async || known.verify(&token).await.map(drop)).await?;
        println!("{first:.0} {again:.0}");
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
