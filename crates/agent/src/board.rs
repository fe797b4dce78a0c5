/// Which Raspberry Pi this is, if it is one.
pub(crate) fn model() -> Option<String> {
    rppal::system::DeviceInfo::new().ok().map(|info| info.model().to_string())
}
