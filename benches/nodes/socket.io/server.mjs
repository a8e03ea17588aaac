// What a user of Socket.IO writes: each message to everyone, at whatever server they are, by way of one of the adapters of
// its own for Redis. It speaks WebSocket only.

import { createAdapter as throughPubSub } from '@socket.io/redis-adapter';
import { createAdapter as throughStreams } from '@socket.io/redis-streams-adapter';
import { createServer } from 'node:http';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const [port, path, way] = process.argv.slice(2);
const connect = async () => {
  const client = createClient({ socket: { path } });
  await client.connect();
  return client;
};
const adapter =
  way === 'streams' ? throughStreams(await connect()) : throughPubSub(await connect(), await connect());

const http = createServer();
const io = new Server(http, { adapter, transports: ['websocket'], serveClient: false });
io.on('connection', (socket) => socket.on('msg', (text) => io.emit('msg', text)));
http.listen(Number(port), '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
