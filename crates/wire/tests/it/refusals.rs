//! Each reason to refuse a body, as an operator reads it.

use std::io::Write as _;

use domain::{Container, TickBatch, UtcMillis};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::encoding::encode_varint;
use wire::{BadGzip, DecodeError, Malformed};

use crate::one_tick;

fn refusal(body: &[u8]) -> DecodeError {
    wire::decode(body).expect_err("it is no container")
}

fn said(body: &[u8]) -> String {
    refusal(body).to_string()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body).expect("to memory");
    gzip.finish().expect("to memory")
}

fn varint(number: u64, value: u64, bytes: &mut Vec<u8>) {
    encode_varint(number << 3, bytes);
    encode_varint(value, bytes);
}

fn delimited(number: u64, value: &[u8], bytes: &mut Vec<u8>) {
    encode_varint(number << 3 | 2, bytes);
    encode_varint(value.len() as u64, bytes);
    bytes.extend_from_slice(value);
}

/// A container as others might write it.
fn written(hub: &[u8], tick_ms: u64, first_tick: u64, ticks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    delimited(1, hub, &mut bytes);
    varint(3, tick_ms, &mut bytes);
    varint(4, first_tick, &mut bytes);
    for tick in ticks {
        delimited(5, tick, &mut bytes);
    }
    bytes
}

/// The mask, and as many values of 1 J.
fn tick(mask: u64, values: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(2, mask, &mut bytes);
    delimited(3, &vec![2; values], &mut bytes);
    bytes
}

#[test]
fn what_is_not_protobuf() {
    assert_eq!(said(b"hello"), "not a protobuf container: its groups do not end as they began");
    for (body, why) in [
        (&[0x12, 0x05, 1][..], Malformed::Truncated),
        (&[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], Malformed::Varint),
        (&[0x00, 0x00], Malformed::Key),
        (&[0x08, 0x01], Malformed::WireType),
        (&[0x34], Malformed::Group),
    ] {
        assert!(matches!(refusal(body), DecodeError::Protobuf(found) if found == why), "{body:?}");
    }
}

#[test]
fn an_empty_body_has_no_hub() {
    assert_eq!(said(b""), "the hub id has 0 bytes instead of 16");
    assert!(matches!(refusal(&written(&[1; 17], 10_000, 1, &[&tick(1, 1)])), DecodeError::HubId(17)));
}

#[test]
fn a_tick_length_that_does_not_divide_a_minute() {
    for millis in [0, 999, 1_500, 7_000, 120_000] {
        let refusal = refusal(&written(&[1; 16], millis, 1, &[&tick(1, 1)]));
        assert!(matches!(refusal, DecodeError::TickLength(_)), "{millis}: {refusal}");
    }
}

#[test]
fn a_container_without_ticks() {
    let mut container = one_tick(&[1]);
    container.ticks.clear();
    assert_eq!(said(&wire::encode(&container)), "no ticks in it");
}

#[test]
fn more_ticks_than_a_container_may_have() {
    let mut container = one_tick(&[1]);
    let (first, length) = (container.ticks.remove(0), container.tick_length.millis_i64());
    for number in 0..=4_096 {
        let start = UtcMillis(first.start.0 + number * length);
        container.ticks.push(domain::TickEnergy { start, ..first.clone() });
    }
    assert_eq!(said(&wire::encode(&container)), "4097 ticks are too many (at most 4096)");
    container.ticks.pop();
    assert_eq!(container.ticks.len(), Container::MAX_TICKS);
    assert_eq!(wire::decode(&wire::encode(&container)).expect("one less is allowed"), container);
}

#[test]
fn energy_beyond_physics() {
    for (seconds, most) in [(1, 100_000), (10, 1_000_000), (60, 6_000_000)] {
        let mut container = one_tick(&[5, most]);
        container.tick_length = domain::TickLength::from_secs(seconds).expect("a valid length");
        assert_eq!(wire::decode(&wire::encode(&container)).expect("100 kW"), container);
        for beyond in [most + 1, -most - 1, i64::MAX, i64::MIN] {
            container.ticks[0].energy = one_tick(&[5, beyond]).ticks.remove(0).energy;
            assert_eq!(
                said(&wire::encode(&container)),
                format!("tick 0 has {beyond} J, which no socket can use in {seconds} s")
            );
        }
    }
}

#[test]
fn ticks_that_go_back() {
    let mut container = one_tick(&[1]);
    container.ticks.push(container.ticks[0].clone());
    assert_eq!(said(&wire::encode(&container)), "tick 1 is not later than the one before");
}

#[test]
fn times_beyond_what_calendars_show() {
    // With ticks of a minute, the last one of the year 9999 is number 4,223,371,679.
    for (first, is_taken) in [(4_223_371_679, true), (4_223_371_680, false), (u64::MAX, false)] {
        match wire::decode(&written(&[1; 16], 60_000, first, &[&tick(1, 1)])) {
            Ok(_) => assert!(is_taken, "{first}"),
            Err(DecodeError::FarFuture { tick: 0 }) => assert!(!is_taken, "{first}"),
            Err(other) => panic!("{first}: {other}"),
        }
    }
}

#[test]
fn more_values_than_a_hub_has_sockets() {
    assert!(wire::decode(&written(&[1; 16], 10_000, 1, &[&tick(u64::MAX, 64)])).is_ok());
    let packed = tick(u64::MAX, 65);
    let mut in_two = tick(u64::MAX, 64);
    delimited(3, &[2], &mut in_two);
    let mut unpacked = tick(u64::MAX, 64);
    varint(3, 2, &mut unpacked);
    for mut second in [packed, in_two, unpacked] {
        varint(1, 1, &mut second);
        let body = written(&[1; 16], 10_000, 1, &[&tick(1, 1), &second]);
        assert_eq!(said(&body), "tick 1 has more values than a hub has sockets (64)");
    }
}

#[test]
fn values_that_do_not_match_their_sockets() {
    let body = written(&[1; 16], 10_000, 1, &[&tick(0b111, 2)]);
    assert_eq!(said(&body), "tick 0 has 2 values for 3 sockets");
    // Nobody said which sockets.
    let body = written(&[1; 16], 10_000, 1, &[&tick(0, 0)]);
    assert_eq!(said(&body), "tick 0 has 0 values for 0 sockets");
}

#[test]
fn more_than_a_mebibyte() {
    let body = vec![0; wire::MAX_BYTES + 1];
    assert_eq!(said(&body), "1048577 bytes are too many for a container (at most 1048576)");
    assert!(!matches!(refusal(&body[1..]), DecodeError::TooLarge(_)));
}

#[test]
fn compressed_containers_pass() {
    let container = one_tick(&[1, 2, 3]);
    assert_eq!(wire::decode(&gzip(&wire::encode(&container))).expect("gzip is allowed"), container);
}

#[test]
fn a_compressed_bomb() {
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(matches!(refusal(&bomb), DecodeError::Gzip(BadGzip::Bomb)));
    assert_eq!(said(&bomb), "it unpacks to more than 1048576 bytes");
    assert!(matches!(refusal(&gzip(&vec![0; wire::MAX_BYTES + 1])), DecodeError::Gzip(BadGzip::Bomb)));
    assert!(!matches!(refusal(&gzip(&vec![0; wire::MAX_BYTES])), DecodeError::Gzip(_)));
}

#[test]
fn damaged_gzip() {
    let whole = gzip(&wire::encode(&one_tick(&[1, 2, 3])));
    let mut wrong_sum = whole.clone();
    let sum = wrong_sum.len() - 8;
    wrong_sum[sum] ^= 1;
    for body in [&whole[..whole.len() - 1], &whole[..12], &whole[..2], &wrong_sum] {
        assert!(matches!(refusal(body), DecodeError::Gzip(BadGzip::Damaged(_))), "{body:?}");
    }
    let twice = [&whole[..], &whole].concat();
    assert_eq!(said(&twice), format!("{} bytes follow the gzip container", whole.len()));
}

#[test]
fn a_refused_container_leaves_the_batch_as_it_was() {
    let mut batch = TickBatch::default();
    wire::decode_into(&wire::encode(&one_tick(&[7, 8])), &mut batch).expect("a container");
    let before = format!("{:?}", batch.all());
    let good_then_bad = written(&[1; 16], 10_000, 1, &[&tick(0b11, 2), &tick(0b11, 1)]);
    for body in [&good_then_bad[..], b"", b"hello", &gzip(&good_then_bad)] {
        wire::decode_into(body, &mut batch).expect_err("it is no container");
        assert_eq!((batch.containers(), format!("{:?}", batch.all())), (1, before.clone()));
    }
}

#[test]
fn unknown_fields_pass() {
    let container = one_tick(&[1, 2, 3]);
    let mut bytes = wire::encode(&container).to_vec();
    bytes.extend([0x7a, 3, b'n', b'e', b'w']); // Field 15, length-delimited.
    assert_eq!(wire::decode(&bytes).expect("a later version"), container);
}
