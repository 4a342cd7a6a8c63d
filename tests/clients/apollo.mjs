// Apollo Client 4: hashes first, by GET, with the fall back of its persisted-query link; a retry link; a normalised cache;
// subscriptions over graphql-ws.

import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client/core";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { RetryLink } from "@apollo/client/link/retry";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { tap } from "rxjs";
import WebSocket from "ws";
import { apolloCache } from "./built/typed/out/caches.js";
import { EVENTS, take, URL_HTTP, URL_SOCKET } from "./steps.mjs";

const http = ApolloLink.from([
  new RetryLink({ attempts: { max: Infinity } }),
  new PersistedQueryLink({
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    useGETForHashedQueries: true,
  }),
  new HttpLink({ uri: URL_HTTP, useGETForQueries: true }),
]);
const socket = new GraphQLWsLink(
  createClient({
    url: URL_SOCKET,
    webSocketImpl: WebSocket,
    retryAttempts: Infinity,
    retryWait: () => new Promise((done) => setTimeout(done, 200)),
    shouldRetry: () => true,
  }),
);
// graphql-ws sends the same variables object after a reconnect; Apollo makes it of the caller's. The position goes into it.
const resume = new ApolloLink((operation, forward) =>
  forward(operation).pipe(tap(({ data }) => (operation.variables.after = data?.events.position))),
);
const client = new ApolloClient({
  cache: new InMemoryCache(apolloCache),
  link: ApolloLink.split(({ operationType }) => operationType === "subscription", resume.concat(socket), http),
});

const settle = (promise) =>
  promise.catch((error) => {
    if (CombinedGraphQLErrors.is(error)) return { errors: error.errors };
    throw error;
  });

await take({
  run: (text, variables) =>
    settle(
      text.startsWith("mutation")
        ? client.mutate({ mutation: gql(text), variables })
        : client.query({ query: gql(text), variables }),
    ),
  watch: (text, variables, next) =>
    client.watchQuery({ query: gql(text), variables }).subscribe(({ data }) => next(data ?? {})),
  follow: (variables, next) => client.subscribe({ query: gql(EVENTS), variables }).subscribe({ next, error: console.error }),
});
