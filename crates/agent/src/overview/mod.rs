//! How the agent is, for people: `agent status` and the hub's own page show the same.

mod ago;
mod desk;
mod measures;
mod notes;
mod observer;
mod page;
mod text;

use domain::{HubId, TimeRange, UtcMillis};
use serde::{Deserialize, Serialize};

pub use desk::{AskError, ReportError, ask, report, serve};
pub use notes::APPARENT;
pub use observer::Observer;
pub use page::routes;

use crate::spool::Report;

/// How a hub is at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub version: String,
    /// Which Raspberry Pi, if it is one.
    pub board: Option<String>,
    pub hub: HubId,
    pub now: UtcMillis,
    /// When the agent started.
    pub started: UtcMillis,
    /// The end of the latest tick.
    pub measured_until: Option<UtcMillis>,
    pub clock: ClockView,
    pub sockets: Vec<SocketView>,
    pub spool: SpoolView,
    pub uplink: UplinkView,
    pub last_error: Option<LastError>,
}

/// Whether the time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockView {
    /// The system's is believed.
    System,
    Synchronised,
    /// What is measured now gets its time when the clock is synchronised.
    NotSynchronised,
}

/// One socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SocketView {
    pub socket: u8,
    pub name: String,
    /// What measures it, as in the configuration.
    pub kind: String,
    /// Mean power of the latest tick that has a value, in watts; negative when fed in.
    pub watts: Option<f64>,
    /// They are an estimate, as is the energy: apparent power, of a current without its voltage.
    #[serde(default)]
    pub estimated: bool,
    /// Over which time its counter was last spread evenly. How much was used in it is counted, and when is an estimate.
    #[serde(default)]
    pub spread: Option<TimeRange>,
    /// What it counted since the start and is not booked, as it was not heard for more than a week.
    #[serde(default)]
    pub unbooked: Option<Unbooked>,
    /// When it was last heard.
    pub heard: Option<UtcMillis>,
    /// Why nothing is read, as a sentence.
    pub trouble: Option<String>,
    /// The last thing that was odd about its readings.
    pub remark: Option<Remark>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub at: UtcMillis,
    pub sentence: String,
    /// How many there were since the start.
    pub count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unbooked {
    /// How often it was away for so long.
    pub times: u64,
    /// As far as it is known.
    pub kwh: f64,
}

/// What waits on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolView {
    /// Containers.
    pub waiting: u64,
    pub bytes: u64,
    /// Of how many.
    pub max_bytes: u64,
    /// First tick of what has waited longest.
    pub oldest: Option<UtcMillis>,
    /// Why nothing can be put into it, as a sentence.
    pub trouble: Option<String>,
    /// What was made coarser or given up for want of room, one sentence each.
    pub losses: Vec<String>,
    /// All that is known of it; `None` while it cannot be read.
    pub report: Option<Report>,
}

/// The way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UplinkView {
    /// Where to, without the password.
    pub target: String,
    /// Containers confirmed since the start.
    pub confirmed: u64,
    pub state: LinkState,
    /// Why it is down, as a sentence.
    pub trouble: Option<String>,
    pub since: UtcMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Nothing was published yet.
    Untried,
    Up,
    Down,
}

/// The latest thing that went wrong, also if it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    pub at: UtcMillis,
    pub sentence: String,
}

impl Overview {
    /// All that is not as it should be now, one sentence each.
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        if self.clock == ClockView::NotSynchronised {
            troubles.push(
                "The clock is not synchronised yet; what is measured gets its time as soon as it is."
                    .to_owned(),
            );
        }
        let sentence = |subject: &str, trouble: &str| format!("{subject}: {trouble}");
        troubles.extend(self.uplink.trouble.iter().map(|trouble| sentence("Uplink", trouble)));
        troubles.extend(self.spool.trouble.iter().map(|trouble| sentence("Spool", trouble)));
        troubles.extend(self.sockets.iter().filter_map(|socket| {
            Some(sentence(&format!("Socket {}, {}", socket.socket, socket.name), socket.trouble.as_deref()?))
        }));
        troubles
    }
}
