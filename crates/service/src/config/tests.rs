use std::io::Write;

use serde::Deserialize;

use super::*;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sample {
    broker: Broker,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Broker {
    prefetch: u16,
    password: String,
}

impl Default for Broker {
    fn default() -> Self {
        Self { prefetch: 1_000, password: String::new() }
    }
}

impl Config for Sample {
    fn validate(&self, faults: &mut Vec<String>) {
        if self.broker.prefetch == 0 {
            faults.push("broker.prefetch: must be at least 1".to_owned());
        }
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect()
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = file("name = \"home\"\n[broker]\nprefetch = 5\n");
    let plain: Sample = load(Some(file.path()), []).unwrap();
    assert_eq!((plain.broker.prefetch, plain.name.as_str()), (5, "home"));
    let set = environment(&[("WATTLINE__BROKER__PREFETCH", "7"), ("PATH", "/bin")]);
    let overridden: Sample = load(Some(file.path()), set).unwrap();
    assert_eq!(overridden.broker.prefetch, 7);
    assert_eq!(load::<Sample>(None, []).unwrap().broker.prefetch, 1_000);
}

#[test]
fn a_password_of_digits_stays_text() {
    let set = environment(&[("WATTLINE__BROKER__PASSWORD", "0123")]);
    assert_eq!(load::<Sample>(None, set).unwrap().broker.password, "0123");
    let set = environment(&[("WATTLINE__BROKER__PASSWORD", "123")]);
    assert_eq!(load::<Sample>(None, set).unwrap().broker.password, "123");
}

#[test]
fn a_password_of_digits_may_lack_its_quotes_in_the_file() {
    let file = file("[broker]\npassword = 12345678\n");
    assert_eq!(load::<Sample>(Some(file.path()), []).unwrap().broker.password, "12345678");
}

#[test]
fn a_fault_in_the_file_does_not_show_the_line() {
    let file = file("name = \"home\"\n[broker]\npassword = hunter2\"\n");
    let Faults(faults) = load::<Sample>(Some(file.path()), []).unwrap_err();
    assert!(faults[0].contains("line 3") && !faults[0].contains("hunter2"), "{faults:?}");
}

#[test]
fn a_secret_can_lie_in_a_file() {
    let secret = file("hunter2\n");
    let set = environment(&[("WATTLINE__BROKER__PASSWORD__FILE", secret.path().to_str().unwrap())]);
    assert_eq!(load::<Sample>(None, set).unwrap().broker.password, "hunter2");
}

#[test]
fn every_fault_is_named_at_once() {
    let file = file("nmae = \"typo\"\n[broker]\nprefetch = \"many\"\npasswrod = \"x\"\n");
    let set = environment(&[("WATTLINE__BROKER__PREFETCH", "-1"), ("WATTLINE__COLOUR", "red")]);
    let Faults(faults) = load::<Sample>(Some(file.path()), set).unwrap_err();
    let all = faults.join("\n");
    for part in ["nmae", "WATTLINE__BROKER__PREFETCH", "passwrod", "WATTLINE__COLOUR"] {
        assert!(all.contains(part), "{part} is not named in:\n{all}");
    }
    assert_eq!(faults.len(), 4, "{all}");
}

#[test]
fn a_file_that_is_not_there_and_a_value_out_of_range_are_both_named() {
    let set = environment(&[("WATTLINE__BROKER__PREFETCH", "0")]);
    let Faults(faults) = load::<Sample>(Some(Path::new("/no/such/file.toml")), set).unwrap_err();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("/no/such/file.toml"));
}
