// Apollo Client 3: hashes first, by GET, with the fall back of its persisted-query link; a retry link; a normalised cache;
// subscriptions over graphql-ws.

import { createHash } from "node:crypto";
import { ApolloClient, ApolloError, ApolloLink, gql, HttpLink, InMemoryCache } from "apollo-client-3/core/index.js";
import { createPersistedQueryLink } from "apollo-client-3/link/persisted-queries/index.js";
import { RetryLink } from "apollo-client-3/link/retry/index.js";
import { GraphQLWsLink } from "apollo-client-3/link/subscriptions/index.js";
import { getMainDefinition } from "apollo-client-3/utilities/index.js";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { apolloCache } from "./built/typed/out/caches.js";
import { EVENTS, take, URL_HTTP, URL_SOCKET } from "./steps.mjs";

const http = ApolloLink.from([
  new RetryLink({ attempts: { max: Infinity } }),
  createPersistedQueryLink({
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
// graphql-ws sends the same variables object after a reconnect. The position goes into it.
const resume = new ApolloLink((operation, forward) =>
  forward(operation).map((result) => {
    operation.variables.after = result.data?.events.position;
    return result;
  }),
);
const isSubscription = ({ query }) => getMainDefinition(query).operation === "subscription";
const client = new ApolloClient({
  cache: new InMemoryCache(apolloCache),
  link: ApolloLink.split(isSubscription, resume.concat(socket), http),
});

const settle = (promise) =>
  promise.catch((error) => {
    if (error instanceof ApolloError && error.graphQLErrors.length > 0) return { errors: error.graphQLErrors };
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
