use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rppal::gpio::{Error, Gpio, InputPin, Trigger};

use super::{PERIOD, Stop, keep_at};
use crate::config::Entry;
use crate::outbox::{News, Outbox};
use crate::wired::pulses::{PulseCounter, of_s0};

/// A pulse of S0 lasts 30 ms at least, and so does the pause after it.
const S0_BOUNCE: Duration = Duration::from_millis(20);
/// Pulses that wait to be counted: more than a second of a flood.
const WAITING: usize = 8_192;

/// What comes in at a pin.
#[derive(Clone, Copy)]
struct Input {
    pin: u8,
    /// µJ.
    energy_per_pulse: f64,
    bounce: Duration,
    /// An open collector needs it.
    pull_up: bool,
}

impl Input {
    fn of(entry: &Entry) -> Option<Self> {
        let s0 = entry.s0.as_ref().map(|s0| Self {
            pin: s0.pin,
            energy_per_pulse: of_s0(s0.impulses_per_kwh),
            bounce: S0_BOUNCE,
            pull_up: true,
        });
        s0.or(entry.hlw8012.as_ref().map(|chip| Self {
            pin: chip.pin,
            energy_per_pulse: chip.energy_per_pulse(),
            bounce: Duration::ZERO,
            pull_up: false,
        }))
    }
}

pub(super) fn start(entries: &[Entry], outbox: &Outbox) {
    for (meter, entry) in entries.iter().enumerate() {
        if let Some(input) = Input::of(entry) {
            // A pin that is opened again goes on counting where it was.
            let mut counter = PulseCounter::new(input.energy_per_pulse, input.bounce);
            let begin = Instant::now();
            let work = move |outbox: &Outbox| count(input, meter, begin, &mut counter, outbox);
            keep_at(format!("gpio-{}", input.pin), vec![meter], outbox, work);
        }
    }
}

fn count(
    input: Input,
    meter: usize,
    begin: Instant,
    counter: &mut PulseCounter,
    outbox: &Outbox,
) -> Result<(), Stop> {
    let (_pin, pulses) = listen(input, begin).map_err(|error| Stop::Trouble(sentence(input.pin, &error)))?;
    loop {
        let since = Instant::now();
        gather(&pulses, counter, since + PERIOD);
        if PulseCounter::is_flood(counter.fresh(), since.elapsed()) {
            return Err(Stop::Trouble(format!(
                "GPIO {} sees more than {} pulses a second, as a pin does that is not connected",
                input.pin,
                crate::wired::pulses::MOST_PER_SECOND
            )));
        }
        outbox.put_waiting(meter, News::Reading(counter.read(begin.elapsed())))?;
    }
}

/// The pin must stay for as long as its pulses are wanted.
fn listen(input: Input, begin: Instant) -> Result<(InputPin, Receiver<Duration>), Error> {
    let pin = Gpio::new()?.get(input.pin)?;
    let mut pin = if input.pull_up { pin.into_input_pullup() } else { pin.into_input() };
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    pin.set_async_interrupt(Trigger::FallingEdge, None, move |_| {
        // What does not fit is part of a flood, which is told when it is counted.
        sender.try_send(begin.elapsed()).ok();
    })?;
    Ok((pin, receiver))
}

fn gather(pulses: &Receiver<Duration>, counter: &mut PulseCounter, until: Instant) {
    loop {
        match pulses.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(at) => counter.pulse(at),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn sentence(pin: u8, error: &Error) -> String {
    match error {
        Error::UnknownModel => format!("GPIO {pin} cannot be opened; this is not a Raspberry Pi"),
        Error::PinNotAvailable(_) => format!("there is no GPIO {pin} here; pins go by their BCM numbers"),
        Error::PinUsed(_) => format!("GPIO {pin} is in use by another meter"),
        Error::PermissionDenied(path) => {
            format!("GPIO {pin} cannot be opened; may the agent's user open {path} (group gpio)?")
        }
        error => format!("GPIO {pin} does not work ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_pin_is_a_sentence() {
        assert_eq!(
            sentence(99, &Error::PinNotAvailable(99)),
            "there is no GPIO 99 here; pins go by their BCM numbers"
        );
        assert!(sentence(4, &Error::PermissionDenied("/dev/gpiomem".to_owned())).contains("group gpio"));
    }

    #[test]
    fn pulses_are_gathered_until_the_second_is_over() {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        for n in 0..5_u64 {
            sender.send(Duration::from_millis(n * 100)).unwrap();
        }
        let mut counter = PulseCounter::new(of_s0(1_000.0), S0_BOUNCE);
        gather(&receiver, &mut counter, Instant::now() + Duration::from_millis(50));
        assert_eq!(counter.fresh(), 5);
    }
}
