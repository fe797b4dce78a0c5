//! What the service manager hears of the agent: that it works, what it is doing, and whether it has hung.

use std::convert::Infallible;
use std::time::Duration;

use service::systemd::ServiceManager;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::pulse::{Beats, Pulse};
use crate::status::{Snapshot, Status, UplinkState};

/// How often it is told what the agent is doing.
const REGULARLY: Duration = Duration::from_secs(10);
/// Looks within the manager's patience at least, so that one that comes late does not matter.
const LOOKS: u32 = 4;

/// Tells that the agent is ready, pats the watchdog for as long as meter and uplink turn, and tells of the stop.
pub async fn keep_informed(
    manager: &ServiceManager,
    status: &Status,
    shutdown: &CancellationToken,
) -> Infallible {
    manager.ready();
    let patience = manager.watchdog().unwrap_or(Duration::MAX);
    let mut looks = interval((patience / LOOKS).min(REGULARLY));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watchdog = Watchdog::new(patience);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = shutdown.cancelled() => break,
        }
        manager.status(&sentence(&status.snapshot()));
        if watchdog.finds_alive(status.pulse()) {
            manager.alive();
        }
    }
    manager.stopping();
    std::future::pending().await
}

/// What was seen since both were last found alive.
struct Watchdog {
    patience: Duration,
    meter: Seen,
    uplink: Seen,
    alive: Instant,
    complained: bool,
}

#[derive(Default)]
struct Seen {
    count: u64,
    turned: bool,
}

impl Watchdog {
    fn new(patience: Duration) -> Self {
        let (meter, uplink) = (Seen::default(), Seen::default());
        Self { patience, meter, uplink, alive: Instant::now(), complained: false }
    }

    /// Whether both have turned since this was last true. Names who has not, before the manager acts.
    fn finds_alive(&mut self, pulse: &Pulse) -> bool {
        self.meter.look(&pulse.meter);
        self.uplink.look(&pulse.uplink);
        if self.meter.turned && self.uplink.turned {
            (self.meter.turned, self.uplink.turned) = (false, false);
            (self.alive, self.complained) = (Instant::now(), false);
            return true;
        }
        let lasting = self.alive.elapsed();
        if lasting > self.patience / 4 * 3 && !std::mem::replace(&mut self.complained, true) {
            let who = if self.meter.turned { "the uplink" } else { "the meter" };
            tracing::error!("{who} has hung for {} s; the agent is about to be killed", lasting.as_secs());
        }
        false
    }
}

impl Seen {
    fn look(&mut self, beats: &Beats) {
        self.turned |= beats.moved_on(&mut self.count);
    }
}

fn sentence(now: &Snapshot) -> String {
    let measured = match now.measured_until {
        Some(until) => format!("measured until {until}"),
        None => "nothing measured yet".to_owned(),
    };
    let uplink = match now.uplink {
        UplinkState::Untried => "nothing published yet",
        UplinkState::Up => "the broker takes what is published",
        UplinkState::Down => "the broker takes nothing",
    };
    format!("{measured}; {uplink}; {} containers wait in the spool", now.spool_depth)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::sync::Arc;

    use async_trait::async_trait;
    use domain::sensor::{Observation, Outlet, Sensor};
    use domain::{HubId, UtcMillis};

    use super::*;
    use crate::meter::Meter;
    use crate::spool::{Identity, Spool};

    const PATIENCE: Duration = Duration::from_mins(3);

    /// A service manager that only listens.
    struct Listening {
        socket: UnixDatagram,
        _folder: tempfile::TempDir,
    }

    impl Listening {
        fn start() -> (Self, ServiceManager) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("notify");
            let socket = UnixDatagram::bind(&path).unwrap();
            socket.set_nonblocking(true).unwrap();
            let variables = [
                ("NOTIFY_SOCKET".to_owned(), path.to_str().unwrap().to_owned()),
                ("WATCHDOG_USEC".to_owned(), PATIENCE.as_micros().to_string()),
            ];
            (Self { socket, _folder: folder }, ServiceManager::from_environment(variables, 1))
        }

        /// What was said since the last time, without sentences for people.
        fn heard(&self) -> Vec<String> {
            let mut words = Vec::new();
            let mut buffer = [0; 512];
            while let Ok(length) = self.socket.recv(&mut buffer) {
                words.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
            }
            words.retain(|word| !word.starts_with("STATUS="));
            words
        }
    }

    /// Lets all that is due by then happen.
    async fn pass(time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn attend(manager: ServiceManager) -> (Arc<Status>, CancellationToken) {
        let (status, shutdown) = (Arc::new(Status::default()), CancellationToken::new());
        let (seen, stop) = (Arc::clone(&status), shutdown.clone());
        tokio::spawn(async move { keep_informed(&manager, &seen, &stop).await });
        (status, shutdown)
    }

    #[tokio::test(start_paused = true)]
    async fn a_pat_takes_a_turn_of_both() {
        let (listening, manager) = Listening::start();
        let (status, shutdown) = attend(manager);
        pass(Duration::from_secs(1)).await;
        assert_eq!(listening.heard(), ["READY=1"]);

        let beats = [(true, true, 1), (true, false, 0), (true, false, 0), (false, true, 1), (false, true, 0)];
        for (meter, uplink, pats) in beats {
            if meter {
                status.pulse().meter.beat();
            }
            if uplink {
                status.pulse().uplink.beat();
            }
            pass(2 * REGULARLY).await;
            assert_eq!(listening.heard(), vec!["WATCHDOG=1"; pats], "{meter} {uplink}");
        }

        // Hangs for ten times as long as the manager would wait.
        let hung = Instant::now();
        while hung.elapsed() < 10 * PATIENCE {
            status.pulse().uplink.beat();
            pass(REGULARLY).await;
            assert_eq!(listening.heard(), Vec::<String>::new());
        }

        shutdown.cancel();
        pass(Duration::from_secs(1)).await;
        assert_eq!(listening.heard(), ["STOPPING=1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_task_that_has_done_all() {
        let (listening, manager) = Listening::start();
        let (status, _shutdown) = attend(manager);
        status.pulse().meter.end();
        pass(Duration::from_secs(1)).await;
        listening.heard();
        for _ in 0..8 {
            status.pulse().uplink.beat();
            pass(REGULARLY).await;
            assert_eq!(listening.heard(), ["WATCHDOG=1"]);
        }
    }

    /// Says every second how far it is, until it hangs.
    struct Hanging {
        told: i64,
        hangs_at: i64,
    }

    #[async_trait]
    impl Sensor for Hanging {
        async fn observe(&mut self, out: &mut Vec<Observation>) -> bool {
            if self.told >= self.hangs_at {
                return std::future::pending().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.told += 1;
            out.push(Observation::Until(UtcMillis::from_secs(self.told)));
            true
        }

        fn outlets(&self) -> Vec<Outlet> {
            Vec::new()
        }
    }

    #[tokio::test]
    async fn a_meter_whose_sensor_hangs_gets_no_pat() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = crate::Config::default();
        config.spool.path = folder.path().join("spool.db");
        let identity = Identity { configured: None, fresh: HubId::from_bytes([1; 16]), now: UtcMillis(0) };
        let spool = Spool::open(&config.spool, identity).await.unwrap();
        // Without readings nothing is stored: from here on all that happens happens on this clock.
        tokio::time::pause();

        let (listening, manager) = Listening::start();
        let (status, shutdown) = attend(manager);
        let meter = Meter::new(config, spool, Arc::clone(&status), None);
        let sensor = Box::new(Hanging { told: 0, hangs_at: 60 });
        tokio::spawn(async move { meter.run(sensor, &shutdown).await });
        let mut pats = Vec::new();
        for _ in 0..60 {
            status.pulse().uplink.beat();
            pass(REGULARLY).await;
            pats.push(listening.heard().iter().filter(|word| *word == "WATCHDOG=1").count());
        }
        let lively = pats.iter().sum::<usize>();
        assert!((5..=7).contains(&lively), "{pats:?}");
        assert!(pats[8..].iter().all(|&pats| pats == 0), "{pats:?}");
    }
}
