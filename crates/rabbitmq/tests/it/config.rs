use rabbitmq::{Config, Error, Live, Publisher, Source};

#[tokio::test]
async fn a_url_that_is_none_is_refused_at_once() {
    let config = Config { url: "localhost".into(), ..Config::default() };
    assert!(matches!(Publisher::connect(config.clone()), Err(Error::Url(_))));
    assert!(matches!(Source::connect(config.clone()), Err(Error::Url(_))));
    assert!(matches!(Live::connect(config), Err(Error::Url(_))));
}
