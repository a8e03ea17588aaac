// The global WebSocket of whatever runs this (Bun, Deno, Node.js 22 and later).

import process from 'node:process';

import { commands, tell } from './lines.mjs';
import { talk } from './web.mjs';

await talk(WebSocket, process.argv[2], commands(), tell);
process.exit();
