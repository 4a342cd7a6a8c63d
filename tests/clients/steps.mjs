// The steps that each client takes: a mutation, a query, an error, a subscription that outlives a kill of the server.
// Each step prints one line of JSON, which the test reads.

export const [, , URL_HTTP, URL_SOCKET, NAME] = process.argv;

export const REGISTER = `mutation Register($sku: Sku!) {
  registerProduct(input: { sku: $sku, name: "Tea", price: { amount: "3.50" } }) {
    __typename ... on ProductAccepted { position }
  }
}`;
export const PRODUCT = `query Product($sku: Sku!, $min: Position) {
  product(sku: $sku, minPosition: $min) { __typename sku name }
}`;
export const INVALID = "query Invalid { weather }";
export const EVENTS = "subscription Events($after: Position) { events(after: $after) { __typename position } }";

export const print = (line) => console.log(JSON.stringify(line));

/** `run(document, variables)` resolves to `{ data, errors }`; `follow(variables, next)` resumes by itself. */
export async function take({ run, follow }) {
  const registered = (await run(REGISTER, { sku: NAME })).data.registerProduct;
  print({ step: "mutation", type: registered.__typename });
  const product = (await run(PRODUCT, { sku: NAME, min: registered.position })).data.product;
  print({ step: "query", sku: product.sku, name: product.name });
  const { errors } = await run(INVALID, {});
  print({ step: "error", codes: errors.map((error) => error.extensions?.code) });
  const variables = { after: "0" };
  follow(variables, ({ data }) => {
    variables.after = data.events.position;
    print({ step: "event", position: data.events.position });
  });
}

/** Follow again whenever the stream ends, after a pause. */
export async function forever(once) {
  for (;;) {
    await once().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
