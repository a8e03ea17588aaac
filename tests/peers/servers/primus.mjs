// Primus: whatever a client says goes to everyone. It asks for a sign of life every second.

import { createServer } from 'node:http';
import Primus from 'primus';

const http = createServer();
const primus = new Primus(http, { transformer: 'websockets', pingInterval: 1000 });
primus.on('connection', (spark) => spark.on('data', (text) => primus.write(text)));
http.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
