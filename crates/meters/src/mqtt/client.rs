use std::time::Duration;

use rumqttc::{
    AsyncClient, ClientError, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, Packet, QoS,
    SubscribeFilter,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Plug, payload};
use crate::config::{Address, Brokers};
use crate::mqtt::plug::Question;
use crate::outbox::{Closed, News, Outbox};

const KEEP_ALIVE: Duration = Duration::from_secs(30);
const CONNECT_SECS: u64 = 10;
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// A subscription, and a question to each of 64 plugs, several times.
const REQUESTS: usize = 256;

/// A client that has not connected yet. It forgets its subscriptions when the connection ends.
pub(super) fn open(address: &Address, broker: &Brokers, most_bytes: usize) -> (AsyncClient, EventLoop) {
    let name = format!("wattline-{:016x}", rand::random::<u64>());
    let mut options = MqttOptions::new(name, &address.host, address.port);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_max_packet_size(most_bytes, payload::MOST_BYTES)
        .set_clean_session(true);
    if let (Some(username), password) = (&broker.username, &broker.password) {
        options.set_credentials(username, password.as_ref().map_or("", |password| password.expose()));
    }
    let (client, mut events) = AsyncClient::new(options, REQUESTS);
    events.network_options.set_connection_timeout(CONNECT_SECS);
    (client, events)
}

pub(super) fn filters(topics: impl IntoIterator<Item = String>) -> Vec<SubscribeFilter> {
    topics.into_iter().map(|topic| SubscribeFilter::new(topic, QoS::AtMostOnce)).collect()
}

/// Listens to all plugs until nobody measures any more, and connects anew whenever it must.
pub(super) async fn run(address: Address, broker: Brokers, plugs: Vec<(usize, Plug)>, outbox: Outbox) {
    let (client, events) = open(&address, &broker, payload::MOST_BYTES + 1_024);
    let mut connection =
        Connection { place: format!("{}:{}", address.host, address.port), client, plugs, outbox };
    let outbox = connection.outbox.clone();
    tokio::select! {
        Err(Closed) = connection.listen(events) => {}
        () = outbox.closed() => {}
    }
}

struct Connection {
    place: String,
    client: AsyncClient,
    plugs: Vec<(usize, Plug)>,
    outbox: Outbox,
}

impl Connection {
    async fn listen(&mut self, mut events: EventLoop) -> Result<std::convert::Infallible, Closed> {
        let mut agenda = Agenda::of(&self.plugs);
        let mut wait = SHORTEST_WAIT;
        let mut is_connected = false;
        loop {
            let event = tokio::select! {
                event = events.poll() => event,
                () = agenda.due(), if is_connected => {
                    agenda.ask(&self.client);
                    continue;
                }
            };
            match event {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    tracing::info!(broker = %self.place, "listening to the plugs");
                    (wait, is_connected) = (SHORTEST_WAIT, true);
                    agenda.begin();
                    let topics = self.plugs.iter().flat_map(|(_, plug)| plug.topics());
                    noted(self.client.try_subscribe_many(filters(topics)));
                }
                Ok(Event::Incoming(Packet::Publish(message))) => {
                    self.hear(&message.topic, &message.payload, message.retain).await?;
                }
                Ok(_) => {}
                Err(error) => {
                    is_connected = false;
                    self.complain(&error).await?;
                    sleep(wait.mul_f64(0.75 + 0.5 * rand::random::<f64>())).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    /// What the broker has kept (`is_old`) was measured nobody knows when: it may show a fault, and is no reading.
    async fn hear(&mut self, topic: &str, body: &[u8], is_old: bool) -> Result<(), Closed> {
        for (meter, plug) in &mut self.plugs {
            let said = if is_old { plug.clone().hear(topic, body) } else { plug.hear(topic, body) };
            let news = match said {
                None => continue,
                Some(Ok(_)) if is_old => continue,
                Some(Ok(reading)) => News::Reading(reading),
                Some(Err(fault)) => News::Trouble(fault.to_string()),
            };
            self.outbox.put(*meter, news).await?;
        }
        Ok(())
    }

    async fn complain(&self, error: &ConnectionError) -> Result<(), Closed> {
        let sentence = sentence(&self.place, error);
        for (meter, _) in &self.plugs {
            self.outbox.put(*meter, News::Trouble(sentence.clone())).await?;
        }
        Ok(())
    }
}

/// Why there is no connection, for people.
pub(super) fn sentence(place: &str, error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => format!(
            "the MQTT broker at {place} does not let us in; check username and password of [agent.mqtt]"
        ),
        error => format!("the MQTT broker at {place} cannot be heard ({error})"),
    }
}

/// A full queue of requests is emptied by the connection; what did not fit is asked the next time.
pub(super) fn noted(outcome: Result<(), ClientError>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "a request to the MQTT broker was left out");
    }
}

/// When to ask which plug.
struct Agenda(Vec<(Instant, Question)>);

impl Agenda {
    /// Channels of one plug ask the same; once is enough.
    fn of(plugs: &[(usize, Plug)]) -> Self {
        let mut agenda: Vec<(Instant, Question)> = Vec::new();
        for question in plugs.iter().filter_map(|(_, plug)| plug.question()) {
            if agenda.iter().all(|(_, known)| *known != question) {
                agenda.push((Instant::now(), question));
            }
        }
        Self(agenda)
    }

    fn begin(&mut self) {
        for (due, _) in &mut self.0 {
            *due = Instant::now();
        }
    }

    async fn due(&self) {
        match self.0.iter().map(|(due, _)| *due).min() {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    fn ask(&mut self, client: &AsyncClient) {
        let now = Instant::now();
        for (due, question) in self.0.iter_mut().filter(|(due, _)| *due <= now) {
            noted(client.try_publish(&question.topic, QoS::AtMostOnce, false, question.body.as_bytes()));
            *due = now + question.every;
        }
    }
}
