use bytes::Bytes;

use crate::one_tick;

fn refusal(body: impl Into<Bytes>) -> String {
    wire::decode(&body.into()).expect_err("it is no container").to_string()
}

#[test]
fn what_is_not_protobuf() {
    assert!(refusal(&b"hello"[..]).starts_with("not a protobuf container"));
}

#[test]
fn an_empty_body_has_no_hub() {
    assert_eq!(refusal(&b""[..]), "the hub id has 0 bytes instead of 16");
}

#[test]
fn a_container_without_ticks() {
    let mut container = one_tick(&[1]);
    container.ticks.clear();
    assert_eq!(refusal(wire::encode(&container)), "no ticks in it");
}

#[test]
fn energy_beyond_physics() {
    let body = wire::encode(&one_tick(&[5, 6_000_001]));
    assert_eq!(refusal(body), "tick 0 has 6000001 J, which no socket can use in a tick");
}

#[test]
fn ticks_that_go_back() {
    let mut container = one_tick(&[1]);
    container.ticks.push(container.ticks[0].clone());
    assert_eq!(refusal(wire::encode(&container)), "tick 1 is not later than the one before");
}

#[test]
fn more_than_a_mebibyte() {
    assert!(refusal(vec![0; wire::MAX_BYTES + 1]).contains("too many"));
}

#[test]
fn unknown_fields_pass() {
    let container = one_tick(&[1, 2, 3]);
    let mut bytes = wire::encode(&container).to_vec();
    bytes.extend([0x7a, 3, b'n', b'e', b'w']); // Field 15, length-delimited.
    assert_eq!(wire::decode(&bytes.into()).unwrap(), container);
}
