// graphql-ws: whoever subscribes to `said` hears what is said by the mutation `say`. It pings every second.

import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const schema = buildSchema(`
    type Query { said: String }
    type Mutation { say(text: String!): Boolean }
    type Subscription { said: String }
`);

const listeners = new Set();

// What is said from now on, until the listener leaves.
function hear() {
    const waiting = [];
    let wake = () => {};
    const listener = (text) => {
        waiting.push({ said: text });
        wake();
    };
    listeners.add(listener);
    return {
        [Symbol.asyncIterator]() {
            return this;
        },
        async next() {
            while (waiting.length === 0) {
                await new Promise((resolve) => (wake = resolve));
            }
            return { done: false, value: waiting.shift() };
        },
        async return() {
            listeners.delete(listener);
            return { done: true, value: undefined };
        },
    };
}

const roots = {
    subscription: { said: hear },
    mutation: {
        say({ text }) {
            listeners.forEach((listener) => listener(text));
            return true;
        },
    },
};

const http = createServer();
useServer({ schema, roots }, new WebSocketServer({ server: http, path: '/graphql' }), 1000);
http.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${http.address().port}`));
