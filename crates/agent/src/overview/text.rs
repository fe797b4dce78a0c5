//! For a terminal.

use std::fmt;

use super::ago::{Bytes, Watts, since};
use super::{APPARENT, ClockView, LinkState, Overview, SocketView};

/// Beside what is as it should be, and what is not.
const fn mark(well: bool) -> &'static str {
    if well { "ok" } else { "!!" }
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agent {}", self.version)?;
        if let Some(board) = &self.board {
            write!(f, " on a {board}")?;
        }
        writeln!(f, ", hub {}\nrunning for {}\n", self.hub, since(self.started, self.now))?;
        self.clock(f)?;
        self.uplink(f)?;
        self.spool(f)?;
        writeln!(f)?;
        for socket in &self.sockets {
            self.socket(socket, f)?;
        }
        if let Some(error) = &self.last_error {
            writeln!(f, "\nlast error, {} ago: {}", since(error.at, self.now), error.sentence)?;
        }
        Ok(())
    }
}

impl Overview {
    fn clock(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (well, sentence) = match self.clock {
            ClockView::System => (true, "the system's"),
            ClockView::Synchronised => (true, "synchronised"),
            ClockView::NotSynchronised => (false, "not synchronised yet; times are put in as soon as it is"),
        };
        write!(f, "{}  clock   {sentence}", mark(well))?;
        match self.measured_until {
            Some(until) if self.clock != ClockView::NotSynchronised => {
                writeln!(f, "; measured until {until} ({} ago)", since(until, self.now))
            }
            _ => writeln!(f),
        }
    }

    fn uplink(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uplink = &self.uplink;
        write!(f, "{}  uplink  {}: ", mark(uplink.trouble.is_none()), uplink.target)?;
        let lasts = since(uplink.since, self.now);
        match (uplink.state, &uplink.trouble) {
            (LinkState::Untried, _) => writeln!(f, "nothing was sent yet"),
            (LinkState::Up, _) => writeln!(f, "up for {lasts}, {} containers confirmed", uplink.confirmed),
            (LinkState::Down, Some(trouble)) => writeln!(f, "down for {lasts}: {trouble}"),
            (LinkState::Down, None) => writeln!(f, "down for {lasts}"),
        }
    }

    fn spool(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spool = &self.spool;
        let (bytes, of) = (Bytes(spool.bytes), Bytes(spool.max_bytes));
        write!(
            f,
            "{}  spool   {} containers wait, {bytes} of {of}",
            mark(spool.trouble.is_none()),
            spool.waiting
        )?;
        if let Some(oldest) = spool.oldest.filter(|oldest| oldest.is_dated()) {
            write!(f, ", the oldest since {oldest}")?;
        }
        writeln!(f)?;
        let said = spool.trouble.iter().chain(&spool.losses);
        said.into_iter().try_for_each(|sentence| writeln!(f, "            {sentence}"))
    }

    fn socket(&self, socket: &SocketView, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SocketView { socket: number, name, kind, watts, estimated, heard, trouble, remark, .. } = socket;
        write!(f, "{}  {number:>2}  {name:<24} {kind:<12} {:>8}", mark(trouble.is_none()), Watts(*watts))?;
        match (trouble, heard) {
            (Some(trouble), _) => write!(f, "  {trouble}")?,
            (None, Some(heard)) => write!(f, "  {} ago", since(*heard, self.now))?,
            (None, None) => {}
        }
        if *estimated {
            write!(f, "  {APPARENT}")?;
        }
        writeln!(f)?;
        for note in socket.notes(self.now) {
            writeln!(f, "        {note}")?;
        }
        if let Some(remark) = remark {
            let ago = since(remark.at, self.now);
            writeln!(f, "        {} odd readings, the last {ago} ago: {}", remark.count, remark.sentence)?;
        }
        Ok(())
    }
}
