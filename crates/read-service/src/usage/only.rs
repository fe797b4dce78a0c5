//! One hub or one socket of the home.

use domain::registry::Succession;
use domain::usage::Usage;
use domain::{HubId, SocketNumber};
use service::problem::Problem;

use super::question::fault;

/// Of which hub, and of which number. Neither: all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Only {
    pub(super) hub: Option<HubId>,
    pub(super) socket: Option<SocketNumber>,
}

impl Only {
    /// As they stand in a query string.
    pub(crate) fn parse(hub: Option<&str>, socket: Option<&str>) -> Result<Self, Problem> {
        let hub = hub.map(|text| {
            text.parse().map_err(|_| fault("hub", format!("{text:?} is not the id of a hub (a UUID).")))
        });
        let socket = socket.map(|text| {
            let number = text.parse().ok().and_then(|number| SocketNumber::new(number).ok());
            number.ok_or_else(|| fault("socket", format!("{text:?} is not the number of a socket, 0 to 63.")))
        });
        Ok(Self { hub: hub.transpose()?, socket: socket.transpose()? })
    }

    pub(crate) fn holds(&self, hub: HubId, socket: SocketNumber) -> bool {
        self.is_of(hub) && self.socket.is_none_or(|asked| asked == socket)
    }

    pub(super) fn is_of(&self, hub: HubId) -> bool {
        self.hub.is_none_or(|asked| asked == hub)
    }

    /// The sockets of the hub that what is asked for may have been measured by, as a mask: of a home in which others carry on
    /// for sockets, more than one.
    pub(super) fn measured_by(&self, hub: HubId, successions: &[Succession]) -> u64 {
        let asked = match (self.is_of(hub), self.socket) {
            (false, _) => 0,
            (true, None) => return u64::MAX,
            (true, Some(socket)) => 1 << socket.get(),
        };
        let sources = successions.iter().filter(|next| next.hub == hub);
        sources.fold(asked, |mask, next| mask | 1 << next.socket.get())
    }

    /// After sockets have got the history of those that they carry on for.
    pub(crate) fn keep_in(&self, usage: &mut Usage) {
        usage.retain(|hub, socket| self.holds(hub, socket));
    }
}
