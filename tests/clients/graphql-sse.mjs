import { createClient } from "graphql-sse";
import { EVENTS, take, URL_HTTP } from "./steps.mjs";

// It sends the same object again after a reconnect, so the position written into it is where the server resumes.
const client = createClient({ url: URL_HTTP, retryAttempts: Infinity, retry: () => new Promise((done) => setTimeout(done, 200)) });

await take({
  run: (query, variables) =>
    new Promise((resolve, reject) => {
      client.subscribe({ query, variables }, { next: resolve, error: reject, complete() {} });
    }),
  follow: (variables, next) =>
    client.subscribe({ query: EVENTS, variables }, { next, error: console.error, complete() {} }),
});
