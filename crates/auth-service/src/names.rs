//! What things may be called.

pub(crate) const MAX_NAME_CHARS: usize = 80;
/// Of what a maker calls a hub.
pub(crate) const MAX_SERIAL_CHARS: usize = 40;

pub(crate) fn is_printable(text: &str, max_chars: usize) -> bool {
    text.chars().count() <= max_chars && !text.chars().any(char::is_control)
}
