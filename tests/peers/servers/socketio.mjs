// Socket.IO: an event `msg` goes to everyone. It asks for a sign of life every second.

import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false, pingInterval: 1000, pingTimeout: 1000 });
io.on('connection', (socket) => socket.on('msg', (text) => io.emit('msg', text)));
http.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
