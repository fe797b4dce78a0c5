use std::net::TcpStream;
use std::path::Path;

use testkit::servers::{InfluxDb, PostgreSql, RabbitMq, RabbitMqSetup, ServerError};

fn is_open(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn rabbitmq_survives_sigkill_and_is_gone_when_dropped() {
    let mut broker = RabbitMq::start().unwrap();
    let url = broker.vhost("a-vhost").unwrap();
    assert!(url.ends_with("/a-vhost"));
    broker.kill();
    assert!(!is_open(broker.port()));
    broker.restart().unwrap();
    assert!(broker.ctl(&["list_vhosts"]).unwrap().contains("a-vhost"));
    let port = broker.port();
    drop(broker);
    assert!(!is_open(port));
}

#[test]
fn two_brokers_do_not_know_each_other() {
    let one = RabbitMq::start().unwrap();
    let other = RabbitMq::start().unwrap();
    one.vhost("only-here").unwrap();
    assert!(!other.ctl(&["list_vhosts"]).unwrap().contains("only-here"));
    one.stop();
    assert!(is_open(other.port()));
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let setup = RabbitMqSetup { config: vec!["no.such.key = 1".to_owned()], ..RabbitMqSetup::default() };
    let Err(ServerError::Ended { log, .. }) = RabbitMq::start_with(&setup) else { panic!("it started") };
    assert!(log.contains("no.such.key"), "{log}");
}

#[test]
fn influxdb_survives_sigkill_and_keeps_a_given_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = InfluxDb::start_in(folder.path()).unwrap();
    assert_eq!(server.database("energy").unwrap(), "energy");
    server.kill();
    assert!(!is_open(server.port()));
    server.restart().unwrap();
    server.database("energy").unwrap();
    server.stop();
    assert!(folder.path().join("meta/meta.db").exists());
}

#[test]
fn postgresql_survives_sigkill_and_keeps_its_rows() {
    let mut server = PostgreSql::start().unwrap();
    let url = server.database("accounts").unwrap();
    assert_eq!(server.database("accounts").unwrap(), url);
    server.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").unwrap();
    server.kill();
    assert!(!is_open(server.port()));
    server.restart().unwrap();
    assert_eq!(server.sql("SELECT n FROM kept").unwrap().trim(), "7");
    server.stop();
}

#[test]
fn no_server_leaves_its_folder_behind() {
    let server = PostgreSql::start().unwrap();
    let folder = server.sql("SHOW data_directory").unwrap();
    assert!(Path::new(folder.trim()).exists());
    drop(server);
    assert!(!Path::new(folder.trim()).exists());
}
