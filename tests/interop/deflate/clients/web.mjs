// The WebSocket that browsers have, and all who have taken after it: see speaker.py.

export async function talk(WebSocket, url, commands, tell) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => tell({ open: true });
  socket.onmessage = ({ data }) => tell(typeof data === 'string' ? { text: data } : { binary: characters(data) });
  const closed = new Promise((resolve) => { socket.onclose = resolve; });
  for await (const { text, binary } of commands) socket.send(text ? text[0] : bytes(binary[0]));
  socket.close(1000);
  tell({ closed: (await closed).code });
}

function characters(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
}

function bytes(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
