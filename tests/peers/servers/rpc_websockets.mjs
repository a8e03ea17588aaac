// rpc-websockets: what is said by the method `say` goes to whoever wants to hear of the event `feed`.

import { Server } from 'rpc-websockets';

const server = new Server({ host: '127.0.0.1', port: 0 });
server.event('feed');
server.register('say', ([text]) => {
    server.emit('feed', text);
    return true;
});
server.on('listening', () => console.log(`listening on 127.0.0.1:${server.wss.address().port}`));
