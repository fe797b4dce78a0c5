//! Dead letters are written beside the pipeline: one that cannot be written must not hold up what can be stored.

use std::time::Duration;

use domain::transport::{ContainerSource, Receipt, SourceError};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use service::backoff::Backoff;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::batch::Refused;
use crate::flood::Flood;
use crate::followed::Followed;
use crate::measures::Measures;
use crate::pipeline::release;

/// Being written at the same time: a confirm takes its time, and there may be a flood of them.
const AT_ONCE: usize = 64;
/// When this many wait for that, the pipeline does too.
pub(crate) const WAITING: usize = 64;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Writes until `inbox` is closed and empty. A container is never dropped: until it is safe among the dead letters it
/// is not settled, and what is left when `give_up` fires is given back.
pub(crate) async fn write_all(
    source: &dyn ContainerSource,
    mut inbox: mpsc::Receiver<Refused>,
    measures: &Measures,
    followed: &Followed,
    give_up: &CancellationToken,
) {
    let mut left: Vec<Receipt> = Vec::new();
    let mut flood = Flood::default();
    let mut under_way = FuturesUnordered::new();
    let mut is_open = true;
    while is_open || !under_way.is_empty() {
        tokio::select! {
            biased;
            () = flood.summary_due() => summarise(&mut flood),
            Some((refused, written)) = under_way.next(), if !under_way.is_empty() => if written {
                count(&refused, measures);
                let Refused { delivery, refusal } = &refused;
                if !followed.dead_lettered(delivery.receipt, &refusal.reason) && flood.is_told(Instant::now()) {
                    tell(&refused);
                }
            } else {
                left.push(refused.delivery.receipt);
            },
            refused = inbox.recv(), if is_open && under_way.len() < AT_ONCE => match refused {
                Some(refused) => under_way.push(async move {
                    let written = tokio::select! {
                        biased;
                        () = give_up.cancelled() => false,
                        written = write(source, &refused) => written,
                    };
                    (refused, written)
                }),
                None => is_open = false,
            },
        }
    }
    summarise(&mut flood);
    if !left.is_empty() {
        release(source, &left).await;
        measures.settled(left.len());
        followed.given_back(&left);
    }
}

fn count(refused: &Refused, measures: &Measures) {
    measures.dead_letter(refused.refusal.cause, refused.refusal.values);
}

fn tell(Refused { delivery, refusal }: &Refused) {
    let reason = &refusal.reason;
    let hub = delivery.hub.map(|hub| hub.to_string());
    tracing::warn!(hub, bytes = delivery.body.len(), reason, "a container is among the dead letters");
}

fn summarise(flood: &mut Flood) {
    let count = flood.take_untold();
    if count > 0 {
        tracing::warn!(count, "more containers are among the dead letters");
    }
}

/// Tries again for as long as it takes. `false`: the transport is closed.
async fn write(source: &dyn ContainerSource, refused: &Refused) -> bool {
    let Refused { delivery, refusal } = refused;
    let reason = &refusal.reason;
    let hub = delivery.hub.map(|hub| hub.to_string());
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        match source.dead_letter(delivery, reason).await {
            Ok(()) => return true,
            Err(SourceError::Closed) => return false,
            Err(error) => tracing::warn!(hub, reason, %error, "cannot write the dead letter, trying again"),
        }
        backoff.wait().await;
    }
}
