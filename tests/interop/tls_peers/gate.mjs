// TLS with certain groups in front of a server without, in Node.js (OpenSSL) or in Bun (BoringSSL, which has its own groups).
//
//   gate.mjs HOST PORT BACKEND_PORT FOLDER [GROUPS [VERSION]]    VERSION is the only one, such as TLSv1.2

import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const [host, port, backend, folder, groups, version] = process.argv.slice(2);
const options = {
  cert: readFileSync(`${folder}/fullchain.pem`),
  key: readFileSync(`${folder}/privkey.pem`),
  ...(groups && { ecdhCurve: groups }),
  ...(version && { minVersion: version, maxVersion: version }),
};

tls.createServer(options, (outside) => {
  const inside = net.connect(Number(backend), '127.0.0.1');
  outside.pipe(inside).pipe(outside);
  for (const socket of [inside, outside]) socket.on('error', () => { inside.destroy(); outside.destroy(); });
}).on('tlsClientError', () => {}).listen(Number(port), host);
