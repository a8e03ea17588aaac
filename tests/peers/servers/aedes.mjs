// aedes: MQTT, each packet of it in several frames. It has no keep-alive for whoever wants none.

import { createServer } from 'node:http';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';

const broker = await Aedes.createBroker();
const http = createServer();
const handleProtocols = (offered) => offered.has('mqtt') && 'mqtt';
new WebSocketServer({ server: http, handleProtocols }).on('connection', (socket, request) => {
    broker.handle(createWebSocketStream(socket), request);
});
http.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
