// urql with its defaults: queries by GET, every media type accepted, subscriptions over the same endpoint. By its name it
// has the document cache, hashes first, or the normalised cache with hashes and retries.

import { cacheExchange as documentCache, Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { persistedExchange } from "@urql/exchange-persisted";
import { retryExchange } from "@urql/exchange-retry";
import { graphcache } from "./built/typed/out/caches.js";
import { EVENTS, forever, NAME, take, URL_HTTP } from "./steps.mjs";

const persisted = persistedExchange({ enableForMutation: true });
const retry = retryExchange({
  maxNumberAttempts: Infinity,
  initialDelayMs: 100,
  maxDelayMs: 1000,
  retryIf: ({ networkError }, { kind }) => Boolean(networkError) && kind !== "subscription",
});
function exchanges() {
  if (NAME === "URQL-PERSISTED") return [persisted, fetchExchange];
  if (NAME !== "URQL-GRAPHCACHE") return [documentCache, fetchExchange];
  return [cacheExchange(graphcache), retry, persisted, fetchExchange];
}
const client = new Client({ url: URL_HTTP, exchanges: exchanges(), fetchSubscriptions: true });

const plain = ({ data, error }) => {
  if (error?.networkError) throw error.networkError;
  return { data, errors: error?.graphQLErrors };
};

await take({
  run: async (query, variables) =>
    plain(
      query.startsWith("mutation")
        ? await client.mutation(query, variables).toPromise()
        : await client.query(query, variables).toPromise(),
    ),
  watch:
    NAME === "URQL-PERSISTED"
      ? undefined
      : (query, variables, next) => client.query(query, variables).subscribe(({ data }) => next(data ?? {})),
  follow: (variables, next) =>
    forever(
      () =>
        new Promise((resolve) => {
          let seen = 0;
          const { unsubscribe } = client.subscription(EVENTS, { ...variables }).subscribe((result) => {
            if (result.error || result.hasNext === false) {
              unsubscribe?.();
              resolve(seen);
            } else {
              seen += 1;
              next(result);
            }
          });
        }),
    ),
});
