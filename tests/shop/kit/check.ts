/** Uses the kit as a page does, while the server is killed. Prints one JSON line for each thing that it saw. */
import WebSocket from "ws";
import { applyChanges, createKit, outcome } from "./kit.js";

type Product = { id: string; available: number };
type Received =
  | { __typename: "ProductAccepted"; version: number; duplicate: boolean; events: { actor: string }[] }
  | { __typename: "Rejected"; code: string; message: string }
  | { __typename: "Conflict"; actualVersion: number }
  | { __typename: "Preview"; events: { type: string }[] };

const say = (line: object) => console.log(JSON.stringify(line));
const kit = createKit({
  url: process.argv[2] ?? "",
  webSocket: WebSocket,
  // The server of this check takes callers from headers. It refuses a token, since it has no key.
  token: async () => undefined,
  actAs: () => ({ actor: "ann", roles: "customer,staff,operator" }),
});

const RECEIVE = `mutation Receive($sku: Sku!, $options: CommandOptions) {
  receiveStock(input: { sku: $sku, quantity: 1 }, options: $options) {
    __typename
    ... on ProductAccepted { version duplicate events { actor } }
    ... on Rejected { code message }
    ... on Conflict { actualVersion }
    ... on Preview { events { type } }
  }
}`;

async function receive(sku: string, options: object = {}): Promise<void> {
  const answer = await kit.request<{ receiveStock: Received }>(RECEIVE, { sku, options });
  const result = outcome(answer.data.receiveStock);
  switch (result.kind) {
    case "accepted":
      say({ accepted: result.value.version, duplicate: result.value.duplicate, actor: result.value.events[0]?.actor });
      break;
    case "rejected":
      say({ rejected: result.value.code });
      break;
    case "conflict":
      say({ conflict: result.value.actualVersion });
      break;
    case "preview":
      say({ preview: result.value.events.map((event) => event.type) });
  }
}

let items: Map<string, Product> = new Map();
kit.client.subscribe<{ products: { initial: boolean; upserted: Product[]; removed: string[] } }>(
  {
    query: `subscription($after: Position) { products(after: $after) {
      position initial upserted { id: sku available } removed } }`,
  },
  {
    next({ data }) {
      if (!data) return;
      items = applyChanges(items, data.products);
      say({ initial: data.products.initial, available: items.get("TEA")?.available });
    },
    error: (error) => say({ error }),
    complete: () => say({ complete: "products" }),
  },
);

// Everything up to the answer's position is in the answer, so the events after it are what follows.
const READ = "query Read($minPosition: Position) { product(sku: \"TEA\", minPosition: $minPosition) { version } }";
const read = await kit.request<{ product: { version: number } }>(READ);
say({ version: read.data.product.version, position: read.extensions.position });
kit.client.subscribe<{ events: { position: string } }>(
  {
    query: "subscription($after: Position!) { events(after: $after) { position } }",
    variables: { after: read.extensions.position },
  },
  {
    next: ({ data }) => say({ event: Number(data?.events.position) }),
    error: (error) => say({ error }),
    complete: () => say({ complete: "events" }),
  },
);

for await (const chunk of process.stdin) {
  for (const word of String(chunk).split("\n").filter(Boolean)) {
    if (word === "receive") await receive("TEA");
    if (word === "conflict") await receive("TEA", { expectedVersion: 1 });
    if (word === "preview") await receive("TEA", { dryRun: true });
    if (word === "reject") await receive("NONE");
    if (word === "read") say({ own: (await kit.request<{ product: { version: number } }>(READ)).data.product.version });
  }
}
process.exit(0);
