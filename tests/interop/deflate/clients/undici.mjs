// `undici`, of which Node.js has its WebSocket.

import process from 'node:process';
import { WebSocket } from 'undici';

import { commands, tell } from './lines.mjs';
import { talk } from './web.mjs';

await talk(WebSocket, process.argv[2], commands(), tell);
