// The steps that each client takes: a mutation, a query, pages, an error, a nested object, a change to what is cached, and
// a subscription that outlives a kill of the server. Each step prints one line of JSON, which the test reads.

import { createInterface } from "node:readline";

export const [, , URL_HTTP, URL_SOCKET, NAME, ORDER_ID] = process.argv;

export const REGISTER = `mutation Register($sku: Sku!) {
  registerProduct(input: { sku: $sku, name: "Tea", price: { amount: "3.50" } }) {
    __typename ... on ProductAccepted { position }
  }
}`;
export const PRODUCT = `query Product($sku: Sku!, $min: Position) {
  product(sku: $sku, minPosition: $min) { __typename id sku name }
}`;
export const PAGE = `query Page($after: String) {
  products(first: 4, after: $after) {
    edges { cursor node { __typename id sku } } pageInfo { hasNextPage endCursor }
  }
}`;
export const TOO_MANY = "query TooMany { products(first: 101) { totalCount } }";
export const INVALID = "query Invalid { weather }";
export const ORDER = `query Order($id: UUID!) {
  order(id: $id) {
    __typename id status
    lines { __typename sku quantity unitPrice { __typename amount } } total { __typename amount }
    payment { __typename id status amount { __typename amount } }
  }
}`;
export const STOCK = "query Stock($sku: Sku!) { product(sku: $sku) { __typename id sku available } }";
export const RECEIVE = `mutation Receive($sku: Sku!) {
  receiveStock(input: { sku: $sku, quantity: 5 }) {
    __typename ... on ProductAccepted { product { __typename id available } }
  }
}`;
export const EVENTS = "subscription Events($after: Position) { events(after: $after) { __typename position } }";
export const LATER = "query Later { product(sku: \"LIVE\") { __typename id sku name } }";

export const print = (line) => console.log(JSON.stringify(line));

export const codes = (errors) => errors.map((error) => error.extensions?.code);

/**
 * `run(document, variables)` resolves to `{ data, errors }`; `follow(variables, next)` resumes by itself. A client with a
 * cache has `watch(document, variables, next)` too, which calls `next` with the data now and after each change.
 */
export async function take({ run, follow, watch }) {
  const registered = (await run(REGISTER, { sku: NAME })).data.registerProduct;
  print({ step: "mutation", type: registered.__typename });
  const { data, errors } = await run(PRODUCT, { sku: NAME, min: registered.position });
  if (!data?.product) throw new Error(`no product: ${JSON.stringify({ data, errors })}`);
  const { product } = data;
  print({ step: "query", sku: product.sku, name: product.name });
  print({ step: "pages", found: (await pages(run)).filter((sku) => sku === NAME).length });
  for (const document of [TOO_MANY, INVALID]) {
    print({ step: "error", codes: codes((await run(document, {})).errors) });
  }
  const { order } = (await run(ORDER, { id: ORDER_ID })).data;
  print({ step: "order", id: order.id, status: order.status, payment: order.payment.status });
  if (watch !== undefined) await changeWhatIsShown(run, watch);
  const variables = { after: "0" };
  follow(variables, ({ data }) => {
    variables.after = data.events.position;
    print({ step: "event", position: data.events.position });
  });
  await answer({ later: async () => print({ step: "later", name: (await run(LATER, {})).data.product.name }) });
}

/** The SKUs of all pages, page by page. */
async function pages(run) {
  const found = [];
  for (let after = null; ; ) {
    const { edges, pageInfo } = (await run(PAGE, { after })).data.products;
    found.push(...edges.map(({ node }) => node.sku));
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
}

/** What is shown of a product follows the mutation's answer. */
async function changeWhatIsShown(run, watch) {
  const shown = [];
  await new Promise((resolve, reject) => {
    watch(STOCK, { sku: NAME }, ({ product }) => {
      if (product === undefined || shown.at(-1) === product.available) return;
      shown.push(product.available);
      if (shown.length > 1) return resolve();
      run(RECEIVE, { sku: NAME }).then(({ errors }) => errors?.length && reject(new Error(JSON.stringify(errors))), reject);
    });
  });
  print({ step: "stock", shown });
}

/** Do what the test says on the standard input: one word a line. */
export async function answer(actions) {
  print({ step: "ready" });
  for await (const word of createInterface({ input: process.stdin })) await actions[word]();
}

/** Follow again whenever the stream ends, after a pause. */
export async function forever(once) {
  for (;;) {
    await once().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
