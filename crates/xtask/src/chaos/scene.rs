//! One scenario: a vhost and a database of its own, gates in front of both servers, and what runs between them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use testkit::faults::{StoreGate, TcpGate};
use testkit::servers::{Program, RabbitMqCluster};

use super::broker::{self, Broker};
use super::form::{Form, RECOVERY};
use super::loadgen::{Evidence, Summary, Swarm, SwarmSetup};
use super::memory::{Memory, Who};
use super::report::Outcome;
use super::scenarios::Scenario;
use super::stage::Stage;
use super::writer::WriterSetup;
use crate::interrupt::{self, pass};

/// The longest that anything is waited for. Twice what recovery may take, so that a slow one gets a figure.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Of a log of a scenario that failed.
const LAST_LINES: usize = 15;
const LONGEST_LINE: usize = 300;
const POLL: Duration = Duration::from_millis(20);

pub(crate) struct Scene<'a> {
    pub(crate) stage: &'a mut Stage,
    pub(crate) form: Form,
    pub(crate) name: &'static str,
    on_cluster: bool,
    pub(crate) folder: PathBuf,
    /// Between hubs and the broker.
    pub(crate) hubs: TcpGate,
    /// Between write-services and the broker.
    pub(crate) broker: TcpGate,
    /// Between write-services and the store.
    pub(crate) store: StoreGate,
    memory: Memory,
    faults: Vec<String>,
    resumed: Vec<Duration>,
    /// How many dead letters were deleted on purpose.
    deleted: Option<u64>,
    began: Instant,
    writers: usize,
    logs: Vec<PathBuf>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(stage: &'a mut Stage, scenario: &Scenario, form: Form) -> anyhow::Result<Self> {
        let &Scenario { name, on_cluster, .. } = scenario;
        // Another suite may be running on this machine.
        let folder = stage.folder.join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let addresses = rabbitmq(stage, on_cluster).addresses();
        let store = stage.influxdb.url();
        let (hubs, broker, store) = stage.runtime.block_on(async {
            let hubs = TcpGate::start_before(addresses.clone()).await?;
            let broker = TcpGate::start_before(addresses).await?;
            Ok::<_, std::io::Error>((hubs, broker, StoreGate::start(Some(store)).await?))
        })?;
        Ok(Self {
            stage,
            form,
            name,
            on_cluster,
            folder,
            hubs,
            broker,
            store,
            memory: Memory::start(),
            faults: Vec::new(),
            resumed: Vec::new(),
            deleted: None,
            began: Instant::now(),
            writers: 0,
            logs: Vec::new(),
        })
    }

    fn url(&self, hosts: &[SocketAddr]) -> String {
        let heartbeat = self.form.heartbeat_secs;
        let hosts: Vec<String> = hosts.iter().map(SocketAddr::to_string).collect();
        format!("amqp://guest:guest@{}/{}?heartbeat={heartbeat}", hosts.join(","), self.name)
    }

    fn url_of(&self, gate: &TcpGate) -> String {
        self.url(&[SocketAddr::from((Ipv4Addr::LOCALHOST, gate.port()))])
    }

    /// With all its nodes, and no gate before them.
    pub(crate) fn url_of_nodes(&self) -> String {
        self.url(&self.rabbitmq().addresses())
    }

    pub(crate) fn rabbitmq(&self) -> &dyn Broker {
        rabbitmq(self.stage, self.on_cluster)
    }

    pub(crate) fn cluster(&mut self) -> anyhow::Result<&mut RabbitMqCluster> {
        self.stage.cluster.as_mut().context("there is no cluster")
    }

    /// A write-service that consumes. Each has a folder of its own.
    pub(crate) fn writer(&mut self, change: impl FnOnce(&mut WriterSetup)) -> anyhow::Result<Program> {
        let mut program = self.unready_writer(change)?;
        program.wait_until_ready(PATIENCE)?;
        Ok(program)
    }

    /// A write-service of which nothing is known but that it was started.
    pub(crate) fn unready_writer(
        &mut self,
        change: impl FnOnce(&mut WriterSetup),
    ) -> anyhow::Result<Program> {
        self.writers += 1;
        let mut setup = WriterSetup {
            folder: self.folder.join(format!("write-service-{}", self.writers)),
            broker: self.url_of(&self.broker),
            store: self.store.url(),
            database: self.name.to_owned(),
            store_timeout: self.form.store_timeout,
            max_queue_length: None,
            die_before_ack: None,
        };
        change(&mut setup);
        let program = setup.start(&self.stage.binaries)?;
        self.memory.watch(Who::WriteService, program.pid());
        self.logs.push(program.log());
        Ok(program)
    }

    pub(crate) fn restart(&self, writer: &mut Program) -> anyhow::Result<()> {
        writer.restart()?;
        self.memory.watch(Who::WriteService, writer.pid());
        Ok(())
    }

    pub(crate) fn swarm(&mut self) -> anyhow::Result<Swarm> {
        self.poisoned_swarm(0.0)
    }

    /// `poison` is the share of containers that nobody can read.
    pub(crate) fn poisoned_swarm(&mut self, poison: f64) -> anyhow::Result<Swarm> {
        let setup = SwarmSetup {
            binaries: &self.stage.binaries,
            folder: &self.folder,
            broker: &self.url_of(&self.hubs),
            form: &self.form,
            poison,
        };
        let swarm = Swarm::start(&setup, &self.memory)?;
        self.logs.push(swarm.log());
        Ok(swarm)
    }

    pub(crate) fn until(
        &self,
        what: &str,
        holds: impl FnMut(&Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Duration> {
        self.until_within(PATIENCE, what, holds)
    }

    pub(crate) fn until_within(
        &self,
        limit: Duration,
        what: &str,
        mut holds: impl FnMut(&Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        while !holds(self)? {
            interrupt::check()?;
            if begin.elapsed() > limit {
                bail!("waited {} s in vain until {what}", limit.as_secs());
            }
            std::thread::sleep(POLL);
        }
        Ok(begin.elapsed())
    }

    /// Returns when writes are going on, and load has lasted for a while.
    pub(crate) fn warm_up(&self) -> anyhow::Result<()> {
        self.until_writes_go_on()?;
        pass(self.form.before)
    }

    pub(crate) fn until_writes_go_on(&self) -> anyhow::Result<Duration> {
        let before = self.store.stored();
        self.until("writes go on", |scene| Ok(scene.store.stored() >= before + 2))
    }

    /// What was broken is whole again: measures the time until writes go on.
    pub(crate) fn healed(&mut self) -> anyhow::Result<()> {
        let resumed = self.until_writes_go_on()?;
        self.resumed.push(resumed);
        Ok(())
    }

    pub(crate) fn expect(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.faults.push(otherwise.into());
        }
    }

    pub(crate) fn dead_letters_deleted(&mut self, count: u64) {
        *self.deleted.get_or_insert(0) += count;
    }

    pub(crate) fn waiting(&self) -> anyhow::Result<u64> {
        broker::waiting(self.rabbitmq(), self.name)
    }

    fn held(&self) -> anyhow::Result<u64> {
        broker::held(self.rabbitmq(), self.name)
    }

    /// Some more load, then the end of it; the ledger is the judge. `healed` is when the last fault was over.
    pub(crate) fn judge(
        &mut self,
        mut swarm: Swarm,
        healed: Instant,
        outcome: &mut Outcome,
    ) -> anyhow::Result<Summary> {
        pass(self.form.after)?;
        let summary = swarm.stop()?;
        outcome.containers = summary.containers_confirmed;
        self.until("the queues are empty", |scene| Ok(scene.waiting()? == 0))?;
        let recovered = healed.elapsed();
        // A queue that was deleted may get what is held for it much later.
        if self.deleted.is_none() {
            self.until("no dead letter is held", |scene| Ok(scene.held()? == 0))?;
        }
        let held = self.held()?;
        let longest = self.resumed.iter().copied().max().unwrap_or_default().max(recovered);
        outcome.recovery_s = longest.as_secs_f64();
        self.expect(longest <= RECOVERY, format!("recovery took {:.1} s", longest.as_secs_f64()));

        let broker = self.url(&self.rabbitmq().addresses()[..1]);
        let evidence = Evidence {
            binaries: &self.stage.binaries,
            folder: &self.folder,
            broker: &broker,
            store: &self.stage.influxdb.url(),
            database: self.name,
        };
        let verdict = evidence.judge(&swarm)?;
        outcome.missing = verdict.missing;
        outcome.wrong = verdict.wrong;
        outcome.unexpected = verdict.unexpected;
        outcome.duplicated = verdict.duplicated;
        outcome.dead_letters = verdict.dead_letters;
        outcome.dead_expected = verdict.dead_expected;
        self.expect(summary.containers_confirmed > 0, "nothing was confirmed");
        for (count, what) in [
            (verdict.missing, "are missing"),
            (verdict.wrong, "are wrong"),
            (verdict.unexpected, "were never confirmed"),
            (verdict.duplicated, "are there twice"),
        ] {
            self.expect(count == 0, format!("{count} ticks {what}"));
        }
        // What was on its way to a queue that was deleted may be sent again; nothing else may.
        let (dead, expected) = (verdict.dead_letters, verdict.dead_expected);
        let (agree, deleted) = match self.deleted {
            Some(deleted) => (dead + held + deleted >= expected, deleted),
            None => (dead == expected, 0),
        };
        let counts = format!("{dead} dead letters, {held} held and {deleted} deleted of {expected}");
        self.expect(agree, counts);
        (outcome.dead_held, outcome.dead_deleted) = (held, deleted);
        Ok(summary)
    }

    /// The end: what was measured and what is wrong.
    pub(crate) fn close(mut self, outcome: &mut Outcome) {
        outcome.peak_mib = self.memory.peak(Who::WriteService);
        outcome.loadgen_peak_mib = self.memory.peak(Who::Loadgen);
        let bound = self.stage.memory_bound_mib;
        let peak = outcome.peak_mib;
        self.expect(peak <= bound, format!("a write-service held {peak} MiB, more than {bound}"));
        outcome.seconds = self.began.elapsed().as_secs_f64();
        outcome.faults.append(&mut self.faults);
        outcome.ok = outcome.faults.is_empty();
        if outcome.ok {
            std::fs::remove_dir_all(&self.folder).ok();
        } else {
            self.logs.iter().for_each(|log| print_end(log));
            self.keep_logs_of_nodes();
            eprintln!("  everything is kept in {}", self.folder.display());
        }
    }

    /// A cluster ends with a scenario that failed, and its data with it.
    fn keep_logs_of_nodes(&self) {
        let cluster = self.stage.cluster.as_ref().filter(|_| self.on_cluster);
        for (cluster, node) in
            cluster.iter().flat_map(|cluster| cluster.nodes().map(move |node| (cluster, node)))
        {
            let file = self.folder.join(format!("{}.log", cluster.name(node)));
            if let Err(error) = std::fs::write(&file, cluster.log(node)) {
                eprintln!("  writing {}: {error}", file.display());
            }
        }
    }
}

fn rabbitmq(stage: &Stage, on_cluster: bool) -> &dyn Broker {
    match &stage.cluster {
        Some(cluster) if on_cluster => cluster,
        _ => &stage.rabbitmq,
    }
}

fn print_end(log: &Path) {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    eprintln!("--- {}", log.display());
    for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
        eprintln!("{}", &line[..line.floor_char_boundary(LONGEST_LINE)]);
    }
}
