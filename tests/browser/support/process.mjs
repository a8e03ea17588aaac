// Programs that a test starts: whatever becomes of the test, they end with it.

import { spawn } from 'node:child_process';

// A test that is killed has no time to end anything itself (setpriv(1), and prctl(2), PR_SET_PDEATHSIG).
const BOUND = ['--pdeathsig', 'KILL'];

/** Starts a program as `spawn` does. */
export function start(program, args, options) {
  return spawn('setpriv', [...BOUND, program, ...args], options);
}
