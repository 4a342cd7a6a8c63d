// Relay and its React hooks: compiled documents, a list by pages, a refetched part, and the cache after a mutation.

import { createElement, Suspense } from "react";
import {
  graphql,
  RelayEnvironmentProvider,
  useLazyLoadQuery,
  usePaginationFragment,
  useRefetchableFragment,
} from "react-relay";
import { act, create } from "react-test-renderer";
import {
  commitMutation,
  Environment,
  fetchQuery,
  Network,
  Observable,
  RecordSource,
  requestSubscription,
  Store,
} from "relay-runtime";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { answer, codes, NAME, ORDER_ID, print, RECEIVE, URL_HTTP, URL_SOCKET } from "../../../steps.mjs";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

const socket = createClient({
  url: URL_SOCKET,
  webSocketImpl: WebSocket,
  retryAttempts: Infinity,
  retryWait: () => new Promise((done) => setTimeout(done, 200)),
  shouldRetry: () => true,
});

async function fetchGraphql({ text }, variables) {
  const response = await fetch(URL_HTTP, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: text, variables }),
  });
  const result = await response.json();
  // Relay reports errors without data as one error, which does not carry their codes.
  if (!result.data) throw Object.assign(new Error("no data"), { errors: result.errors });
  return result;
}

// graphql-ws sends the same variables object after a reconnect. The position goes into it.
function subscribe({ text }, variables) {
  const sent = { ...variables };
  return Observable.create((sink) =>
    socket.subscribe(
      { query: text, variables: sent },
      {
        next: (message) => {
          sent.after = message.data?.events.position;
          sink.next(message);
        },
        error: sink.error,
        complete: sink.complete,
      },
    ),
  );
}

const environment = new Environment({
  network: Network.create(fetchGraphql, subscribe),
  store: new Store(new RecordSource()),
});

const mutate = (mutation, variables) =>
  new Promise((resolve, reject) =>
    commitMutation(environment, { mutation, variables, onCompleted: resolve, onError: reject }),
  );
const read = (query, variables) => fetchQuery(environment, query, variables).toPromise();

const Register = graphql`
  mutation shopRegisterMutation($sku: Sku!) {
    registerProduct(input: { sku: $sku, name: "Tea", price: { amount: "3.50" } }) {
      __typename
      ... on ProductAccepted { position }
    }
  }
`;
const Product = graphql`
  query shopProductQuery($sku: Sku!, $min: Position) {
    product(sku: $sku, minPosition: $min) { id sku name }
  }
`;
const Receive = graphql`
  mutation shopReceiveMutation($sku: Sku!) {
    receiveStock(input: { sku: $sku, quantity: 5 }) {
      ... on ProductAccepted { product { id available } }
    }
  }
`;
const TooMany = graphql`
  query shopTooManyQuery { products(first: 101) { totalCount } }
`;
const Events = graphql`
  subscription shopEventsSubscription($after: Position) {
    events(after: $after) { __typename position }
  }
`;
const Page = graphql`
  query shopPageQuery($id: UUID!, $sku: Sku!) {
    ...shopProducts
    order(id: $id) { id status payment { id status } customerId }
    product(sku: $sku) { ...shopStock }
  }
`;
const Products = graphql`
  fragment shopProducts on Query
  @refetchable(queryName: "shopProductsPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 4 }, cursor: { type: "String" }) {
    products(first: $count, after: $cursor) @connection(key: "shopProducts_products") {
      edges { node { id sku } }
    }
  }
`;
const Stock = graphql`
  fragment shopStock on Product @refetchable(queryName: "shopStockRefetchQuery") { id sku available }
`;

const shown = {};

function List({ query }) {
  shown.list = usePaginationFragment(Products, query);
  return null;
}

function Piece({ product }) {
  [shown.stock, shown.refetch] = useRefetchableFragment(Stock, product);
  return null;
}

function Page_() {
  const data = useLazyLoadQuery(Page, { id: ORDER_ID, sku: NAME });
  shown.order = data.order;
  return [createElement(List, { key: "list", query: data }), createElement(Piece, { key: "piece", product: data.product })];
}

/** Wait in turns of React until what is shown meets the condition. */
async function until(condition) {
  while (!condition()) await act(() => new Promise((done) => setTimeout(done, 20)));
}

const registered = (await mutate(Register, { sku: NAME })).registerProduct;
print({ step: "mutation", type: registered.__typename });
const { product } = await read(Product, { sku: NAME, min: registered.position });
print({ step: "query", sku: product.sku, name: product.name });

await act(() =>
  create(
    createElement(
      RelayEnvironmentProvider,
      { environment },
      createElement(Suspense, { fallback: null }, createElement(Page_)),
    ),
  ),
);
await until(() => shown.stock !== undefined);
while (shown.list.hasNext) {
  const before = shown.list.data.products.edges.length;
  await act(() => shown.list.loadNext(4));
  await until(() => shown.list.data.products.edges.length > before);
}
const skus = shown.list.data.products.edges.map(({ node }) => node.sku);
print({ step: "pages", found: skus.filter((sku) => sku === NAME).length });

const errors = await read(TooMany, {}).catch((error) => error.errors);
print({ step: "error", codes: codes(errors) });

const { order } = shown;
print({ step: "order", id: order.id, status: order.status, payment: order.payment.status });

const stock = [shown.stock.available];
await act(() => mutate(Receive, { sku: NAME }));
await until(() => shown.stock.available !== stock[0]);
stock.push(shown.stock.available);
print({ step: "stock", shown: stock });
// A part of the page is read again by its node's id alone. Another client has changed it.
await fetchGraphql({ text: RECEIVE }, { sku: NAME });
await act(() => void shown.refetch({}, { fetchPolicy: "network-only" }));
await until(() => shown.stock.available !== stock[1]);
print({ step: "refetch", available: shown.stock.available });

requestSubscription(environment, {
  subscription: Events,
  variables: { after: "0" },
  onNext: ({ events }) => print({ step: "event", position: events.position }),
  onError: console.error,
});
await answer({
  later: async () => print({ step: "later", name: (await read(Product, { sku: "LIVE" })).product.name }),
});
