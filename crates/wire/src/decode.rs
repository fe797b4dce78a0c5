//! Bytes into a batch, without a message in between: on the write-service's hot path nothing is allocated.

use domain::ids::MAX_SOCKETS;
use domain::time::BadTickLength;
use domain::{Container, HubId, Milliwatts, TickBatch, TickLength, UtcMillis};

use crate::protobuf::{Malformed, Reader, Value, numbers_in, unpack, zigzag};
use crate::unpack::{BadGzip, unpacked};
use crate::{MAX_BYTES, MAX_JOULES_PER_TICK};

/// The last second of the year 9999: what calendars can still show.
pub(crate) const MAX_SECS: u64 = 253_402_300_799;

/// Why bytes are not a container. Each reads as one sentence for an operator.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("{0} bytes are too many for a container (at most {MAX_BYTES})")]
    TooLarge(usize),
    #[error(transparent)]
    Gzip(#[from] BadGzip),
    #[error("not a protobuf container: {0}")]
    Protobuf(#[from] Malformed),
    #[error("the hub id has {0} bytes instead of 16")]
    HubId(usize),
    #[error(transparent)]
    TickLength(#[from] BadTickLength),
    #[error("no ticks in it")]
    Empty,
    #[error("{0} ticks are too many (at most {max})", max = Container::MAX_TICKS)]
    TooManyTicks(usize),
    #[error("tick {tick} is not later than the one before")]
    OutOfOrder { tick: usize },
    #[error("tick {tick} lies beyond the year 9999")]
    FarFuture { tick: usize },
    #[error("tick {tick} has more values than a hub has sockets ({MAX_SOCKETS})")]
    TooManySockets { tick: usize },
    #[error("tick {tick} has {values} values for {sockets} sockets")]
    Mismatch { tick: usize, values: usize, sockets: u32 },
    #[error("tick {tick} has {joules} J, which no socket can use in {} s", .length.millis() / 1_000)]
    Implausible { tick: usize, joules: i64, length: TickLength },
}

/// The most a socket can use or give in a tick of this length, in joules: 100 kW all the time.
const fn max_joules(length: TickLength) -> u64 {
    let most = Milliwatts::MAX.over_millis(length.millis_i64()).split().0;
    debug_assert!(most.0 <= MAX_JOULES_PER_TICK);
    most.0.unsigned_abs()
}

/// The container in these bytes.
pub fn decode(body: &[u8]) -> Result<Container, DecodeError> {
    let mut batch = TickBatch::default();
    decode_into(body, &mut batch)?;
    let first = batch.all().get(0);
    Ok(Container {
        hub: first.hub,
        sequence: first.sequence,
        tick_length: first.length,
        ticks: batch.all().iter().map(|tick| tick.to_owned()).collect(),
    })
}

/// Adds the container in these bytes to `batch`, and says whose it claims to be. It has at least one tick, and each
/// of its ticks a value. After an error the batch is as it was.
pub fn decode_into(body: &[u8], batch: &mut TickBatch) -> Result<HubId, DecodeError> {
    if body.len() > MAX_BYTES {
        return Err(DecodeError::TooLarge(body.len()));
    }
    let body = unpacked(body)?;
    let head = Head::read(&body)?;
    let mut draft = batch.begin(head.hub, head.sequence, head.length);
    let mut state = State { mask: 0, last: None };
    let mut fields = head.from_first_tick;
    let mut tick = 0;
    while let Some((number, value)) = fields.field()? {
        if number == TICKS
            && let Value::Bytes(bytes) = value
        {
            read_tick(bytes, tick, &head, &mut state, &mut draft)?;
            tick += 1;
        }
    }
    draft.finish();
    Ok(head.hub)
}

// The numbers in container.proto.
const HUB: u32 = 1;
const SEQUENCE: u32 = 2;
const TICK_MS: u32 = 3;
const FIRST_TICK: u32 = 4;
const TICKS: u32 = 5;
const OFFSET: u32 = 1;
const SOCKETS: u32 = 2;
const JOULES: u32 = 3;

/// All but the ticks. Fields may come in any order, so this looks through the whole container; the ticks are only
/// stepped over.
struct Head<'a> {
    hub: HubId,
    sequence: u64,
    length: TickLength,
    first_tick: u64,
    /// What follows once more, from the first of the ticks on.
    from_first_tick: Reader<'a>,
}

impl<'a> Head<'a> {
    fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        let (mut hub, mut sequence, mut tick_ms, mut first_tick) = (&[][..], 0, 0, 0);
        let mut ticks = 0;
        let mut fields = Reader::new(body);
        let mut from_first_tick = fields;
        loop {
            let here = fields;
            let Some((number, value)) = fields.field()? else { break };
            match (number, value) {
                (HUB, Value::Bytes(bytes)) => hub = bytes,
                (SEQUENCE, Value::Varint(value)) => sequence = value,
                (TICK_MS, Value::Varint(value)) => tick_ms = low_half(value),
                (FIRST_TICK, Value::Varint(value)) => first_tick = value,
                (TICKS, Value::Bytes(_)) => {
                    if ticks == 0 {
                        from_first_tick = here;
                    }
                    ticks += 1;
                }
                (HUB..=TICKS, _) => return Err(Malformed::WireType.into()),
                _ => {}
            }
        }
        let hub = <[u8; 16]>::try_from(hub).map_err(|_| DecodeError::HubId(hub.len()))?;
        let length = TickLength::from_millis(tick_ms)?;
        match ticks {
            0 => Err(DecodeError::Empty),
            1..=Container::MAX_TICKS => {
                Ok(Self { hub: HubId::from_bytes(hub), sequence, length, first_tick, from_first_tick })
            }
            many => Err(DecodeError::TooManyTicks(many)),
        }
    }
}

/// What a tick leaves to the next one.
struct State {
    mask: u64,
    /// Its offset.
    last: Option<u32>,
}

fn read_tick(
    bytes: &[u8],
    tick: usize,
    head: &Head<'_>,
    state: &mut State,
    draft: &mut domain::batch::Draft<'_>,
) -> Result<(), DecodeError> {
    let (mut offset, mut sockets) = (0, 0);
    let from = draft.joules().len();
    let mut fields = Reader::nested(bytes);
    while let Some((number, value)) = fields.field()? {
        match (number, value) {
            (OFFSET, Value::Varint(value)) => offset = low_half(value),
            (SOCKETS, Value::Varint(value)) => sockets = value,
            // What would be too many is not even begun.
            (JOULES, Value::Bytes(packed)) => {
                let count = numbers_in(packed);
                if draft.joules().len() - from + count > MAX_SOCKETS {
                    return Err(DecodeError::TooManySockets { tick });
                }
                unpack(packed, count, draft.joules())?;
            }
            // Unpacked, as parsers must accept it.
            (JOULES, Value::Varint(value)) => {
                if draft.joules().len() - from == MAX_SOCKETS {
                    return Err(DecodeError::TooManySockets { tick });
                }
                draft.joules().push(zigzag(value));
            }
            (OFFSET..=JOULES, _) => return Err(Malformed::WireType.into()),
            _ => {}
        }
    }
    if state.last.is_some_and(|last| offset <= last) {
        return Err(DecodeError::OutOfOrder { tick });
    }
    state.last = Some(offset);
    if sockets != 0 {
        state.mask = sockets;
    }
    let most = max_joules(head.length);
    if let Some(&joules) = draft.pending().iter().find(|joules| joules.unsigned_abs() > most) {
        return Err(DecodeError::Implausible { tick, joules, length: head.length });
    }
    let start = start_of(head.first_tick, offset, head.length).ok_or(DecodeError::FarFuture { tick })?;
    if state.mask == 0 || !draft.tick(start, state.mask) {
        let values = draft.pending().len();
        return Err(DecodeError::Mismatch { tick, values, sockets: state.mask.count_ones() });
    }
    Ok(())
}

/// A 32-bit field that was sent with more bits keeps the lower ones: a protobuf rule.
const fn low_half(value: u64) -> u32 {
    (value & 0xffff_ffff) as u32
}

fn start_of(first: u64, offset: u32, length: TickLength) -> Option<UtcMillis> {
    let number = first.checked_add(u64::from(offset))?;
    let millis = number.checked_mul(u64::from(length.millis()))?;
    (millis / 1_000 <= MAX_SECS).then_some(())?;
    Some(UtcMillis(i64::try_from(millis).ok()?))
}
