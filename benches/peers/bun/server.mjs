// What a user of Bun writes: one topic that everyone is subscribed to, and deflated if the last word says so. Inside is
// uWebSockets; it turns Nagle's algorithm off itself.

const topic = 'all';
const deflates = process.argv[3] === 'deflate';
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch: (request, server) =>
    server.upgrade(request) ? undefined : new Response('an upgrade is required\n', { status: 426 }),
  websocket: {
    perMessageDeflate: deflates,
    open: (socket) => socket.subscribe(topic),
    message: (socket, message) => server.publish(topic, message, deflates),
  },
});
console.log(`listening on 127.0.0.1:${server.port}`);
