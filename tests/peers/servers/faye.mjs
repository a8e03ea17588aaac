// Faye: Bayeux, whose channels anyone may be in and publish to. A client is to ask again every second whether it is still known.

import { createServer } from 'node:http';
import faye from 'faye';

const http = createServer();
new faye.NodeAdapter({ mount: '/faye', timeout: 1, ping: 1 }).attach(http);
http.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
