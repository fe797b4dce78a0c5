//! What can be set.

use std::net::SocketAddr;

use service::operations::OperationsConfig;

/// Where the API is served.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9402);

/// Where operators ask.
pub const DEFAULT_OPERATIONS: OperationsConfig = OperationsConfig::at(9412);

/// The auth-service's keys.
pub const DEFAULT_JWKS_URL: &str = "http://127.0.0.1:9403/.well-known/jwks.json";
