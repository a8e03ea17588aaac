#!/usr/bin/env bash
# pako: whether an inflater refuses a reference further back than its window depends on the size of its output buffer.
#
# Told `windowBits: 9`, it should take back nothing from beyond 512 bytes, whoever deflated. It looks into what it has put into
# the present buffer too, so that the default one (64 KiB) lets through what one of 64 bytes refuses. So what a peer of
# WebSocket sends beyond an agreed `server_max_window_bits` is found out by one client and not by another. zlib, of which it is a
# translation, does the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-save pako@2.1.0 >/dev/null
cat > inflate.mjs <<'JS'
import { deflateRaw, inflateRaw } from 'pako';

let state = 1;
const letter = () => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return 33 + ((state >>> 16) % 90);
};
const once = Uint8Array.from({ length: 600 }, letter);
const twice = new Uint8Array([...once, ...once]);
const deflated = deflateRaw(twice, { windowBits: 15 });
const inflated = (options) => {
  try {
    const bytes = inflateRaw(deflated, { windowBits: 9, ...options });
    return Buffer.compare(bytes, twice) === 0 ? 'inflated' : 'something else';
  } catch (error) {
    return `refused (${error.message ?? error})`;
  }
};
console.log(`by default ${inflated({})}; with chunkSize 64 ${inflated({ chunkSize: 64 })}`);
JS
node inflate.mjs >seen
echo 'pako 2.1.0'
echo 'expected: by default refused (invalid distance too far back); with chunkSize 64 refused (invalid distance too far back)'
echo "seen:     $(cat seen)"
grep -qx 'by default inflated; with chunkSize 64 refused (invalid distance too far back)' seen
