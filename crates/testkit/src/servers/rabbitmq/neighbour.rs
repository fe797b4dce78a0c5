//! What a node is told of the others: epmd is asked under which port a name is found, and believes whoever registers it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const REGISTER: u8 = 120;
const REGISTERED: [u8; 2] = [118, 0];
/// An ordinary node over TCP/IPv4 with the handshakes of versions 5 to 6, as Erlang 25 registers itself.
const KIND: [u8; 6] = [77, 0, 0, 6, 0, 5];
const NO_EXTRA: [u8; 2] = [0, 0];
const LIMIT: Duration = Duration::from_secs(10);

/// Another node's name at this node's epmd, with the port of a gate in place of its own. Gone when dropped.
#[derive(Debug)]
pub(super) struct Neighbour {
    _registration: TcpStream,
}

impl Neighbour {
    /// `name` without its host.
    pub(super) fn register(epmd_port: u16, name: &str, port: u16) -> io::Result<Self> {
        let mut epmd = TcpStream::connect(("127.0.0.1", epmd_port))?;
        epmd.set_read_timeout(Some(LIMIT))?;
        let length = u16::try_from(name.len()).map_err(io::Error::other)?;
        let mut request = vec![REGISTER];
        request.extend(port.to_be_bytes());
        request.extend(KIND);
        request.extend(length.to_be_bytes());
        request.extend(name.as_bytes());
        request.extend(NO_EXTRA);
        let size = u16::try_from(request.len()).map_err(io::Error::other)?;
        epmd.write_all(&size.to_be_bytes())?;
        epmd.write_all(&request)?;
        let mut answer = [0; 2];
        epmd.read_exact(&mut answer)?;
        if answer != REGISTERED {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("epmd answered {answer:?}")));
        }
        Ok(Self { _registration: epmd })
    }
}
