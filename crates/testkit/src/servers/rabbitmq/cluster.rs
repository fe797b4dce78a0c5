use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use tokio::runtime::Handle;

use crate::faults::{TcpGate, TcpState};
use crate::servers::process::{Folder, Process};
use crate::servers::{ServerError, free_port};

use super::neighbour::Neighbour;
use super::node::Node;

const NODES: usize = 3;

/// What to start, beyond the defaults.
#[derive(Clone, Debug)]
pub struct RabbitMqClusterSetup {
    /// A node that is not heard of for so long is down. RabbitMQ's default is 60.
    pub net_ticktime_secs: u16,
    /// Lines of rabbitmq.conf, after ours.
    pub config: Vec<String>,
}

/// Three nodes, numbered from 0. User and password are `guest`.
///
/// Each has an epmd of its own, in which the others have the ports of gates: what nodes say to one another goes through
/// them, one for each that asks and each that is asked. A frozen gate is a network that loses everything; nobody needs
/// to be root for that.
#[derive(Debug)]
pub struct RabbitMqCluster {
    // Dropped in this order: the nodes, what is between them, the data.
    members: Vec<Member>,
    links: Vec<Link>,
    /// The node that is cut off.
    cut_off: Option<usize>,
    _folder: Folder,
}

#[derive(Debug)]
struct Member {
    /// `None` after a SIGKILL.
    broker: Option<Process>,
    node: Node,
    _neighbours: Vec<Neighbour>,
    _epmd: Process,
}

/// What one node says to another, and the answers to it.
#[derive(Debug)]
struct Link {
    from: usize,
    to: usize,
    gate: TcpGate,
}

impl RabbitMqCluster {
    /// On free ports, with data that is gone afterwards. The gates run on `runtime`, which must go on as long.
    pub fn start(runtime: &Handle, setup: &RabbitMqClusterSetup) -> Result<Self, ServerError> {
        let folder = Folder::temporary()?;
        let home = folder.make("home")?;
        let mut nodes = Vec::new();
        for number in 0..NODES {
            let node = Node {
                name: format!("{}@localhost", name(number)),
                folder: folder.make(&name(number))?,
                home: home.clone(),
                port: free_port(),
                dist_port: free_port(),
                epmd_port: free_port(),
                version_4: None,
            };
            node.prepare(&[], &config(setup))?;
            nodes.push(node);
        }
        let links = runtime.block_on(links(&nodes)).map_err(ServerError::io("starting gates"))?;
        let mut members = Vec::new();
        for (number, node) in nodes.into_iter().enumerate() {
            let epmd = node.launch_epmd()?;
            let neighbours = links.iter().filter(|link| link.from == number).map(|link| {
                Neighbour::register(node.epmd_port, &name(link.to), link.gate.port())
                    .map_err(ServerError::io(format!("registering {} with epmd", name(link.to))))
            });
            let neighbours = neighbours.collect::<Result<_, _>>()?;
            members.push(Member { broker: None, node, _neighbours: neighbours, _epmd: epmd });
        }
        // All at once: the first one makes the cluster, and the others wait for it.
        thread::scope(|scope| {
            let starting: Vec<_> = members.iter_mut().map(|member| scope.spawn(|| member.start())).collect();
            starting
                .into_iter()
                .try_for_each(|member| member.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })?;
        Ok(Self { members, links, cut_off: None, _folder: folder })
    }

    pub fn nodes(&self) -> Range<usize> {
        0..NODES
    }

    /// AMQP.
    pub fn port(&self, node: usize) -> u16 {
        self.members[node].node.port
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes().map(|node| SocketAddr::from((Ipv4Addr::LOCALHOST, self.port(node)))).collect()
    }

    /// What is found under this name by Erlang.
    pub fn name(&self, node: usize) -> &str {
        &self.members[node].node.name
    }

    /// Runs `rabbitmqctl --quiet` with these arguments at the first node that serves and is not cut off.
    pub fn ctl(&self, args: &[&str]) -> Result<String, ServerError> {
        let hears = |node: &usize| Some(*node) != self.cut_off && self.members[*node].broker.is_some();
        let asked = self.nodes().find(hears).unwrap_or_default();
        self.members[asked].node.ctl(args)
    }

    /// What a node has logged so far.
    pub fn log(&self, node: usize) -> String {
        self.members[node].node.log()
    }

    /// Whether clients are served by it.
    pub fn serves(&self, node: usize) -> bool {
        self.members[node].node.serves()
    }

    /// SIGKILL.
    pub fn kill(&mut self, node: usize) {
        if let Some(mut broker) = self.members[node].broker.take() {
            broker.kill();
        }
    }

    /// Again, with its data, after [`kill`](Self::kill). Returns when it serves.
    pub fn restart(&mut self, node: usize) -> Result<(), ServerError> {
        self.kill(node);
        self.members[node].start()
    }

    /// From now on nothing passes between this node and the others, neither a byte nor the end of a connection. Clients
    /// reach all of them.
    pub fn cut_off(&mut self, node: usize) {
        self.cut_off = Some(node);
        for link in self.links.iter().filter(|link| link.from == node || link.to == node) {
            link.gate.set(TcpState::Freeze);
        }
    }

    /// All nodes hear one another again.
    pub fn heal(&mut self) {
        self.cut_off = None;
        for link in &self.links {
            link.gate.set(TcpState::Pass);
        }
    }
}

impl Member {
    fn start(&mut self) -> Result<(), ServerError> {
        self.broker = Some(self.node.launch()?);
        Ok(())
    }
}

/// Without the host.
fn name(number: usize) -> String {
    format!("wattline-{number}")
}

/// How a partition is handled is as deploy/kubernetes/overlays/production/rabbitmq.yaml has it.
fn config(setup: &RabbitMqClusterSetup) -> Vec<String> {
    let mut lines = vec![
        "cluster_formation.peer_discovery_backend = classic_config".to_owned(),
        "cluster_partition_handling = pause_minority".to_owned(),
        format!("net_ticktime = {}", setup.net_ticktime_secs),
    ];
    lines.extend((0..NODES).map(|number| {
        format!("cluster_formation.classic_config.nodes.{} = {}@localhost", number + 1, name(number))
    }));
    lines.extend_from_slice(&setup.config);
    lines
}

async fn links(nodes: &[Node]) -> io::Result<Vec<Link>> {
    let mut links = Vec::new();
    for from in 0..nodes.len() {
        for (to, node) in nodes.iter().enumerate().filter(|(to, _)| *to != from) {
            let gate = TcpGate::start(SocketAddr::from((Ipv4Addr::LOCALHOST, node.dist_port))).await?;
            links.push(Link { from, to, gate });
        }
    }
    Ok(links)
}
