//! What only the broker itself knows.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, bail};
use testkit::servers::{RabbitMq, RabbitMqCluster, ServerError};

/// What a scenario's containers go through.
pub(crate) trait Broker {
    /// Runs `rabbitmqctl`.
    fn ctl(&self, args: &[&str]) -> Result<String, ServerError>;

    /// AMQP, of each node.
    fn addresses(&self) -> Vec<SocketAddr>;
}

impl Broker for RabbitMq {
    fn ctl(&self, args: &[&str]) -> Result<String, ServerError> {
        Self::ctl(self, args)
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        vec![SocketAddr::from((Ipv4Addr::LOCALHOST, self.port()))]
    }
}

impl Broker for RabbitMqCluster {
    fn ctl(&self, args: &[&str]) -> Result<String, ServerError> {
        Self::ctl(self, args)
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        Self::addresses(self)
    }
}

/// A queue, and the prefetch of one consumer of it.
pub(crate) type Consumer = (String, u32);

/// Makes all of them with one command, since each takes a second to start.
pub(crate) fn make_vhosts(broker: &dyn Broker, names: &[&str]) -> anyhow::Result<()> {
    let list: Vec<String> = names.iter().map(|name| format!("<<\"{name}\">>")).collect();
    let make = format!(
        "lists:foreach(fun(V) -> ok = rabbit_vhost:add(V, <<\"chaos\">>), \
         ok = rabbit_auth_backend_internal:set_permissions(\
         <<\"guest\">>, V, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"chaos\">>) end, [{}]).",
        list.join(",")
    );
    broker.ctl(&["eval", &make]).context("making vhosts")?;
    Ok(())
}

/// Containers in the shards, those that are delivered and not settled too. The queues themselves are asked: what
/// `list_queues` shows is up to five seconds old.
pub(crate) fn waiting(broker: &dyn Broker, vhost: &str) -> anyhow::Result<u64> {
    let ready = query("Ready", "query_messages_ready");
    let unsettled = query("Unsettled", "query_messages_checked_out");
    number(broker, vhost, &format!("{ready}, {unsettled}, N = Ready + Unsettled"))
}

/// Dead letters that the shards hold until the queue of the dead letters has them.
pub(crate) fn held(broker: &dyn Broker, vhost: &str) -> anyhow::Result<u64> {
    number(broker, vhost, &query("{N, _}", "query_stat_dlx"))
}

fn query(pattern: &str, name: &str) -> String {
    format!("{{ok, {{_, {pattern}}}, _}} = ra:leader_query(amqqueue:get_pid(Q), fun rabbit_fifo:{name}/1)")
}

/// Containers that a consumer had, gave or lost, and that wait to be delivered again: those stand at the head of
/// their queue. Counts to twenty in each queue.
pub(crate) fn returned(broker: &dyn Broker, vhost: &str) -> anyhow::Result<u64> {
    let count = "N = (fun Count(Pos) when Pos > 20 -> 20; Count(Pos) -> \
         case rabbit_quorum_queue:peek(Pos, Q) of \
         {ok, Props} -> case proplists:get_value(<<\"header.x-delivery-count\">>, Props, 0) of \
         0 -> Pos - 1; _ -> Count(Pos + 1) end; \
         _ -> Pos - 1 end end)(1)";
    number(broker, vhost, count)
}

/// Of each quorum queue: how many copies there are, and how many of them are up.
pub(crate) fn copies(broker: &dyn Broker, vhost: &str) -> anyhow::Result<Vec<(usize, usize)>> {
    let count = "{length(proplists:get_value(members, I)), length(proplists:get_value(online, I))}";
    let each = format!("begin I = rabbit_quorum_queue:info(Q, [members, online]), {count} end");
    let answer = broker.ctl(&["eval", &format!("[{each} || {}].", quorum(vhost))])?;
    Ok(pairs(&answer))
}

fn pairs(answer: &str) -> Vec<(usize, usize)> {
    let numbers = answer.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// The node that leads most quorum queues, how many, and of how many.
pub(crate) fn busiest(broker: &dyn Broker, vhost: &str) -> anyhow::Result<(String, usize, usize)> {
    let leaders = format!("[element(2, amqqueue:get_pid(Q)) || {}].", quorum(vhost));
    let answer = broker.ctl(&["eval", &leaders])?;
    let leaders: Vec<&str> = answer.split('\'').filter(|part| part.contains('@')).collect();
    let led = |node: &str| leaders.iter().filter(|leader| **leader == node).count();
    let node = leaders.iter().copied().max_by_key(|node| led(node)).context("no queue has a leader")?;
    Ok((node.to_owned(), led(node), leaders.len()))
}

/// A generator of Erlang: each quorum queue as `Q`.
fn quorum(vhost: &str) -> String {
    format!("Q <- rabbit_amqqueue:list(<<\"{vhost}\">>), amqqueue:get_type(Q) =:= rabbit_quorum_queue")
}

/// The sum over all shards of `N`, which `count` says of the queue `Q`.
fn number(broker: &dyn Broker, vhost: &str, count: &str) -> anyhow::Result<u64> {
    let sum = format!(
        "lists:sum([begin {count}, N end || {}, \
         element(4, amqqueue:get_name(Q)) =/= <<\"telemetry.dead\">>]).",
        quorum(vhost)
    );
    let answer = broker.ctl(&["eval", &sum])?;
    answer.trim().parse().with_context(|| format!("RabbitMQ answered {answer:?}"))
}

/// Of all queues, in order.
pub(crate) fn consumers(broker: &dyn Broker, vhost: &str) -> anyhow::Result<Vec<Consumer>> {
    let columns = ["list_consumers", "-p", vhost, "--no-table-headers", "queue_name", "prefetch_count"];
    let mut consumers = broker.ctl(&columns)?.lines().map(consumer).collect::<anyhow::Result<Vec<_>>>()?;
    consumers.sort();
    Ok(consumers)
}

fn consumer(line: &str) -> anyhow::Result<Consumer> {
    let Some((queue, prefetch)) = line.split_once('\t') else {
        bail!("RabbitMQ said {line:?} of a consumer")
    };
    Ok((queue.to_owned(), prefetch.trim().parse()?))
}

/// Connections in this state, such as `blocked`.
pub(crate) fn connections(broker: &dyn Broker, vhost: &str, state: &str) -> anyhow::Result<usize> {
    let answer = broker.ctl(&["list_connections", "--no-table-headers", "vhost", "state"])?;
    Ok(answer.lines().filter(|line| line.split('\t').eq([vhost, state])).count())
}

/// Deletes a queue and says how many messages went with it.
pub(crate) fn delete_queue(broker: &dyn Broker, vhost: &str, queue: &str) -> anyhow::Result<u64> {
    let delete = format!(
        "{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"{vhost}\">>, queue, <<\"{queue}\">>)), \
         {{ok, N}} = rabbit_amqqueue:delete(Q, false, false, <<\"chaos\">>), N."
    );
    let answer = broker.ctl(&["eval", &delete])?;
    answer.trim().parse().with_context(|| format!("RabbitMQ answered {answer:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_known_by_its_numbers() {
        assert_eq!(pairs("[{3,3},\n {3,2}]\n"), [(3, 3), (3, 2)]);
        assert!(pairs("[]").is_empty());
    }

    #[test]
    fn a_consumer_is_a_queue_and_a_prefetch() {
        assert_eq!(consumer("telemetry.0\t250").unwrap(), ("telemetry.0".to_owned(), 250));
        assert!(consumer("nonsense").is_err());
        assert!(consumer("telemetry.0\tmany").is_err());
    }
}
