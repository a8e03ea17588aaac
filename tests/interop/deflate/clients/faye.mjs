// `faye-websocket` with its extension for deflate.

import process from 'node:process';
import deflate from 'permessage-deflate';
import WebSocket from 'faye-websocket';

import { commands, tell } from './lines.mjs';

const socket = new WebSocket.Client(process.argv[2], [], { extensions: [deflate] });
socket.on('open', () => tell({ open: true }));
socket.on('message', ({ data }) => tell(typeof data === 'string' ? { text: data } : { binary: data.toString('latin1') }));
socket.on('close', ({ code }) => tell({ closed: code }));
for await (const { text, binary, ping } of commands()) {
  if (ping !== undefined) socket.ping(ping, () => tell({ pong: ping }));
  else socket.send(text ? text[0] : Buffer.from(binary[0], 'latin1'));
}
socket.close(1000);
