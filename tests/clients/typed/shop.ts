// Documents typed by graphql-codegen's client preset, sent with graphql-request and graphql-ws.

import { ClientError, GraphQLClient } from "graphql-request";
import { print as printDocument } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { graphql } from "./gql/index.js";
// @ts-expect-error - the steps of all clients are JavaScript
import { answer, codes, NAME, ORDER_ID, print, URL_HTTP, URL_SOCKET } from "../../../steps.mjs";

const Register = graphql(`
  mutation Register($sku: Sku!) {
    registerProduct(input: { sku: $sku, name: "Tea", price: { amount: "3.50" } }) {
      __typename
      ... on ProductAccepted { position }
      ... on Rejected { code message }
    }
  }
`);
const Product = graphql(`
  query Product($sku: Sku!, $min: Position) { product(sku: $sku, minPosition: $min) { id sku name } }
`);
const Page = graphql(`
  query Page($after: String) {
    products(first: 4, after: $after) { nodes { sku available } pageInfo { hasNextPage endCursor } }
  }
`);
const TooMany = graphql(`query TooMany { products(first: 101) { totalCount } }`);
const Order = graphql(`query Order($id: UUID!) { order(id: $id) { id status payment { id status } } }`);
const Events = graphql(`
  subscription Events($after: Position) {
    events(after: $after) { __typename position ... on ProductRegistered { sku } }
  }
`);

const client = new GraphQLClient(String(URL_HTTP));
const sku: string = NAME;

const { registerProduct: registered } = await client.request(Register, { sku });
if (registered.__typename !== "ProductAccepted") throw new Error(registered.__typename);
const position: string = registered.position;
print({ step: "mutation", type: registered.__typename });

const { product } = await client.request(Product, { sku, min: position });
print({ step: "query", sku: product?.sku, name: product?.name });

let found = 0;
for (let after: string | null | undefined, more = true; more; ) {
  const { products } = await client.request(Page, { after });
  const available: number[] = products.nodes.map((node) => node.available);
  found += products.nodes.filter((node, index) => node.sku === sku && available[index] === 0).length;
  ({ hasNextPage: more, endCursor: after } = products.pageInfo);
}
print({ step: "pages", found });

const errors = await client.request(TooMany).catch((error: unknown) => {
  if (error instanceof ClientError) return error.response.errors;
  throw error;
});
print({ step: "error", codes: codes(errors) });

const { order } = await client.request(Order, { id: String(ORDER_ID) });
print({ step: "order", id: order?.id, status: order?.status, payment: order?.payment?.status });

const socket = createClient({
  url: String(URL_SOCKET),
  webSocketImpl: WebSocket,
  retryAttempts: Infinity,
  retryWait: () => new Promise((done) => setTimeout(done, 200)),
  shouldRetry: () => true,
});
// graphql-ws sends this object again after a reconnect.
const variables = { after: "0" };
socket.subscribe<{ events: { position: string } }>(
  { query: printDocument(Events), variables },
  {
    next: ({ data }) => {
      variables.after = data?.events.position ?? variables.after;
      print({ step: "event", position: data?.events.position });
    },
    error: console.error,
    complete() {},
  },
);
await answer({
  later: async () => print({ step: "later", name: (await client.request(Product, { sku: "LIVE" })).product?.name }),
});
