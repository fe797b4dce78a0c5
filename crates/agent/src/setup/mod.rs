//! `agent setup`: from nothing to a configuration, by questions.

mod dialogue;
mod draft;
mod wired;

use std::path::{Path, PathBuf};
use std::time::Duration;

use agent::pairing::Config as Pairing;
use meters::Brokers;
use meters::mqtt::discover::Found;
use service::Context;
use tokio_util::sync::CancellationToken;

use crate::settings::{MeterSettings, Settings};
use dialogue::{Dialogue, say};
use draft::Draft;

/// Plugs tell how they are every few seconds, or are asked every ten.
const LISTEN: Duration = Duration::from_secs(30);
const SOCKETS: u8 = 64;
/// Where the package puts it.
const INSTALLED: &str = "/etc/wattline/agent.toml";

/// Where the configuration is, or will be.
pub(crate) fn place(config: Option<PathBuf>) -> PathBuf {
    let installed = Path::new(INSTALLED);
    config.unwrap_or_else(|| {
        let is_installed = installed.parent().is_some_and(Path::is_dir);
        if is_installed { installed.to_owned() } else { PathBuf::from("agent.toml") }
    })
}

/// Asks, shows what it makes of the answers, and writes it.
pub(crate) async fn run(
    context: Context<MeterSettings>,
    path: &Path,
    listen_secs: Option<u64>,
) -> anyhow::Result<()> {
    let listen = listen_secs.map_or(LISTEN, Duration::from_secs);
    let mut setup = Setup {
        dialogue: Dialogue::begin(context.shutdown.clone()),
        draft: Draft::of(path)?,
        known: context.config.0,
        taken: Vec::new(),
        stop: context.shutdown,
    };
    setup.taken = setup
        .known
        .agent
        .sensors
        .iter()
        .filter_map(|entry| entry.socket)
        .map(domain::SocketNumber::get)
        .collect();
    say(&format!(
        "This makes {} by questions. What is in brackets is taken when you just press return.\n",
        path.display()
    ))?;
    setup.uplink().await?;
    setup.plugs(listen).await?;
    setup.wired().await?;
    setup.make_believe().await?;
    setup.finish(path).await
}

struct Setup {
    dialogue: Dialogue,
    draft: Draft,
    known: Settings,
    /// Numbers of sockets that have a meter.
    taken: Vec<u8>,
    stop: CancellationToken,
}

impl Setup {
    /// Where to publish and where to pair.
    async fn uplink(&mut self) -> anyhow::Result<()> {
        if self.draft.has("rabbitmq.url") || self.draft.has("mqtt.url") {
            say("Where to publish is set already.")?;
        } else {
            let url = self
                .url(
                    "Where does the hub publish? (amqps://broker.example, mqtts://broker.example)",
                    "amqp://localhost",
                    is_broker,
                )
                .await?;
            let section = if url.starts_with("mqtt") { "mqtt" } else { "rabbitmq" };
            self.draft.set(section, "url", &url);
        }
        if self.draft.has("pairing.auth_url") {
            say("Where to pair is set already.")?;
            return Ok(());
        }
        let url = self.url("The address of Wattline's page (https://wattline.example)", "", is_page).await?;
        if !url.is_empty() {
            self.draft.set("pairing", "auth_url", &url);
        }
        Ok(())
    }

    async fn url(
        &mut self,
        question: &str,
        default: &str,
        is_good: fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        loop {
            let url = self.dialogue.ask(question, default).await?;
            if is_good(&url) {
                return Ok(url);
            }
            say("That is not such an address.")?;
        }
    }

    /// Plugs that are heard on a broker.
    async fn plugs(&mut self, listen: Duration) -> anyhow::Result<()> {
        if !self
            .dialogue
            .agree("\nAre there plugs that speak MQTT (Tasmota, Shelly, Zigbee2MQTT)?", true)
            .await?
        {
            return Ok(());
        }
        let broker = self.broker().await?;
        say(&format!("Listening for {} s …", listen.as_secs()))?;
        let heard = tokio::select! {
            heard = meters::mqtt::listen(&broker, listen) => heard,
            () = self.stop.cancelled() => anyhow::bail!("stopped; nothing is written"),
        };
        let heard = match heard {
            Ok(heard) => heard,
            Err(error) => {
                say(&format!("No plug can be heard: {:#}", anyhow::Error::from(error)))?;
                return Ok(());
            }
        };
        let known: Vec<Found> = self.known.agent.sensors.iter().filter_map(Found::of).collect();
        let new: Vec<Found> = heard.into_iter().filter(|found| !known.contains(found)).collect();
        say(&format!("{} new plugs or channels were heard.", new.len()))?;
        for found in new {
            if self.dialogue.agree(&format!("\nMeasure with {}?", found.name()), true).await? {
                self.entry(&found.name(), &found.to_string()).await?;
            }
        }
        Ok(())
    }

    /// The broker of the plugs, which is kept when it is not the usual one.
    async fn broker(&mut self) -> anyhow::Result<Brokers> {
        if self.draft.has("agent.mqtt") {
            return Ok(self.known.agent.mqtt.clone());
        }
        let usual = "mqtt://localhost:1883";
        loop {
            let url = self.dialogue.ask("Their broker", usual).await?;
            let user = self.dialogue.ask("Its user, if it asks for one", "").await?;
            let mut lines = vec![format!("[agent.mqtt]\nurl = {}\n", draft::quoted(&url))];
            if !user.is_empty() {
                let password =
                    self.dialogue.ask("The user's password (it is shown, and kept in the file)", "").await?;
                lines.push(format!("username = {}\n", draft::quoted(&user)));
                lines.push(format!("password = {}\n", draft::quoted(&password)));
            }
            let lines = lines.concat();
            let faults = draft::faults_of(&lines);
            if faults.is_empty() {
                let parsed: toml::Table = lines.parse()?;
                let broker = parsed["agent"]["mqtt"].clone().try_into()?;
                if url != usual || !user.is_empty() {
                    self.draft.add(lines);
                }
                return Ok(broker);
            }
            say(&faults.join("\n"))?;
        }
    }

    async fn wired(&mut self) -> anyhow::Result<()> {
        let names: Vec<&str> = wired::KINDS.iter().map(|kind| kind.name).collect();
        loop {
            let question =
                format!("\nA meter that is wired to this hub ({}; nothing: no more)", names.join(", "));
            let answer = self.dialogue.ask(&question, "").await?.to_ascii_lowercase();
            if answer.is_empty() {
                return Ok(());
            }
            let Some(kind) = wired::KINDS.iter().find(|kind| kind.name == answer) else {
                say("That is none of them.")?;
                continue;
            };
            let mut answers = Vec::new();
            for question in kind.questions {
                answers.push(self.dialogue.ask(question.text, question.default).await?);
            }
            self.entry(kind.name, &kind.line(&answers)).await?;
        }
    }

    /// Asks what hangs on it, and adds the meter unless something is wrong with it.
    async fn entry(&mut self, name: &str, meter: &str) -> anyhow::Result<()> {
        let Some(socket) = (0..SOCKETS).find(|number| !self.taken.contains(number)) else {
            return say("A hub has 64 sockets, and all have meters.");
        };
        let name = self.dialogue.ask("What hangs on it?", name).await?;
        let room = self.dialogue.ask("In which room?", "").await?;
        let entry = draft::entry(socket, &name, &room, meter);
        let faults = draft::faults_of(&entry);
        if !faults.is_empty() {
            return say(&format!("This cannot be:\n  {}", faults.join("\n  ")));
        }
        self.taken.push(socket);
        self.draft.add(entry);
        Ok(())
    }

    /// A hub without any meter can be tried out.
    async fn make_believe(&mut self) -> anyhow::Result<()> {
        if !self.taken.is_empty() || self.draft.has("agent.sensor") {
            return Ok(());
        }
        if self
            .dialogue
            .agree("\nThere is no meter. Measure a home that is made up, to try it out?", true)
            .await?
        {
            self.draft.add("[agent.sensor.simulated]\nsockets = 12\n".to_owned());
        }
        Ok(())
    }

    async fn finish(mut self, path: &Path) -> anyhow::Result<()> {
        if self.draft.is_empty() {
            return say("\nNothing is new; the file stays as it is.");
        }
        say(&format!("\nThis is new:\n\n{}", self.draft.news()))?;
        if !self.dialogue.agree("Write it?", true).await? {
            return say("Nothing is written.");
        }
        let written = self.draft.write_beside()?;
        if let Err(faults) = service::config::load::<Settings>(Some(&written), std::env::vars()) {
            anyhow::bail!("{faults}\nIt is in {}, and {} is as it was", written.display(), path.display());
        }
        self.draft.adopt(&written)?;
        say(&format!("Written to {}.\n\nNext:", path.display()))?;
        let (agent, file) = (program(), path.display());
        if self.draft.has("pairing.auth_url") || self.draft.news().contains("[pairing]") {
            say(&format!("  {agent} --config {file} pair      brings the hub into your home on the page"))?;
        }
        if path == Path::new(INSTALLED) {
            say("  systemctl restart wattline-agent    measures from now on")?;
        } else {
            say(&format!("  {agent} --config {file}           measures"))?;
        }
        say(&format!("  {agent} --config {file} status    says how it is"))
    }
}

/// What this is called here: the package has another name for it.
fn program() -> String {
    let own = std::env::args().next().unwrap_or_default();
    Path::new(&own).file_name().map_or_else(|| "agent".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn is_broker(url: &str) -> bool {
    ["amqp://", "amqps://", "mqtt://", "mqtts://"]
        .iter()
        .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// Nothing: it is not paired with any page.
fn is_page(url: &str) -> bool {
    let mut faults = Vec::new();
    Pairing { auth_url: Some(url.to_owned()) }.validate(&mut faults);
    url.is_empty() || faults.is_empty()
}
