use std::fmt;

/// Which Raspberry Pi this is, if it is one.
pub(crate) fn describe() -> impl fmt::Display {
    match rppal::system::DeviceInfo::new() {
        Ok(info) => info.model().to_string(),
        Err(_) => "not a Raspberry Pi".to_owned(),
    }
}
