use std::fmt::{self, Display, Write};

use crate::overview::ago::{Bytes, Watts, since};
use crate::overview::{APPARENT, ClockView, LinkState, Overview, SocketView};

/// Text between tags and in attributes.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The whole page.
pub(super) fn render(overview: &Overview) -> String {
    let mut page = String::with_capacity(8 << 10);
    // Writing into a string does not fail.
    write(&mut page, overview).unwrap_or_default();
    page
}

fn write(page: &mut String, overview: &Overview) -> fmt::Result {
    let troubles = overview.troubles();
    page.push_str(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"refresh\" content=\"10\"><title>Wattline \
         hub</title><link rel=\"stylesheet\" href=\"page.css\"></head><body><main>",
    );
    let total: f64 = overview.sockets.iter().filter_map(|socket| socket.watts).sum();
    let known = overview.sockets.iter().any(|socket| socket.watts.is_some());
    write!(page, "<header><h1>Hub</h1><p class=\"total\">{}</p>", Watts(known.then_some(total)))?;
    let measured = overview.sockets.iter().filter(|socket| socket.watts.is_some()).count();
    write!(page, "<p class=\"soft\">{measured} of {} sockets measured now", overview.sockets.len())?;
    let is_estimated = |socket: &&SocketView| socket.estimated && socket.watts.is_some();
    let estimated = overview.sockets.iter().filter(is_estimated).count();
    if estimated > 0 {
        write!(page, ", {estimated} of them estimated")?;
    }
    page.push_str("</p></header>\n");

    if !troubles.is_empty() {
        page.push_str("<section class=\"troubles\" aria-label=\"What is wrong\"><ul>");
        for trouble in &troubles {
            write!(page, "<li>{}</li>", Escaped(trouble))?;
        }
        page.push_str("</ul></section>");
    }
    sockets(page, overview)?;
    facts(page, overview)?;
    write!(page, "<footer>agent {}", Escaped(&overview.version))?;
    if let Some(board) = &overview.board {
        write!(page, " on a {}", Escaped(board))?;
    }
    write!(page, " · hub {}</footer></main></body></html>", overview.hub)
}

fn sockets(page: &mut String, overview: &Overview) -> fmt::Result {
    let most =
        overview.sockets.iter().filter_map(|socket| socket.watts).fold(1.0_f64, |most, w| most.max(w.abs()));
    page.push_str("<section><h2>Sockets</h2><ul class=\"sockets\">");
    for view in &overview.sockets {
        let SocketView { socket, name, kind, watts, estimated, heard, trouble, remark, .. } = view;
        let class = if trouble.is_some() { " class=\"bad\"" } else { "" };
        let share = watts.map_or(0.0, |watts| watts.abs() / most);
        write!(
            page,
            "<li{class}><span class=\"name\">{}</span><span class=\"watts\">{}</span><meter value=\"{share:.3}\" \
             aria-hidden=\"true\"></meter><span class=\"soft\">socket {socket}, {}",
            Escaped(name),
            Watts(*watts),
            Escaped(kind),
        )?;
        if let Some(heard) = heard {
            write!(page, ", heard {} ago", since(*heard, overview.now))?;
        }
        if *estimated {
            write!(page, "; {APPARENT}")?;
        }
        for note in view.notes(overview.now) {
            write!(page, "; {note}")?;
        }
        if let Some(remark) = remark {
            let ago = since(remark.at, overview.now);
            write!(page, ". Odd reading {ago} ago ({} in all): {}", remark.count, Escaped(&remark.sentence))?;
        }
        page.push_str("</span></li>");
    }
    page.push_str("</ul></section>");
    Ok(())
}

fn facts(page: &mut String, overview: &Overview) -> fmt::Result {
    let Overview { now, uplink, spool, .. } = overview;
    page.push_str("<section><h2>The hub</h2><dl>");
    let state = match uplink.state {
        LinkState::Untried => "nothing was sent yet".to_owned(),
        LinkState::Up => format!("up for {}", since(uplink.since, *now)),
        LinkState::Down => format!("down for {}", since(uplink.since, *now)),
    };
    let target = Escaped(&uplink.target);
    fact(page, "Uplink", format_args!("{target}: {state}, {} containers confirmed", uplink.confirmed))?;
    let (bytes, of) = (Bytes(spool.bytes), Bytes(spool.max_bytes));
    fact(page, "Spool", format_args!("{} containers wait, {bytes} of {of}", spool.waiting))?;
    for loss in &spool.losses {
        fact(page, "Given up", Escaped(loss))?;
    }
    let clock = match overview.clock {
        ClockView::System => "the system's",
        ClockView::Synchronised => "synchronised",
        ClockView::NotSynchronised => "not synchronised yet",
    };
    fact(page, "Clock", clock)?;
    if let Some(until) = overview.measured_until.filter(|until| until.is_dated()) {
        fact(page, "Measured until", format_args!("{until}"))?;
    }
    fact(page, "Running for", since(overview.started, *now))?;
    if let Some(error) = &overview.last_error {
        let sentence = Escaped(&error.sentence);
        fact(page, "Last error", format_args!("{} ago: {sentence}", since(error.at, *now)))?;
    }
    page.push_str("</dl></section>");
    Ok(())
}

fn fact(page: &mut String, name: &str, value: impl Display) -> fmt::Result {
    write!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>")
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn names_are_text_and_not_tags() {
        assert_eq!(Escaped("<b>\"A&B\"").to_string(), "&lt;b&gt;&quot;A&amp;B&quot;");
    }
}
