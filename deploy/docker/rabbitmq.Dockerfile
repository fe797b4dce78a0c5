# RabbitMQ with the exchange that spreads hubs over the queues.
FROM rabbitmq:4
RUN rabbitmq-plugins enable --offline rabbitmq_consistent_hash_exchange
