//! Logging in through a provider, with one that answers as the standard says, and lies when it is told to.

mod attacks;
mod connecting;
mod keycloak;
mod letters;
mod logging_in;
mod outages;
mod stage;
