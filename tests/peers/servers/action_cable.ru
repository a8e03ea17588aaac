# Action Cable: a channel with an action `say`, from which everyone in it hears. It says that it is there every three seconds.
# Neither the adapter `async` nor more than one worker has everyone hear in the same order.

require 'logger'
require 'action_cable'
require 'active_support/core_ext/hash/indifferent_access'

module ApplicationCable
  class Connection < ActionCable::Connection::Base
  end
end

class ChatChannel < ActionCable::Channel::Base
  def subscribed
    stream_from 'everyone'
  end

  def say(data)
    ActionCable.server.broadcast('everyone', { t: data['t'] })
  end
end

ActionCable.server.config.tap do |config|
  config.logger = Logger.new($stderr, level: Logger::WARN)
  config.cable = { adapter: 'inline' }.with_indifferent_access
  config.worker_pool_size = 1
  config.connection_class = -> { ApplicationCable::Connection }
  config.disable_request_forgery_protection = true
end

map('/cable') { run ActionCable.server }
