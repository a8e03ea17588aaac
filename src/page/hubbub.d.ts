/** Connects to the chat at `url`, in a browser relative to the page, and again by itself until `close()`. */
export function connect(url: string | URL, options?: ConnectOptions): Hub;

export interface ConnectOptions {
  /** What others see; without one a token has to name who this is. */
  name?: string;
  /** Its hash seeds the avatar. */
  email?: string;
  /** A JWT, where the server asks for one. */
  token?: string;
  /** For Node.js before 22, or for tests. */
  WebSocket?: new (url: URL, protocols: string[]) => any;
  /** For tests. */
  fetch?: typeof globalThis.fetch;
  /** For tests. */
  clock?: Clock;
  /** For tests: numbers from 0 to 1, which `ref`s begin with and which spread reconnections. */
  random?: () => number;
}

export interface Clock {
  now(): number;
  setTimeout(call: () => void, milliseconds: number): unknown;
  clearTimeout(timer: any): void;
}

export interface Member {
  id: string;
  name: string;
  avatar: string;
}

/** What a message says: a text, or any JSON in its place, as only programs of the server's operator say. */
export type Content = { message: string; data?: undefined } | { message?: undefined; data: unknown };

/** Something that was said in a channel. `(epoch, seq)` names it for ever, where the epoch is that of its channel. */
export type Message = Content & {
  action: 'send-message';
  target: string;
  sender: { id: string; name: string };
  ref?: string;
  seq: number;
  /** Unix time in milliseconds. */
  time: number;
};

/** Who came or went; in large channels a summary of how many did. */
export interface Notice {
  action: 'send-message';
  target: string;
  message: string;
  event: 'joined' | 'left' | 'summary';
  member?: Member;
  joined?: number;
  left?: number;
  count?: number;
  /** The server of those who left is gone. */
  reason?: 'node-lost';
  seq: number;
  time: number;
}

export type PrivateMessage = Content & {
  action: 'send-private';
  sender: { id: string; name: string };
  target: { id: string; name: string };
  ref?: string;
  time: number;
};

/** Names a message of a channel. */
export interface Place {
  epoch: number;
  seq: number;
}

/** Messages that will not come: the server skipped them, keeps them no longer, or left them out without a word. */
export interface Gap {
  epoch: number;
  from: number;
  to: number;
  reason: 'slow' | 'trimmed' | 'unexplained';
}

/** The channel began again. Of what followed `before` in its old life, any end may be missing. */
export interface Epoch {
  epoch: number;
  reason: 'epoch' | 'future' | 'lost';
  before: Place;
}

export interface Joined extends Place {
  action: 'joined';
  channel: string;
  members: Member[];
  count: number;
  /** The first number that is kept. */
  oldest: number;
  replay?: { from: number; to: number };
  recovered?: boolean;
  gap?: { from: number; to: number };
  reason?: 'epoch' | 'future';
}

export interface HistoryPage {
  channel: string;
  epoch: number;
  messages: (Message | Notice)[];
  oldest: number;
}

export interface MembersPage {
  channel: string;
  members: Member[];
  count: number;
  /** What to ask for as `after`, where there are more. */
  next?: string;
}

/**
 * `code` is one of the server's, or `closed`, `message-too-large`, `not-a-member`, `offline`, `queue-full`, or `unknown`: it
 * may have been said, or not.
 */
export class HubError extends Error {
  constructor(code: string, message?: string);
  readonly code: string;
}

export interface ConnectionState {
  /**
   * `refused`: the server let nobody in (401, 403), and it is of no use to try again unless something is different. What waits is
   * rejected with the code of the refusal, and so is what is asked until `retryNow()`.
   */
  state: 'connecting' | 'connected' | 'waiting' | 'refused' | 'asleep' | 'closed';
  /** The code with which the last connection ended, while waiting. */
  code?: number;
  /** Why the server let no connection begin, where it says so. */
  refusal?: HubError;
  /** When it connects again (Unix ms), while waiting. */
  retryAt?: number;
}

export interface HubEvent<Detail> extends Event {
  readonly detail: Detail;
}

type Listener<Detail> = ((event: HubEvent<Detail>) => unknown) | null;

interface Typed<Events> extends Omit<EventTarget, 'addEventListener' | 'removeEventListener'> {
  addEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: Listener<Events[Type]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: Listener<Events[Type]>,
    options?: boolean | EventListenerOptions,
  ): void;
}

export interface SendOptions {
  /** Says it again where nothing shows whether it was said: it may then be said twice. */
  retry?: boolean;
}

export interface HubEvents {
  state: ConnectionState;
  private: PrivateMessage;
  /** Errors that answer no request. */
  error: HubError;
}

export interface Hub extends Typed<HubEvents> {
  readonly state: ConnectionState['state'];
  readonly isConnected: boolean;
  /** Who this is, since the last welcome. */
  readonly client: Member | null;
  readonly server: { name: string; version: string } | null;
  readonly limits: Record<string, number>;
  /** Whether it is this hub that has, or had, this id. */
  isOwn(id: string): boolean;
  /** The same object for the same name, until it is left. `last`: begin with so many messages; `members`: list so many. */
  join(name: string, options?: { last?: number; members?: number }): Channel;
  /** To one person, by id or unambiguous name. Resolves with the copy that came back. */
  sendPrivate(target: string, message: string, options?: SendOptions): Promise<PrivateMessage>;
  listChannels(): Promise<{ channel: string; count: number }[]>;
  /** Connects now, if it waits to or was refused. */
  retryNow(): void;
  close(): void;
}

export interface ChannelEvents {
  /** On every connection. */
  joined: Joined;
  message: Message;
  notice: Notice;
  gap: Gap;
  epoch: Epoch;
  /** Why the channel could not be joined; `left` follows. */
  error: HubError;
  /** `not-a-member` after `leave()`, `closed` after that of the hub, or why the channel could not be joined. */
  left: { code: string };
}

export interface Channel extends Typed<ChannelEvents> {
  readonly name: string;
  readonly state: 'joining' | 'joined' | 'leaving' | 'left';
  /** The number of the last message that is accounted for, and its epoch; null before the first `joined`. */
  readonly seq: number | null;
  readonly epoch: number | null;
  /** Resolves with the first `joined`, or rejects with why there is none. */
  readonly ready: Promise<Joined>;
  /** Says something, once the channel is joined. */
  send(message: string, options?: SendOptions): Promise<Place>;
  /** Messages before the number `before` (or the latest), oldest first. */
  history(options?: { before?: number; limit?: number; epoch?: number }): Promise<HistoryPage>;
  /** Members in the order of their ids, those after the id `after`. */
  listMembers(options?: { after?: string; limit?: number }): Promise<MembersPage>;
  allMembers(): AsyncGenerator<Member, void>;
  /** Resolves when nothing more comes. */
  leave(): Promise<void>;
}
