//! Any ticks: their lines, read by line protocol's own rules, say the same hub, sockets, joules, length and time, and
//! nothing else. A value that broke out of its line would be another field, another line, or none at all.
//!
//! The input is containers one after another: how many ticks, how many seconds each (of those that divide a minute),
//! the hub, and for every tick its start, its mask and as many numbers as the mask has bits, eight bytes each.

#![no_main]

use domain::{HubId, SocketNumber, TickBatch, TickLength, UtcMillis};
use libfuzzer_sys::fuzz_target;

// The encoder by its source, not by its crate: that brings an HTTP client and TLS, minutes of building.
#[path = "../../src/digits.rs"]
mod digits;
#[path = "../../src/line.rs"]
#[allow(dead_code, reason = "the reading side uses the rest")]
mod line;

const LENGTHS: [u32; 12] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60];

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let mut batch = TickBatch::default();
    while read_container(&mut rest, &mut batch).is_some() {}

    let mut buffer = b"what was there before\n".to_vec();
    line::encode(batch.all(), &mut buffer);
    let text = std::str::from_utf8(&buffer).expect("text");
    let mut lines = text.strip_prefix("what was there before\n").expect("appended").split_terminator('\n');
    for tick in batch.all().iter() {
        let point = Point::parse(lines.next().expect("a line for every tick")).expect("line protocol");
        assert_eq!(point.measurement, "energy");
        assert_eq!(point.tags, [("hub", tick.hub.to_string().as_str())]);
        assert_eq!(point.millis, tick.start.0);
        let (length, sockets) = point.fields.split_last().expect("fields");
        assert_eq!(*length, ("dt", tick.length.millis_i64()));
        let expected = SocketNumber::in_mask(tick.mask).zip(tick.joules);
        assert_eq!(sockets.len(), tick.joules.len());
        for ((name, joules), (number, expected)) in sockets.iter().zip(expected) {
            assert_eq!((*name, joules), (format!("s{}", number.get()).as_str(), expected));
        }
    }
    assert_eq!(lines.next(), None);
    assert!(text.ends_with('\n'));
});

fn read_container(rest: &mut &[u8], batch: &mut TickBatch) -> Option<()> {
    let [ticks, length] = take(rest)?;
    let length = TickLength::from_secs(LENGTHS[usize::from(length) % LENGTHS.len()]).ok()?;
    let mut draft = batch.begin(HubId::from_bytes(take(rest)?), 1, length);
    for _ in 0..ticks {
        let (start, mask) = (i64::from_le_bytes(take(rest)?), u64::from_le_bytes(take(rest)?));
        for _ in 0..mask.count_ones() {
            draft.joules().push(i64::from_le_bytes(take(rest)?));
        }
        assert!(draft.tick(UtcMillis(start), mask));
    }
    draft.finish();
    Some(())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

/// A line as a server reads it; only what needs no escaping, and integers.
struct Point<'a> {
    measurement: &'a str,
    tags: Vec<(&'a str, &'a str)>,
    fields: Vec<(&'a str, i64)>,
    millis: i64,
}

impl<'a> Point<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        if line.chars().any(|c| c.is_control() || matches!(c, '\\' | '"' | '#')) {
            return None;
        }
        let [key, fields, millis] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let mut key = key.split(',');
        let measurement = key.next()?;
        let tags = key.map(|tag| tag.split_once('=')).collect::<Option<_>>()?;
        let fields = fields
            .split(',')
            .map(|field| {
                let (name, value) = field.split_once('=')?;
                Some((name, integer(value.strip_suffix('i')?)?))
            })
            .collect::<Option<_>>()?;
        Some(Self { measurement, tags, fields, millis: integer(millis)? })
    }
}

/// Written in the one usual way.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}
