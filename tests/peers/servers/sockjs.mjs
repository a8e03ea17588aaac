// SockJS: whatever a client says goes to everyone. Its heartbeat, which nobody answers, comes every second.

import { createServer } from 'node:http';
import sockjs from 'sockjs';

const everyone = new Set();
const echo = sockjs.createServer({ prefix: '/sockjs', heartbeat_delay: 1000, log: () => {} });
echo.on('connection', (connection) => {
    everyone.add(connection);
    connection.on('data', (text) => everyone.forEach((one) => one.write(text)));
    connection.on('close', () => everyone.delete(connection));
});

const http = createServer();
echo.installHandlers(http);
http.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
