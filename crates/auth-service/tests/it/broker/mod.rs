//! Hubs at a real RabbitMQ. One broker for all of it: starting it takes longest.

mod life;
mod over_mqtt;
mod rights;
mod stage;
mod tls;

use testkit::certificates::Authority;

#[tokio::test(flavor = "multi_thread")]
async fn hubs_do_at_the_broker_what_they_may_and_released_ones_nothing() {
    let mut stage = stage::Stage::set().await;
    rights::a_hub_publishes_under_its_own_key_and_does_nothing_else(&stage).await;
    rights::what_the_broker_does_not_ask_about_does_no_harm(&stage).await;
    rights::only_the_right_secret_under_the_right_name_logs_in(&stage).await;
    life::a_released_hub_is_thrown_out_and_stays_out(&stage).await;
    life::while_nobody_answers_known_hubs_go_on_and_new_ones_wait(&mut stage).await;
    life::sixty_come_at_once(&stage).await;
    life::no_secret_is_in_the_brokers_log(&stage);
    stage.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_rabbitmq_4_hubs_do_over_amqp_and_mqtt_what_they_may() {
    let stage = stage::Stage::set_with_mqtt().await;
    rights::a_hub_publishes_under_its_own_key_and_does_nothing_else(&stage).await;
    rights::only_the_right_secret_under_the_right_name_logs_in(&stage).await;
    over_mqtt::a_hub_publishes_under_its_own_topics_and_does_nothing_else(&stage).await;
    over_mqtt::nobody_is_told_of_by_a_strangers_will(&stage).await;
    over_mqtt::only_the_right_secret_under_the_right_name_logs_in(&stage).await;
    over_mqtt::a_released_hub_is_thrown_out_and_stays_out(&stage).await;
    life::a_released_hub_is_thrown_out_and_stays_out(&stage).await;
    life::no_secret_is_in_the_brokers_log(&stage);
    stage.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_asks_over_tls_and_believes_its_authority_only() {
    let (authority, stranger) = (Authority::new().unwrap(), Authority::new().unwrap());
    let ours = authority.issue("auth-service", &["127.0.0.1"]).unwrap();
    let mut stage = stage::Stage::set_with_tls(&ours).await;
    tls::a_hub_is_asked_about_and_publishes(&stage).await;
    let theirs = stranger.issue("auth-service", &["127.0.0.1"]).unwrap();
    tls::whoever_has_another_certificate_is_told_no_secret(&mut stage, &theirs).await;
    let elsewhere = authority.issue("elsewhere", &["elsewhere.example"]).unwrap();
    tls::whoever_has_another_certificate_is_told_no_secret(&mut stage, &elsewhere).await;
    stage.show(&ours);
    stage.answer().await;
    tls::a_hub_is_asked_about_and_publishes(&stage).await;
    stage.server.stop().await;
}
