// The trusted documents of the README in urql and Apollo Client: a query that is shown follows a mutation, by hashes alone.

import WebSocket from "ws";
import { graphql } from "./gql/index.js";
import { apollo, kit, urql } from "./trusted.js";
// @ts-expect-error - the steps of all clients are JavaScript
import { print, URL_HTTP, URL_SOCKET } from "../../../steps.mjs";

const Register = graphql(`
  mutation RegisterKnown { registerProduct(input: { sku: "KNOWN", name: "Tea", price: { amount: "1" } }) { __typename } }
`);
const Receive = graphql(`
  mutation ReceiveKnown($options: CommandOptions) {
    receiveStock(input: { sku: "KNOWN", quantity: 1 }, options: $options) { ... on ProductAccepted { product { id available } } }
  }
`);
const Stock = graphql(`query StockKnown($minPosition: Position) { product(sku: "KNOWN", minPosition: $minPosition) { id available } }`);
const Follow = graphql(`subscription FollowKnown($after: Position) { events(after: $after) { position } }`);

// The address of the README is that of the server.
const send = globalThis.fetch;
globalThis.fetch = (input, init) => send(String(input).replace("https://shop.example/graphql", URL_HTTP), init);
Object.assign(globalThis, {
  WebSocket: class extends WebSocket {
    constructor(_: string, protocol: string) {
      super(URL_SOCKET, protocol);
    }
  },
});

/** Prints what is shown of the stock, before and after a mutation, and a subscription's events. */
async function check(
  client: string,
  show: (next: (available: number | undefined) => void) => unknown,
  receive: () => Promise<unknown>,
  follow: (next: (position: string | undefined) => void) => unknown,
): Promise<void> {
  const shown: number[] = [];
  await new Promise<void>((done) => {
    show((available) => {
      if (available === undefined || shown.at(-1) === available) return;
      if (shown.push(available) > 1) done();
      else void receive();
    });
  });
  const position = await new Promise((done) => follow(done));
  print({ step: "known", client, shown, position });
}

await kit.request({ documentId: (Register as { __meta__?: { hash?: string } }).__meta__?.hash ?? "" });
await check(
  "urql",
  (next) => urql.query(Stock, {}).subscribe(({ data, error }) => (error && console.error(error), next(data?.product?.available))),
  () => urql.mutation(Receive, {}).toPromise(),
  (next) => urql.subscription(Follow, { after: "0" }).subscribe(({ data, error }) => (error && console.error(error), next(data?.events.position))),
);
await check(
  "apollo",
  (next) => apollo.watchQuery({ query: Stock }).subscribe(({ data }) => next(data?.product?.available)),
  () => apollo.mutate({ mutation: Receive }),
  (next) => apollo.subscribe({ query: Follow, variables: { after: "0" } }).subscribe(({ data, error }) => (error && console.error(error), next(data?.events.position))),
);
process.exit(0);
