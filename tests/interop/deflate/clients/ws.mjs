// `ws`, the WebSocket library of Node.js.

import process from 'node:process';
import WebSocket from 'ws';

import { commands, tell } from './lines.mjs';

const socket = new WebSocket(process.argv[2]);
socket.on('open', () => tell({ open: true }));
socket.on('message', (data, isBinary) => tell(isBinary ? { binary: data.toString('latin1') } : { text: data.toString() }));
socket.on('pong', (payload) => tell({ pong: payload.toString() }));
socket.on('close', (code) => tell({ closed: code }));
for await (const { text, binary, ping } of commands()) {
  if (ping !== undefined) socket.ping(ping);
  const parts = text ?? binary?.map((part) => Buffer.from(part, 'latin1')) ?? [];
  parts.forEach((part, index) => socket.send(part, { fin: index === parts.length - 1 }));
}
socket.close(1000);
