# RabbitMQ with the exchange that spreads hubs over the queues, and limits that fit containers.
FROM rabbitmq:4
RUN rabbitmq-plugins enable --offline rabbitmq_consistent_hash_exchange
COPY config/rabbitmq.conf /etc/rabbitmq/conf.d/20-wattline.conf
