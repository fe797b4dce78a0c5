use clap::ValueEnum;

/// What a package is for, in Debian's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// Raspberry Pi 3 and newer with a system of 64 bits.
    Arm64,
    /// Raspberry Pi 2 and newer with a system of 32 bits (version 7 of ARM; not the first Pi and the first Zero).
    Armhf,
    /// PCs.
    Amd64,
}

impl Architecture {
    pub(crate) const fn debian(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::Armhf => "armhf",
            Self::Amd64 => "amd64",
        }
    }

    /// Rust's name for it.
    pub(super) const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::Armhf => "armv7-unknown-linux-gnueabihf",
            Self::Amd64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// GNU's name for it, which its tools begin with.
    pub(super) const fn gnu(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-linux-gnu",
            Self::Armhf => "arm-linux-gnueabihf",
            Self::Amd64 => "x86_64-linux-gnu",
        }
    }
}
