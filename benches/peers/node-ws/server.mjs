// What a user of `ws` writes: each message to each client, in a frame of its own, and deflated if the last word says so, which
// it does from 1,024 bytes on unless it is told otherwise. It turns Nagle's algorithm off itself.

import { WebSocket, WebSocketServer } from 'ws';

const port = Number(process.argv[2]);
const perMessageDeflate = process.argv[3] === 'deflate' && { threshold: 0 };
const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate });

server.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  socket.on('message', (data, isBinary) => {
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
    }
  });
});
server.on('listening', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
