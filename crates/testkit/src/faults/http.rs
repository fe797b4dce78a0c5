//! As much of HTTP/1.1 as a store needs that is asked by clients we know, and with next to no work per byte: it
//! runs on the same cores as what is measured.

use std::io::{self, BufRead, ErrorKind, Write};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const READ: usize = 256 * 1_024;
const LONGEST_HEAD: usize = 64 * 1_024;

/// A request without its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    length: Length,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Bytes(u64),
    Chunked,
}

impl Head {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = Vec::new();
        let mut length = Length::Bytes(0);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Length::Bytes(value.parse().ok()?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                length = Length::Chunked;
            }
            headers.push((name.to_owned(), value.to_owned()));
        }
        Some(Self { method, target, headers, length })
    }

    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(super) fn is_write(&self) -> bool {
        self.method == "POST" && matches!(self.path(), "/write" | "/api/v2/write")
    }

    fn expects_continue(&self) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("expect"))
    }
}

/// A client's connection, asked for one request after the other.
#[derive(Debug)]
pub(super) struct Conversation {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Conversation {
    pub(super) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).ok();
        Self { stream, buffer: BytesMut::with_capacity(READ) }
    }

    async fn read_more(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ);
        self.stream.read_buf(&mut self.buffer).await
    }

    async fn need_more(&mut self) -> io::Result<()> {
        if self.read_more().await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// `None` when the client has closed.
    pub(super) async fn next(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = self.buffer.split_to(end + 4);
                let text = String::from_utf8_lossy(&head[..end]);
                let head = Head::parse(&text).ok_or(ErrorKind::InvalidData)?;
                if head.expects_continue() {
                    self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
                }
                return Ok(Some(head));
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(ErrorKind::InvalidData.into());
            }
            if self.read_more().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Gives the body to `each` as it comes.
    pub(super) async fn body(&mut self, head: &Head, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        match head.length {
            Length::Bytes(count) => self.pieces(count, &mut each).await,
            Length::Chunked => loop {
                let line = self.line().await?;
                let size = line.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16).map_err(|_| ErrorKind::InvalidData)?;
                if size == 0 {
                    // Trailers, and the empty line after them.
                    while !self.line().await?.is_empty() {}
                    return Ok(());
                }
                self.pieces(size, &mut each).await?;
                self.line().await?;
            },
        }
    }

    async fn pieces(&mut self, count: u64, each: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            if self.buffer.is_empty() {
                self.need_more().await?;
            }
            let length = usize::try_from(left).map_or(self.buffer.len(), |left| left.min(self.buffer.len()));
            each(&self.buffer[..length]);
            self.buffer.advance(length);
            left -= length as u64;
        }
        Ok(())
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                let line = self.buffer.split_to(end + 2);
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(ErrorKind::InvalidData.into());
            }
            self.need_more().await?;
        }
    }

    pub(super) async fn answer(
        &mut self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(256 + body.len());
        write!(bytes, "HTTP/1.1 {status} {}\r\n", reason(status))?;
        for (name, value) in headers {
            write!(bytes, "{name}: {value}\r\n")?;
        }
        if status != 204 {
            write!(bytes, "Content-Length: {}\r\n", body.len())?;
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        self.stream.write_all(&bytes).await
    }

    /// Returns when the client has closed; what it sends until then is thrown away.
    pub(super) async fn closed(&mut self) {
        loop {
            self.buffer.clear();
            if !matches!(self.read_more().await, Ok(1..)) {
                return;
            }
        }
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200..300 => "OK",
        300..400 => "Elsewhere",
        400..500 => "Refused",
        _ => "Failed",
    }
}

/// Line ends in it. The standard library looks for them, which is fast without optimisation too.
pub(super) fn lines(bytes: &[u8]) -> u64 {
    let (mut rest, mut count) = (bytes, 0);
    while let Ok(1..) = rest.skip_until(b'\n') {
        count += u64::from(bytes[bytes.len() - rest.len() - 1] == b'\n');
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_whatever_their_length() {
        assert_eq!(lines(b""), 0);
        assert_eq!(lines(b"one\ntwo\nhalf"), 2);
        assert_eq!(lines(&[b'\n'; 1_000]), 1_000);
    }

    #[test]
    fn a_head_tells_what_is_asked_and_how_long_the_body_is() {
        let head = Head::parse("POST /write?db=x HTTP/1.1\r\nHost: h\r\ncontent-LENGTH: 12").unwrap();
        assert!(head.is_write());
        assert_eq!((head.path(), head.length), ("/write", Length::Bytes(12)));
        let head = Head::parse("POST /api/v2/write HTTP/1.1\r\nTransfer-Encoding: chunked").unwrap();
        assert_eq!(head.length, Length::Chunked);
        assert!(!Head::parse("GET /ping HTTP/1.1").unwrap().is_write());
        assert!(Head::parse("nonsense").is_none());
    }
}
