use std::cell::Cell;
use std::convert::Infallible;

use embedded_hal::i2c::{self, ErrorKind};
use embedded_hal::spi::{ErrorType, Operation};

use super::*;

/// Mains of 50 Hz, whose time goes on with the samples: 0.1 ms each.
#[derive(Default)]
struct Mains(Cell<u32>);

impl Mains {
    fn wave(&self) -> f64 {
        (f64::from(self.0.get()) / 200.0 * std::f64::consts::TAU).sin()
    }

    fn window(&self) -> impl FnMut() -> bool {
        || {
            self.0.set(self.0.get() + 1);
            self.0.get() <= 2_000
        }
    }
}

/// An MCP3008 with 325 V / 400 at channel 1 and 10 A / 30 at channel 0, both on 1.65 V and in step; channel 2 is open.
struct Spi<'a>(&'a Mains);

impl ErrorType for Spi<'_> {
    type Error = Infallible;
}

impl SpiDevice for Spi<'_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        let [Operation::TransferInPlace(bytes)] = operations else { panic!("one transfer") };
        let volts = match bytes[1] >> 4 & 7 {
            0 => 1.65 + 10.0 / 30.0 * self.0.wave(),
            1 => 1.65 + 325.0 / 400.0 * self.0.wave(),
            _ => 0.0,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,023")]
        let steps = (volts / 3.3 * 1_024.0) as u16;
        bytes[1..].copy_from_slice(&steps.to_be_bytes());
        Ok(())
    }
}

/// An ADS1115 with 10 A / 30 at channel 3, and nothing at other addresses.
struct I2cBus<'a>(&'a Mains);

impl i2c::ErrorType for I2cBus<'_> {
    type Error = ErrorKind;
}

impl I2c for I2cBus<'_> {
    fn transaction(&mut self, address: u8, operations: &mut [i2c::Operation<'_>]) -> Result<(), ErrorKind> {
        match operations {
            _ if address != 0x49 => return Err(ErrorKind::NoAcknowledge(i2c::NoAcknowledgeSource::Address)),
            [i2c::Operation::Write(bytes)] => assert_eq!(*bytes, [1, 0xF2, 0xE3]),
            [i2c::Operation::Write(_), i2c::Operation::Read(bytes)] => {
                #[expect(clippy::cast_possible_truncation, reason = "a third of a volt is 2,667 steps")]
                let steps = (10.0 / 30.0 * self.0.wave() / 0.000_125) as i16;
                bytes.copy_from_slice(&steps.to_be_bytes());
            }
            _ => panic!("neither a choice nor a reading"),
        }
        Ok(())
    }
}

fn mcp3008_of(text: &str) -> Result<f64, String> {
    let clamp = toml::from_str(&format!("amps_per_volt = 30.0\n{text}")).unwrap();
    let mains = Mains::default();
    mcp3008(Spi(&mains), &clamp, mains.window())
}

fn ads1115_of(text: &str) -> Result<f64, String> {
    let clamp = toml::from_str(&format!("amps_per_volt = 30.0\n{text}")).unwrap();
    let mains = Mains::default();
    ads1115(I2cBus(&mains), &clamp, mains.window())
}

#[test]
fn a_clamp_and_the_voltage_are_power() {
    let watts = mcp3008_of("channel = 0\nvoltage_channel = 1\nvolts_per_volt = 400.0").unwrap();
    assert!((watts - 1_625.0).abs() < 10.0, "{watts}");
}

#[test]
fn a_clamp_alone_is_apparent_power() {
    for watts in
        [mcp3008_of("channel = 0\nvolts = 230.0").unwrap(), ads1115_of("address = 73\nchannel = 3").unwrap()]
    {
        assert!((watts - 1_626.3).abs() < 10.0, "{watts}");
    }
}

#[test]
fn what_is_not_wired_says_so() {
    let sentence = mcp3008_of("channel = 2").unwrap_err();
    assert!(sentence.contains("channel 2 of the MCP3008 stays at zero"), "{sentence}");
    let sentence = ads1115_of("channel = 3").unwrap_err();
    assert!(sentence.contains("the ADS1115 at 0x48 does not answer"), "{sentence}");
}

#[test]
fn a_clamp_is_in_trouble_when_it_failed_three_times_in_a_row_and_the_others_go_on() {
    let (outbox, mut inbox) = crate::outbox::channel();
    let clamps = [(4, true), (5, false)];
    let mut patience = [Patience::default(), Patience::default()];
    let mut told = |is_wired: bool| {
        let read = |sound: &bool| if *sound || is_wired { Ok(7.0) } else { Err("no answer".to_owned()) };
        assert!(read_each(&clamps, &mut patience, &outbox, read).is_ok());
        let mut letters = Vec::new();
        while let Ok(letter) = inbox.try_recv() {
            letters.push((letter.meter, matches!(letter.news, News::Trouble(_))));
        }
        letters
    };
    let good = (4, false);
    assert_eq!(told(false), [good]);
    assert_eq!(told(false), [good]);
    assert_eq!(told(true), [good, (5, false)]);
    assert_eq!(told(false), [good]);
    assert_eq!(told(false), [good]);
    assert_eq!(told(false), [good, (5, true)]);
}

#[test]
fn a_window_is_ten_cycles_long() {
    let begin = Instant::now();
    let mut next = window(Duration::from_millis(10));
    while next() {}
    assert!(begin.elapsed() >= WINDOW);
}
