// SocketCluster: channels, which anyone may be in and publish to. It asks for a sign of life every second.

import { createServer } from 'node:http';
import socketCluster from 'socketcluster-server';

const http = createServer();
socketCluster.attach(http, { allowClientPublish: true, pingInterval: 1000, pingTimeout: 2000 });
http.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
