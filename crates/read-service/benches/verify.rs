//! How many tokens one core verifies in a second: `cargo bench -p read-service --bench verify -- KEYS-URL TOKEN`.
#![expect(clippy::print_stdout, reason = "the figure is what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use read_service::{KeySource, TokenVerifier};
use service::clock::SystemClock;

const LENGTH: Duration = Duration::from_secs(5);
const AT_ONCE: u32 = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(url), Some(token)) = (arguments.next(), arguments.next()) else {
        return Err("KEYS-URL and TOKEN are missing".into());
    };
    // One thread: one core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let verifier = TokenVerifier::new(KeySource::new(url)?, Arc::new(SystemClock));
        // Fetches the keys.
        verifier.verify(&token).await?;
        let (began, mut count) = (Instant::now(), 0u32);
        while began.elapsed() < LENGTH {
            for _ in 0..AT_ONCE {
                verifier.verify(&token).await?;
            }
            count += AT_ONCE;
        }
        println!("{:.0}", f64::from(count) / began.elapsed().as_secs_f64());
        Ok(())
    })
}
