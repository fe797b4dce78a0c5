//! Who belongs together: the ids by which what is logged of one request, or of one container, is found in every process
//! that it went through. W3C Trace Context, <https://www.w3.org/TR/trace-context/>.

use std::fmt;

/// How long the header is, in its version 00.
const LENGTH: usize = 55;

/// Of everything that is done because of one request or one container. Never all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// Of one part of that. Never all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// Where in a trace something happens; what the header `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    pub trace: TraceId,
    /// Who passes it on, and so the parent of whatever the receiver does.
    pub span: SpanId,
    /// Whoever passes it on may have recorded it.
    pub sampled: bool,
}

impl TraceContext {
    /// The name of the header, over HTTP and in messages alike.
    pub const HEADER: &'static str = "traceparent";

    /// The beginning of a trace, with ids out of `random` bytes.
    pub fn begin(random: [u8; 24], sampled: bool) -> Self {
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&random[..16]);
        span.copy_from_slice(&random[16..]);
        Self { trace: TraceId(not_zero(trace)), span: SpanId(not_zero(span)), sampled }
    }

    /// The next part of the same trace, with an id out of `random` bytes.
    #[must_use]
    pub fn next(self, random: [u8; 8]) -> Self {
        Self { span: SpanId(not_zero(random)), ..self }
    }

    /// What a header says; `None` unless it says so by the rules. Later versions may add to its end.
    pub fn parse(header: &str) -> Option<Self> {
        let text = header.as_bytes();
        let version = hex::<1>(text.get(..2)?)?;
        let fits = match version {
            [0xff] => false,
            [0] => text.len() == LENGTH,
            _ => text.len() == LENGTH || text.get(LENGTH) == Some(&b'-'),
        };
        if !fits || [2, 35, 52].iter().any(|&place| text.get(place) != Some(&b'-')) {
            return None;
        }
        let trace = hex::<16>(&text[3..35]).filter(|id| *id != [0; 16])?;
        let span = hex::<8>(&text[36..52]).filter(|id| *id != [0; 8])?;
        let [flags] = hex::<1>(&text[53..55])?;
        Some(Self { trace: TraceId(trace), span: SpanId(span), sampled: flags & 1 == 1 })
    }
}

impl TraceId {
    /// The same in every process, and evenly spread: for whoever keeps one trace in so many.
    pub fn low_half(self) -> u64 {
        self.0.last_chunk().map_or(0, |half| u64::from_be_bytes(*half))
    }
}

fn not_zero<const N: usize>(mut id: [u8; N]) -> [u8; N] {
    if id == [0; N] {
        id[N - 1] = 1;
    }
    id
}

/// Lower case only, as the rules say.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(digits[0])? << 4 | digit(digits[1])?;
    }
    Some(bytes)
}

fn in_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_hex(&self.0, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_hex(&self.0, f)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As the header says it.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The specification's own example.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_is_read_and_written() {
        let context = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!(context.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.span.to_string(), "00f067aa0ba902b7");
        assert!(context.sampled);
        assert_eq!(context.to_string(), EXAMPLE);
        assert_eq!(context.trace.low_half(), 0xa3ce_929d_0e0e_4736);
    }

    #[test]
    fn of_the_flags_only_the_one_that_is_known_counts() {
        for (flags, sampled) in [("00", false), ("01", true), ("02", false), ("03", true), ("fe", false)] {
            let header = format!("{}{flags}", &EXAMPLE[..53]);
            let context = TraceContext::parse(&header).unwrap();
            assert_eq!(context.sampled, sampled, "{flags}");
            assert_eq!(context.to_string()[53..], format!("0{}", u8::from(sampled)));
        }
    }

    #[test]
    fn what_the_specification_calls_invalid_is_none() {
        let ids = &EXAMPLE[2..];
        for header in [
            "",
            "00",
            "00-",
            &EXAMPLE[..54],
            &format!("ff{ids}"),
            &format!("0{ids}"),
            &format!("0G{ids}"),
            &format!("{EXAMPLE}-what-the-future-will-be-like"),
            &format!("{EXAMPLE}0"),
            &format!("cc{ids}.later"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
            "00-4bf92f3577b34da6a3ce929d0e0e473.-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "00-4bf92f3577b34da6a3ce929d0e0e47ä6-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_later_version_may_say_more() {
        for header in [format!("cc{}", &EXAMPLE[2..]), format!("cc{}-what-is-to-come", &EXAMPLE[2..])] {
            assert_eq!(TraceContext::parse(&header), TraceContext::parse(EXAMPLE), "{header}");
        }
    }

    #[test]
    fn no_id_is_zero_even_when_chance_says_so() {
        let begun = TraceContext::begin([0; 24], true);
        assert_eq!(TraceContext::parse(&begun.to_string()), Some(begun));
        let next = begun.next([0; 8]);
        assert_eq!(TraceContext::parse(&next.to_string()), Some(next));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(random: [u8; 24], next: [u8; 8], sampled: bool) {
            let begun = TraceContext::begin(random, sampled);
            prop_assert_eq!(TraceContext::parse(&begun.to_string()), Some(begun));
            let next = begun.next(next);
            prop_assert_eq!(next.trace, begun.trace);
            prop_assert_eq!(TraceContext::parse(&next.to_string()), Some(next));
        }

        #[test]
        fn nothing_that_comes_is_too_much(header in "\\PC{0,70}", cut in 0usize..60) {
            TraceContext::parse(&header);
            let cut = EXAMPLE.get(..cut).unwrap_or(EXAMPLE);
            prop_assert_eq!(TraceContext::parse(cut).is_some(), cut.len() == LENGTH);
        }
    }
}
