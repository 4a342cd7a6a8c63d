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
import { commitMutation, fetchQuery, requestSubscription } from "relay-runtime";
import WebSocket from "ws";
import { createEnvironment } from "./environment.js";
import { createKit } from "./kit.js";
import { answer, codes, NAME, ORDER_ID, print, RECEIVE, URL_HTTP } from "../../../steps.mjs";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

const kit = createKit({ url: URL_HTTP, webSocket: WebSocket });
const environment = createEnvironment(kit);

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
await kit.request(RECEIVE, { sku: NAME });
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
