//! Frames: `type, channel, length, payload, end`.

pub(super) const METHOD: u8 = 1;
pub(super) const HEADER: u8 = 2;
pub(super) const BODY: u8 = 3;
pub(super) const HEARTBEAT: u8 = 8;
pub(super) const END: u8 = 0xce;
pub(super) const AROUND: usize = 8;

/// Class and method.
pub(super) type Method = (u16, u16);

/// Appends a frame whose payload `fill` appends.
pub(super) fn put(buffer: &mut Vec<u8>, kind: u8, channel: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    buffer.push(kind);
    buffer.extend(channel.to_be_bytes());
    let length_at = buffer.len();
    buffer.extend([0; 4]);
    fill(buffer);
    let length = u32::try_from(buffer.len() - length_at - 4).unwrap_or(u32::MAX);
    buffer[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
    buffer.push(END);
}

pub(super) fn put_method(
    buffer: &mut Vec<u8>,
    channel: u16,
    (class, method): Method,
    fill: impl FnOnce(&mut Vec<u8>),
) {
    put(buffer, METHOD, channel, |payload| {
        payload.extend(class.to_be_bytes());
        payload.extend(method.to_be_bytes());
        fill(payload);
    });
}

/// At most 255 bytes, which all our names are.
pub(super) fn put_short(buffer: &mut Vec<u8>, text: &str) {
    let bytes = &text.as_bytes()[..text.len().min(255)];
    buffer.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    buffer.extend_from_slice(bytes);
}

pub(super) fn put_long(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    buffer.extend_from_slice(bytes);
}

/// One whole frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    pub(super) payload: &'a [u8],
}

/// Bytes of the first frame in `bytes`, if it is whole; an error when they are no frame.
pub(super) fn take(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, &'static str> {
    let Some((head, _)) = bytes.split_at_checked(7) else { return Ok(None) };
    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
    if length > 4 << 20 {
        return Err("the peer does not speak AMQP 0-9-1");
    }
    let Some(frame) = bytes.get(..length + AROUND) else { return Ok(None) };
    if frame[length + 7] != END {
        return Err("a frame has no end");
    }
    Ok(Some((Frame { kind: head[0], payload: &frame[7..7 + length] }, length + AROUND)))
}

/// What is left to read of a payload. Beyond the end there are zeros: a short payload has no meaning we act on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payload<'a>(pub(super) &'a [u8]);

impl<'a> Payload<'a> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (bytes, rest) = self.0.split_first_chunk::<N>().unwrap_or((&[0; N], &[]));
        self.0 = rest;
        *bytes
    }

    pub(super) fn u8(&mut self) -> u8 {
        u8::from_be_bytes(self.take())
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }

    pub(super) fn short(&mut self) -> &'a [u8] {
        let length = usize::from(self.u8());
        let (text, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        text
    }

    pub(super) fn method(&mut self) -> Method {
        (self.u16(), self.u16())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_when_it_is_whole() {
        let mut bytes = Vec::new();
        put_method(&mut bytes, 1, (60, 80), |payload| payload.extend(7u64.to_be_bytes()));
        for end in 0..bytes.len() {
            assert!(take(&bytes[..end]).unwrap().is_none());
        }
        let (frame, length) = take(&bytes).unwrap().unwrap();
        assert_eq!((frame.kind, length), (METHOD, bytes.len()));
        let mut payload = Payload(frame.payload);
        assert_eq!((payload.method(), payload.u64()), ((60, 80), 7));
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        assert!(take(b"HTTP/1.1 400 Bad Request").is_err());
    }

    #[test]
    fn a_short_payload_is_no_panic() {
        let mut payload = Payload(&[5, b'a']);
        assert_eq!(payload.short(), b"a");
        assert_eq!(payload.u64(), 0);
    }
}
