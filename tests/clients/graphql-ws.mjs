import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { EVENTS, take, URL_SOCKET } from "./steps.mjs";

const client = createClient({
  url: URL_SOCKET,
  webSocketImpl: WebSocket,
  retryAttempts: Infinity,
  retryWait: () => new Promise((done) => setTimeout(done, 200)),
  shouldRetry: () => true,
});

await take({
  run: (query, variables) =>
    new Promise((resolve) => {
      client.subscribe({ query, variables }, { next: resolve, error: (errors) => resolve({ errors }), complete() {} });
    }),
  follow: (variables, next) =>
    client.subscribe({ query: EVENTS, variables }, { next, error: console.error, complete() {} }),
});
