//! The web app in front of the real auth- and read-service, as a browser sees it.

mod guard;
mod live;
mod page;
mod proxy;
mod session;
mod world;
