use domain::{Container, HubId, SocketJoules, TickBatch, TickEnergy, TickLength, UtcMillis};
use proptest::prelude::*;
use prost::Message;
use prost::encoding::encode_varint;

use crate::proto;

fn container() -> impl Strategy<Value = Container> {
    let energy =
        (any::<u64>(), any::<u64>(), any::<bool>()).prop_map(|(a, b, few)| if few { a & b } else { a });
    let energy = energy.prop_filter("at least one socket", |mask| *mask != 0).prop_flat_map(|mask| {
        let joules = prop_oneof![-200i64..200, -100_000i64..=100_000];
        prop::collection::vec(joules, mask.count_ones() as usize)
            .prop_map(move |joules| SocketJoules::from_parts(mask, joules).unwrap())
    });
    let length = prop::sample::select(vec![1u32, 2, 5, 10, 15, 30, 60]);
    let ticks = prop::collection::vec((1i64..500, energy), 1..12);
    (any::<[u8; 16]>(), any::<u64>(), length, 0i64..4_000_000_000, ticks).prop_map(
        |(hub, sequence, length, first, ticks)| {
            let tick_length = TickLength::from_secs(length).unwrap();
            let mut number = first;
            let ticks = ticks
                .into_iter()
                .map(|(gap, energy)| {
                    number += gap;
                    TickEnergy { start: UtcMillis(number * tick_length.millis_i64()), energy }
                })
                .collect();
            Container { hub: HubId::from_bytes(hub), sequence, tick_length, ticks }
        },
    )
}

/// What proptest chooses, thrown one after another.
struct Dice(Vec<u8>, usize);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.1 += 1;
        self.0.get(self.1 % self.0.len().max(1)).map_or(0, |face| usize::from(*face) % sides)
    }
}

fn dice() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..400)
}

/// As parsers must accept it: now and then longer than necessary.
fn put_varint(value: u64, dice: &mut Dice, bytes: &mut Vec<u8>) {
    let from = bytes.len();
    encode_varint(value, bytes);
    while bytes.len() - from < 9 && dice.roll(20) == 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push(0);
    }
}

fn varint(number: u64, value: u64, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_varint(number << 3, dice, &mut bytes);
    put_varint(value, dice, &mut bytes);
    bytes
}

fn delimited(number: u64, value: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_varint(number << 3 | 2, dice, &mut bytes);
    put_varint(value.len() as u64, dice, &mut bytes);
    bytes.extend_from_slice(value);
    bytes
}

/// A field of a later version; groups in it `deep` at most.
fn unknown(dice: &mut Dice, deep: usize) -> Vec<u8> {
    let number = [6, 15, 16, 2_047, (1 << 29) - 1][dice.roll(5)];
    match dice.roll(if deep == 0 { 4 } else { 5 }) {
        0 => varint(number, u64::MAX, dice),
        1 => delimited(number, b"later", dice),
        kind => {
            let mut bytes = Vec::new();
            let (opening, closing) = [(1, None), (5, None), (3, Some(4))][kind - 2];
            put_varint(number << 3 | opening, dice, &mut bytes);
            match opening {
                1 => bytes.extend([0xff; 8]),
                5 => bytes.extend([0xff; 4]),
                _ => (0..dice.roll(3)).for_each(|_| bytes.extend(unknown(dice, deep - 1))),
            }
            if let Some(closing) = closing {
                put_varint(number << 3 | closing, dice, &mut bytes);
            }
            bytes
        }
    }
}

fn unknowns(dice: &mut Dice) -> Vec<Vec<u8>> {
    (0..dice.roll(4).saturating_sub(1)).map(|_| unknown(dice, 3)).collect()
}

/// Said once, or twice: then the last word counts.
fn said(
    dice: &mut Dice,
    wrong: impl Fn(&mut Dice) -> Vec<u8>,
    right: impl Fn(&mut Dice) -> Vec<u8>,
) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    if dice.roll(4) == 0 {
        pieces.push(wrong(dice));
    }
    pieces.push(right(dice));
    pieces
}

/// Everything, each list in its own order.
fn mingled(mut lists: Vec<Vec<Vec<u8>>>, dice: &mut Dice) -> Vec<u8> {
    for list in &mut lists {
        list.reverse();
    }
    let mut bytes = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return bytes;
        }
        let chosen = dice.roll(lists.len());
        bytes.extend(lists[chosen].pop().unwrap_or_default());
    }
}

fn joules(mut values: &[i64], dice: &mut Dice) -> Vec<Vec<u8>> {
    let zigzag = |value: i64| ((value << 1) ^ (value >> 63)).cast_unsigned();
    let mut pieces = Vec::new();
    while let [first, rest @ ..] = values {
        if dice.roll(6) == 0 {
            pieces.push(varint(3, zigzag(*first), dice));
            values = rest;
        } else {
            let (packed, rest) = values.split_at(1 + dice.roll(values.len()));
            let mut bytes = Vec::new();
            for value in packed {
                put_varint(zigzag(*value), dice, &mut bytes);
            }
            pieces.push(delimited(3, &bytes, dice));
            values = rest;
        }
    }
    pieces
}

/// The container as an unusual but correct writer sends it: fields in any order and twice, numbers unpacked and
/// longer than necessary, and fields of later versions among them.
fn rewritten(container: &Container, dice: &mut Dice) -> Vec<u8> {
    let message = proto::Container::decode(crate::encode(container)).unwrap();
    let ticks = message.ticks.iter().map(|tick| {
        let lists = vec![
            said(dice, |dice| varint(1, 7, dice), |dice| varint(1, tick.offset.into(), dice)),
            said(dice, |dice| varint(2, 7, dice), |dice| varint(2, tick.sockets, dice)),
            joules(&tick.joules, dice),
            unknowns(dice),
        ];
        let bytes = mingled(lists, dice);
        delimited(5, &bytes, dice)
    });
    let ticks = ticks.collect();
    let lists = vec![
        said(dice, |dice| delimited(1, b"short", dice), |dice| delimited(1, &message.hub, dice)),
        said(dice, |dice| varint(2, 7, dice), |dice| varint(2, message.sequence, dice)),
        said(dice, |dice| varint(3, 7, dice), |dice| varint(3, message.tick_ms.into(), dice)),
        said(dice, |dice| varint(4, u64::MAX, dice), |dice| varint(4, message.first_tick, dice)),
        ticks,
        unknowns(dice),
    ];
    mingled(lists, dice)
}

/// Both take it for the same, or both refuse it; and what is refused leaves no trace.
fn agree(body: &[u8]) -> Result<Option<Container>, TestCaseError> {
    let before = Container {
        hub: HubId::from_bytes([1; 16]),
        sequence: 1,
        tick_length: TickLength::DEFAULT,
        ticks: vec![TickEnergy {
            start: UtcMillis(0),
            energy: SocketJoules::from_parts(1, vec![5]).unwrap(),
        }],
    };
    let mut batch: TickBatch = [&before].into_iter().collect();
    let untouched = format!("{:?}", batch.all());
    let expected = super::decode(body);
    match crate::decode_into(body, &mut batch) {
        Ok(hub) => {
            let expected = expected.as_ref().expect("the reference refuses what the decoder takes");
            prop_assert_eq!(hub, expected.hub);
            prop_assert_eq!(batch.containers(), 2);
            let ticks = batch.of_container(1);
            let head = ticks.get(0);
            prop_assert_eq!(
                (head.hub, head.sequence, head.length),
                (expected.hub, expected.sequence, expected.tick_length)
            );
            prop_assert_eq!(&ticks.iter().map(|tick| tick.to_owned()).collect::<Vec<_>>(), &expected.ticks);
            batch.pop();
        }
        Err(error) => prop_assert!(expected.is_none(), "the reference takes what was refused: {}", error),
    }
    prop_assert_eq!(format!("{:?}", batch.all()), untouched);
    Ok(expected)
}

proptest! {
    #[test]
    fn however_a_container_is_written_it_is_the_same(container in container(), dice in dice()) {
        let body = rewritten(&container, &mut Dice(dice, 0));
        prop_assert_eq!(agree(&body)?, Some(container));
    }

    #[test]
    fn damaged_containers_are_judged_alike(
        container in container(),
        dice in dice(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..4),
    ) {
        let mut body = rewritten(&container, &mut Dice(dice, 0));
        for (at, byte, how) in damage {
            let at = at.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => drop(body.remove(at)),
            }
            if body.is_empty() {
                break;
            }
        }
        agree(&body)?;
    }

    #[test]
    fn cut_containers_are_judged_alike(container in container(), end in any::<prop::sample::Index>()) {
        let body = crate::encode(&container);
        agree(&body[..end.index(body.len())])?;
    }

    #[test]
    fn any_bytes_are_judged_alike(body in prop::collection::vec(any::<u8>(), 0..400)) {
        agree(&body)?;
    }
}

#[test]
fn groups_may_lie_as_deep_as_prost_has_it() {
    let one = Container {
        hub: HubId::from_bytes([2; 16]),
        sequence: 1,
        tick_length: TickLength::DEFAULT,
        ticks: vec![TickEnergy {
            start: UtcMillis(0),
            energy: SocketJoules::from_parts(1, vec![5]).unwrap(),
        }],
    };
    let (open, close) = ((6 << 3) | 3u8, (6 << 3) | 4u8);
    for depth in 97..=102 {
        for within in [&[][..], &[0x38, 1]] {
            let groups = [&vec![open; depth][..], within, &vec![close; depth]].concat();
            let outside = [&crate::encode(&one)[..], &groups].concat();
            let taken = agree(&outside).unwrap().is_some();
            assert_eq!(taken, depth + within.len() / 2 <= 100, "{depth}");

            let mut message = proto::Container::decode(crate::encode(&one)).unwrap();
            let tick = [&message.ticks.remove(0).encode_to_vec()[..], &groups].concat();
            let mut inside = message.encode_to_vec();
            inside.extend(delimited(5, &tick, &mut Dice(vec![1], 0)));
            let taken = agree(&inside).unwrap().is_some();
            assert_eq!(taken, depth + within.len() / 2 <= 99, "{depth}");
        }
    }
}
