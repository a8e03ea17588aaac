// Says why a request failed, with a code that programs can go by: one of the server's, or one of ours.

const OURS = {
  closed: 'this client was closed',
  'not-a-member': 'this channel was left',
  offline: 'the connection was lost before the answer',
  'queue-full': 'too much is waiting for a connection',
  unknown: 'the connection was lost, and nothing shows whether this was said; to send it again may say it twice',
};

export class HubError extends Error {
  name = 'HubError';

  constructor(code, message = OURS[code]) {
    super(message ?? code);
    this.code = code;
  }
}
