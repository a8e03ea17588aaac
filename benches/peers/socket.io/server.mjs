// What a user of Socket.IO writes: each message to everyone. It speaks WebSocket only, and asks for no sign of life while it is
// measured.

import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false, pingInterval: 3_600_000 });
io.on('connection', (socket) => socket.on('msg', (text) => io.emit('msg', text)));
http.listen(Number(process.argv[2]), '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
