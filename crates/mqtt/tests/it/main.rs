//! The adapter against mosquitto, and against a broker that does what no broker should. Against RabbitMQ it is tested where
//! the other end is, in `rabbitmq`.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod fake;
mod mosquitto;
mod protocol;
mod tls;
