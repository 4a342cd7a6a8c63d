// TanStack Query with graphql-request: queries, pages and mutations through its cache; subscriptions over graphql-ws.

import { InfiniteQueryObserver, MutationObserver, QueryClient, QueryObserver } from "@tanstack/query-core";
import { ClientError, GraphQLClient } from "graphql-request";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { EVENTS, NAME, PAGE, STOCK, take, URL_HTTP, URL_SOCKET } from "./steps.mjs";

const graphql = new GraphQLClient(URL_HTTP);
const socket = createClient({
  url: URL_SOCKET,
  webSocketImpl: WebSocket,
  retryAttempts: Infinity,
  retryWait: () => new Promise((done) => setTimeout(done, 200)),
  shouldRetry: () => true,
});
// An answer with errors is an answer: the same request gets it again. A server that does not answer is asked again.
const retry = (_, error) => !(error instanceof ClientError);
const client = new QueryClient({ defaultOptions: { queries: { retry, retryDelay: 200 } } });
client.mount();

const key = (query, variables) => [query, variables];

/** The pages, by an observer as a list that loads more has one. */
async function allPages() {
  const list = new InfiniteQueryObserver(client, {
    queryKey: [PAGE],
    queryFn: ({ pageParam }) => graphql.request(PAGE, { after: pageParam }),
    initialPageParam: null,
    getNextPageParam: ({ products: { pageInfo } }) => (pageInfo.hasNextPage ? pageInfo.endCursor : undefined),
  });
  let result = await list.fetchOptimistic(list.options);
  while (result.hasNextPage) result = await list.fetchNextPage();
  const edges = result.data.pages.flatMap(({ products }) => products.edges);
  return { data: { products: { edges, pageInfo: { hasNextPage: false } } } };
}

/** A mutation as a component has one. What it changed is read again. */
async function mutate(query, variables) {
  const mutation = new MutationObserver(client, {
    mutationFn: () => graphql.request(query, variables),
    onSuccess: () => client.invalidateQueries({ queryKey: key(STOCK, { sku: NAME }) }),
  });
  return { data: await mutation.mutate() };
}

async function read(query, variables) {
  try {
    const queryFn = () => graphql.request(query, variables);
    return { data: await client.fetchQuery({ queryKey: key(query, variables), queryFn }) };
  } catch (error) {
    if (error instanceof ClientError) return { errors: error.response.errors };
    throw error;
  }
}

await take({
  run: (query, variables) => {
    if (query.startsWith("mutation")) return mutate(query, variables);
    return query === PAGE ? allPages() : read(query, variables);
  },
  watch: (query, variables, next) =>
    new QueryObserver(client, {
      queryKey: key(query, variables),
      queryFn: () => graphql.request(query, variables),
    }).subscribe(({ data }) => next(data ?? {})),
  follow: (variables, next) => socket.subscribe({ query: EVENTS, variables }, { next, error: console.error, complete() {} }),
});
