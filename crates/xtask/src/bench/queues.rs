//! What only the broker itself knows. Asking starts a program that keeps a core busy for a second, so nobody asks
//! while something is measured.

use anyhow::Context;
use testkit::servers::RabbitMq;

/// Containers in all shards, those that are delivered and not settled too. The queues themselves are asked: what
/// `list_queues` shows is up to five seconds old.
pub(super) fn waiting(broker: &RabbitMq) -> anyhow::Result<u64> {
    let answer = broker.ctl(&[
        "eval",
        "lists:sum([begin {ok, {_, N}, _} = \
         ra:leader_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1), N end || \
         Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue]).",
    ])?;
    answer.trim().parse().with_context(|| format!("RabbitMQ answered {answer:?}"))
}

/// Containers acknowledged over each connection that did so, fewest first. Only a broker that was started with
/// [`FINE`] counts them.
pub(super) fn acknowledged(broker: &RabbitMq) -> anyhow::Result<Vec<u64>> {
    let answer = broker.ctl(&[
        "eval",
        "Count = fun({{Channel, _}, _, _, _, _, _, Acks, _, _}, Sums) -> \
         [{connection, C}] = rabbit_channel:info(Channel, [connection]), \
         maps:update_with(C, fun(N) -> N + Acks end, Acks, Sums) end, \
         Sums = lists:foldl(Count, #{}, ets:tab2list(channel_queue_metrics)), \
         lists:flatten(io_lib:format(\"~w\", [[N || N <- maps:values(Sums), N > 0]])).",
    ])?;
    let list = answer.trim().trim_matches('"');
    let mut counts: Vec<u64> =
        serde_json::from_str(list).with_context(|| format!("RabbitMQ answered {answer:?}"))?;
    counts.sort_unstable();
    Ok(counts)
}

/// A line of rabbitmq.conf: counts per channel and queue.
pub(super) const FINE: &str = "collect_statistics = fine";
