use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc as blocking};
use std::time::Duration;

use agent::spool::Spool;
use agent::{Config, Deps, Status};
use async_trait::async_trait;
use bytes::Bytes;
use domain::sensor::Observation;
use domain::transport::{ContainerPublisher, PublishError};
use domain::{HubId, Milliwatts, SocketNumber, UtcMillis};
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};
use tokio_util::sync::CancellationToken;

use crate::support::{IDENTITY, Scripted, config};

/// Container, its ticks' ends in seconds, and when it came.
type Arrival = (u64, Vec<i64>, Instant);

/// A way out that is open or not.
#[derive(Default)]
struct Way {
    open: AtomicBool,
    arrived: Mutex<Vec<Arrival>>,
}

#[async_trait]
impl ContainerPublisher for Way {
    async fn publish(&self, _: HubId, body: Bytes) -> Result<(), PublishError> {
        if !self.open.load(Ordering::Relaxed) {
            return Err(PublishError::Unavailable("closed".to_owned()));
        }
        let container = wire::decode(&body).unwrap();
        let ends = container.ticks.iter().map(|tick| tick.start.secs() + 10).collect();
        self.arrived.lock().unwrap().push((container.sequence, ends, Instant::now()));
        Ok(())
    }
}

/// A hub with real meters, as far as the agent knows, in a time that only the test moves.
struct Home {
    way: Arc<Way>,
    status: Arc<Status>,
    tell: mpsc::Sender<Vec<Observation>>,
    spool: Spool,
    shutdown: CancellationToken,
    running: tokio::task::JoinHandle<()>,
    /// While a blocking task runs, time that is paused does not move by itself.
    _frozen: blocking::Sender<()>,
}

impl Home {
    async fn start(folder: &Path, change: impl FnOnce(&mut Config)) -> Self {
        tokio::time::pause();
        let (frozen, held) = blocking::channel::<()>();
        tokio::task::spawn_blocking(move || held.recv());
        let meters: Config =
            toml::from_str("sensors = [{ socket = 0, tasmota = { topic = \"x\" } }]").unwrap();
        let mut config = Config { sensors: meters.sensors, ..config(folder) };
        change(&mut config);
        let (tell, told) = mpsc::channel(1);
        let (way, status, shutdown) =
            (Arc::<Way>::default(), Arc::<Status>::default(), CancellationToken::new());
        let spool = Spool::open(&config.spool, IDENTITY).await.unwrap();
        let deps = Deps {
            config,
            spool: spool.clone(),
            sensor: Box::new(Scripted(told)),
            publisher: way.clone(),
            status: status.clone(),
            changing: None,
        };
        let token = shutdown.clone();
        let running = tokio::spawn(async move { agent::run(deps, token).await.unwrap() });
        Self { way, status, tell, spool, shutdown, running, _frozen: frozen }
    }

    /// Ticks of ten seconds with these watts, told at once, and waits until they are in the spool.
    async fn ticks(&self, from: i64, watts: &[i64]) {
        let mut all = Vec::new();
        for (&watts, n) in watts.iter().zip(0..) {
            let at = UtcMillis::from_secs(from + n * 10);
            let power = Milliwatts::from_watts(watts);
            all.push(Observation::Power { socket: SocketNumber::new(0).unwrap(), at, power });
            all.push(Observation::Until(at.plus_millis(10_000)));
        }
        let end = from + i64::try_from(watts.len()).unwrap() * 10;
        self.tell.send(all).await.unwrap();
        until("the ticks are in the spool", async || {
            let seen = self.spool.report().await.unwrap();
            seen.measured_until == Some(UtcMillis::from_secs(end))
        })
        .await;
    }

    fn arrived(&self) -> Vec<Arrival> {
        self.way.arrived.lock().unwrap().clone()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        let running = self.running;
        until("it stops", async || {
            // So long it would still publish.
            advance(Duration::from_millis(100)).await;
            running.is_finished()
        })
        .await;
    }
}

/// Waits for something without moving the time.
async fn until(what: &str, is: impl AsyncFn() -> bool) {
    let begin = std::time::Instant::now();
    while !is().await {
        assert!(begin.elapsed() < Duration::from_mins(1), "{what}, in vain");
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[tokio::test]
async fn after_an_outage_the_past_follows_newest_first_and_slowly_beside_the_present() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::start(folder.path(), |config| config.uplink.catch_up_per_sec = 0.5).await;
    // Two hours and twenty minutes, ten minutes a container.
    for n in 0..14 {
        let watts: Vec<i64> = (0..60).map(|tick| (n * 60 + tick) * 37 % 900).collect();
        home.ticks(n * 600, &watts).await;
    }
    // The file has it a moment before the status does.
    until("all of it waits and the way out is known to be closed", async || {
        let now = home.status.snapshot();
        now.uplink == agent::status::UplinkState::Down && now.spool_depth == 14
    })
    .await;
    assert_eq!(home.arrived().len(), 0);

    home.way.open.store(true, Ordering::Relaxed);
    advance(Duration::from_secs(31)).await;
    until("the way out is known to be open", async || home.status.snapshot().confirmed == 1).await;
    let opened = Instant::now();
    let tried = home.arrived()[0].0;
    home.ticks(8_400, &[2_000]).await;
    until("the present is there at once", async || home.arrived().iter().any(|one| one.1 == [8_410])).await;
    assert!(home.arrived().len() <= 3, "the past waits");

    let mut latest = (home.arrived().len(), opened);
    while home.arrived().len() < 15 {
        assert!(opened.elapsed() < Duration::from_secs(60 + 14 * 4), "{:?}", home.arrived());
        advance(Duration::from_millis(500)).await;
        let (so_far, last) = latest;
        // What is due now leaves now; what is overdue is held up by a disk, which knows nothing of this clock.
        let is_overdue = last.elapsed() > Duration::from_secs(if so_far > 2 { 6 } else { 62 });
        for _ in 0..if is_overdue { 20_000 } else { 20 } {
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_micros(200));
            if home.arrived().len() > so_far {
                latest = (home.arrived().len(), Instant::now());
                break;
            }
        }
    }
    let arrived = home.arrived();
    let past: Vec<&Arrival> = arrived.iter().filter(|one| one.0 != tried && one.1 != [8_410]).collect();
    assert_eq!(past.len(), 13);
    assert!(past.is_sorted_by(|a, b| a.0 > b.0), "newest first");
    assert_eq!(past[0].1.last(), Some(&if tried == 14 { 7_800 } else { 8_400 }));
    for pair in past.windows(2) {
        let apart = pair[1].2 - pair[0].2;
        assert!(apart >= Duration::from_secs(1), "{apart:?}");
    }
    until("all is confirmed", async || home.status.snapshot().spool_depth == 0).await;
    home.stop().await;
}

#[tokio::test]
async fn ticks_that_bring_nothing_new_travel_together() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::start(folder.path(), |_| {}).await;
    home.way.open.store(true, Ordering::Relaxed);
    let confirmed = async |count: usize| {
        until("it arrives", async || {
            home.arrived().len() == count && home.status.snapshot().spool_depth == 0
        })
        .await;
    };
    home.ticks(0, &[50]).await;
    confirmed(1).await;
    let mut expected = 1;
    for n in 1..16 {
        advance(Duration::from_secs(10)).await;
        // A watt more or less is nothing new; 40 W are, and so is their end.
        let watts = if n == 14 { 90 } else { 50 + n % 2 };
        home.ticks(n * 10, &[watts]).await;
        if [1, 4, 8, 12, 14, 15].contains(&n) {
            expected += 1;
            confirmed(expected).await;
        } else {
            assert_eq!(home.arrived().len(), expected, "at {n}");
        }
    }
    let ends: Vec<Vec<i64>> =
        home.arrived().into_iter().map(|one| one.1.iter().map(|end| end / 10).collect()).collect();
    let together: [&[i64]; 7] = [&[1], &[2], &[3, 4, 5], &[6, 7, 8, 9], &[10, 11, 12, 13], &[14, 15], &[16]];
    assert_eq!(ends, together);

    // Nothing follows, and yet it does not wait for ever.
    advance(Duration::from_secs(10)).await;
    home.ticks(160, &[51]).await;
    assert_eq!(home.arrived().len(), 7);
    advance(Duration::from_secs(41)).await;
    confirmed(8).await;
    home.stop().await;
}
