use std::sync::Arc;
use std::time::Duration;

use domain::sensor::Outlet;
use domain::{Clock, UtcMillis};

use super::ago::Span;
use super::{ClockView, LastError, LinkState, Overview, Remark, SocketView, SpoolView, Unbooked, UplinkView};
use crate::board;
use crate::spool::{Report, Spool};
use crate::status::{Status, UplinkState};
use crate::time::HubClock;
use tokio::time::{Instant, timeout};

/// For what the spool is asked: a disk that hangs must not keep anybody from hearing of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at an agent that runs.
pub struct Observer {
    status: Arc<Status>,
    clock: Arc<dyn Clock>,
    time: Option<Arc<HubClock>>,
    board: Option<String>,
    started: Instant,
    spool: Spool,
    target: String,
}

impl Observer {
    /// Of an agent that starts now. `time` is its clock where that may not know the time yet, `target` where it publishes
    /// to, without a password.
    pub fn new(
        spool: Spool,
        status: Arc<Status>,
        clock: Arc<dyn Clock>,
        time: Option<Arc<HubClock>>,
        target: String,
    ) -> Self {
        let (started, board) = (Instant::now(), board::model());
        Self { status, clock, time, board, started, spool, target }
    }

    /// How it is now.
    pub async fn look(&self) -> Overview {
        let now = self.clock.now();
        let report = timeout(PATIENCE, self.spool.report()).await;
        let report = report.map_err(|_| {
            format!(
                "what is in it could not be counted within {} s: its disk is slow, or hangs",
                PATIENCE.as_secs()
            )
        });
        let report = report.and_then(|report| report.map_err(|error| error.to_string()));
        let numbers = self.status.snapshot();
        Overview {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            board: self.board.clone(),
            hub: self.spool.hub(),
            now,
            started: before(now, self.started.elapsed()),
            measured_until: numbers.measured_until,
            clock: self.clock_view(),
            sockets: self.sockets(),
            spool: self.spool(numbers.spool_depth, report),
            uplink: self.uplink(numbers.confirmed, numbers.uplink, now),
            last_error: self
                .status
                .seen()
                .last_error()
                .map(|(ago, sentence)| LastError { at: before(now, ago), sentence }),
        }
    }

    fn clock_view(&self) -> ClockView {
        match &self.time {
            None => ClockView::System,
            Some(time) if time.is_dated() => ClockView::Synchronised,
            Some(_) => ClockView::NotSynchronised,
        }
    }

    fn sockets(&self) -> Vec<SocketView> {
        let seen = self.status.seen();
        let mut views: Vec<SocketView> = seen
            .outlets()
            .into_iter()
            .map(|(Outlet { socket, name }, kind)| SocketView {
                socket: socket.get(),
                name,
                kind: kind.to_owned(),
                watts: seen.watts(socket),
                estimated: false,
                spread: None,
                unbooked: None,
                heard: None,
                trouble: None,
                remark: None,
            })
            .collect();
        for meter in self.status.meters().snapshot() {
            let Some(view) = views.iter_mut().find(|view| view.socket == meter.socket) else { continue };
            view.heard = meter.last_reading;
            view.estimated = meter.is_apparent;
            view.spread = meter.spread;
            view.unbooked = unbooked(meter.unbooked);
            view.trouble = match meter.condition {
                meters::Condition::Trouble(sentence) => Some(sentence),
                meters::Condition::Waiting | meters::Condition::Measures => None,
            };
            view.remark = meter.remark.map(|(at, sentence)| Remark { at, sentence, count: meter.remarks });
        }
        views
    }

    fn spool(&self, depth: u64, report: Result<Report, String>) -> SpoolView {
        let stalled = self.status.snapshot().stalled;
        let full = || "it or its disk is full, and measuring waits until there is room".to_owned();
        let max_bytes = self.spool.max_bytes();
        match report {
            Ok(report) => SpoolView {
                waiting: report.depth,
                bytes: report.bytes,
                max_bytes,
                oldest: report.oldest.map(|(_, tick)| tick),
                trouble: stalled.then(full),
                losses: losses(&report),
                report: Some(report),
            },
            Err(trouble) => SpoolView {
                waiting: depth,
                bytes: 0,
                max_bytes,
                oldest: None,
                trouble: Some(trouble),
                losses: Vec::new(),
                report: None,
            },
        }
    }

    fn uplink(&self, confirmed: u64, state: UplinkState, now: UtcMillis) -> UplinkView {
        let (ago, trouble) = self.status.seen().uplink();
        let (state, trouble) = match state {
            UplinkState::Untried => (LinkState::Untried, None),
            UplinkState::Up => (LinkState::Up, None),
            UplinkState::Down => (LinkState::Down, trouble),
        };
        UplinkView { target: self.target.clone(), confirmed, state, trouble, since: before(now, ago) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown to the watt-hour")]
fn unbooked(meters::Unbooked { times, energy }: meters::Unbooked) -> Option<Unbooked> {
    (times > 0).then(|| Unbooked { times, kwh: energy.0 as f64 / 3.6e12 })
}

/// What had to be made coarser or given up, ever.
fn losses(report: &Report) -> Vec<String> {
    let thinned = report.thinned.map(|(millis, until)| {
        format!("{} were thinned to one-minute ticks for want of room, the last of {until}", Span(millis))
    });
    let dropped = report.dropped.map(|(millis, range)| {
        format!("{} were dropped for want of room, from {} to {}", Span(millis), range.start, range.end)
    });
    let undatable = (report.never_dated_millis > 0).then(|| {
        format!("{} were given up, as nobody ever knew when they were", Span(report.never_dated_millis))
    });
    [thinned, dropped, undatable].into_iter().flatten().collect()
}

fn before(now: UtcMillis, ago: Duration) -> UtcMillis {
    now.plus_millis(-i64::try_from(ago.as_millis()).unwrap_or(0))
}
