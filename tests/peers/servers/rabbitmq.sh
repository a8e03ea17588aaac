#!/bin/sh
# RabbitMQ with STOMP over WebSocket, whose clients want no heart-beat: all that it listens at is at 127.0.0.1, and all that it
# keeps is in a folder. The ports are those of WebSocket, AMQP, STOMP without
# WebSocket, the distribution and epmd.
#
#   rabbitmq.sh FOLDER PORT PORT PORT PORT PORT
set -eu

export HOME="$1"
export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$6"
epmd -address 127.0.0.1 -port "$6" &

cat >"$1/rabbitmq.conf" <<CONFIG
listeners.tcp.1 = 127.0.0.1:$3
stomp.listeners.tcp.1 = 127.0.0.1:$4
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = $2
CONFIG
printf '[rabbitmq_web_stomp].\n' >"$1/enabled_plugins"

export RABBITMQ_NODENAME=peer@localhost
export RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
export RABBITMQ_DIST_PORT="$5"
export RABBITMQ_CONF_ENV_FILE=/dev/null
export RABBITMQ_CONFIG_FILE="$1/rabbitmq.conf"
export RABBITMQ_ENABLED_PLUGINS_FILE="$1/enabled_plugins"
export RABBITMQ_MNESIA_BASE="$1/mnesia"
export RABBITMQ_LOG_BASE="$1/log" RABBITMQ_LOGS=-
export RABBITMQ_PID_FILE="$1/pid"
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}'
# It is then the server itself, and no shell that asks it to end.
export RUNNING_UNDER_SYSTEMD=1
exec /usr/lib/rabbitmq/bin/rabbitmq-server
