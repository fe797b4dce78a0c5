use std::io;
use std::path::Path;
use std::time::Duration;

use embedded_io::{ErrorType, Read, Write};
use rppal::uart::{Parity, Queue, Uart};

/// A serial port of the Pi or behind USB. A read that gets nothing in time is `TimedOut`.
pub(super) struct Port(Uart);

impl Port {
    /// 8 data bits, 1 stop bit. A read waits at most that long.
    pub(super) fn open(path: &Path, baud: u32, parity: Parity, patience: Duration) -> io::Result<Self> {
        let mut uart = Uart::with_path(path, baud, parity, 8, 1).map_err(cause)?;
        uart.set_read_mode(0, patience).map_err(cause)?;
        uart.flush(Queue::Both).map_err(cause)?;
        Ok(Self(uart))
    }
}

fn cause(error: rppal::uart::Error) -> io::Error {
    match error {
        rppal::uart::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}

impl ErrorType for Port {
    type Error = io::Error;
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer).map_err(cause)? {
            0 if !buffer.is_empty() => Err(io::ErrorKind::TimedOut.into()),
            length => Ok(length),
        }
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes).map_err(cause)? {
            0 if !bytes.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            length => Ok(length),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.drain().map_err(cause)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;

    use embedded_io::{ErrorType, Read, Write};

    enum Step {
        Expect(Vec<u8>),
        Answer(Vec<u8>),
        Silence,
    }

    /// A serial port that knows beforehand what is written to it, and what it answers.
    pub(in crate::wired) struct Script(VecDeque<Step>);

    impl Script {
        pub(in crate::wired) fn new() -> Self {
            Self(VecDeque::new())
        }

        pub(in crate::wired) fn expect(mut self, bytes: &[u8]) -> Self {
            self.0.push_back(Step::Expect(bytes.to_vec()));
            self
        }

        pub(in crate::wired) fn answer(mut self, bytes: &[u8]) -> Self {
            self.0.push_back(Step::Answer(bytes.to_vec()));
            self
        }

        /// A read that gets nothing.
        pub(in crate::wired) fn silence(mut self) -> Self {
            self.0.push_back(Step::Silence);
            self
        }

        pub(in crate::wired) fn finish(&self) {
            assert!(self.0.is_empty(), "{} steps are left", self.0.len());
        }
    }

    impl ErrorType for Script {
        type Error = Infallible;
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
            match self.0.front_mut() {
                Some(Step::Answer(bytes)) => {
                    let length = bytes.len().min(buffer.len());
                    buffer[..length].copy_from_slice(&bytes[..length]);
                    bytes.drain(..length);
                    if bytes.is_empty() {
                        self.0.pop_front();
                    }
                    Ok(length)
                }
                Some(Step::Silence) => {
                    self.0.pop_front();
                    Ok(0)
                }
                Some(Step::Expect(_)) | None => panic!("a read that nobody answers"),
            }
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
            let Some(Step::Expect(expected)) = self.0.pop_front() else {
                panic!("nobody expects {bytes:02X?}")
            };
            assert_eq!(bytes, expected);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }
}
