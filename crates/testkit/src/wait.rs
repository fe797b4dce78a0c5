//! Waiting for a condition, in place of sleeping and hoping.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(20);

/// Asks again and again until the answer is `Some`, and gives it; panics with `what` when the time is over.
pub async fn until<T>(time_limit: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begin.elapsed() < time_limit, "waited {time_limit:?} in vain until {what}");
        sleep(POLL).await;
    }
}

/// Gives what `future` gives; panics with `what` when it takes longer than the limit.
pub async fn within<T>(time_limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    let Ok(output) = tokio::time::timeout(time_limit, future).await else {
        panic!("waited {time_limit:?} in vain until {what}");
    };
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_asks_until_the_answer_comes() {
        let mut left = 3;
        let answer = until(Duration::from_secs(5), "three questions were asked", async || {
            left -= 1;
            (left == 0).then_some("answer")
        })
        .await;
        assert_eq!(answer, "answer");
    }

    #[tokio::test]
    #[should_panic(expected = "in vain until the moon is full")]
    async fn it_says_what_it_waited_for() {
        until(Duration::from_millis(50), "the moon is full", async || None::<()>).await;
    }
}
