// urql with its defaults: queries by GET, every media type accepted, subscriptions over the same endpoint.

import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { EVENTS, forever, NAME, take, URL_HTTP } from "./steps.mjs";

const exchanges = NAME.includes("PERSISTED")
  ? [persistedExchange({ enableForMutation: true }), fetchExchange]
  : [fetchExchange];
const client = new Client({ url: URL_HTTP, exchanges, fetchSubscriptions: true });

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
