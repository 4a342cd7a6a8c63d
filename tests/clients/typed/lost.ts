// The kit behind a proxy that loses an answer: each call is executed once. Prints one line of JSON for each.

import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import WebSocket from "ws";
import documents from "./gql/persisted-documents.json" with { type: "json" };
import { graphql } from "./gql/index.js";
import { createKit } from "./kit.js";
// @ts-expect-error - the steps of all clients are JavaScript
import { print, URL_HTTP } from "../../../steps.mjs";

const Plain = graphql(`
  mutation Plain { receiveStock(input: { sku: "LOST", quantity: 1 }) { __typename ... on ProductAccepted { duplicate } } }
`);
const Safe = graphql(`
  mutation Safe($options: CommandOptions) {
    receiveStock(input: { sku: "LOST", quantity: 1 }, options: $options) { __typename ... on ProductAccepted { duplicate } }
  }
`);
const Read = graphql(`query Read($minPosition: Position) { product(sku: "LOST", minPosition: $minPosition) { id sku } }`);
const Follow = graphql(`subscription Follow($after: Position) { events(after: $after) { position } }`);

type Named = { __meta__?: Record<string, unknown> };
const texts = new Map(Object.entries(documents));
const hash = (document: unknown) => String((document as Named).__meta__?.["hash"]);
const text = (document: unknown) => texts.get(hash(document)) ?? "";

/** Forwards what it gets. Once, when told so, it loses the answer that has a word. */
const connections = new Set<Socket>();
let lost: string | undefined;
const proxy = createServer((client) => {
  const server = connect(Number(new URL(URL_HTTP).port), "127.0.0.1");
  const end = () => (connections.delete(client), client.destroy(), server.destroy());
  connections.add(client);
  client.pipe(server);
  server.on("data", (data) => {
    if (lost === undefined || !data.includes(lost)) return void client.write(data);
    lost = undefined;
    end();
  });
  for (const socket of [client, server]) socket.on("error", end).on("close", end);
});
await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/graphql`;

/** What the kits have sent over sockets. */
const sent: string[] = [];
class Recorded extends WebSocket {
  override send(data: string): void {
    sent.push(data);
    super.send(data);
  }
}

const direct = createKit({ url: URL_HTTP });
const head = async () => Number((await direct.request<{ position: string }>("{ position }")).data.position);
const kits = { unknown: createKit({ url, webSocket: Recorded }), known: createKit({ url, webSocket: Recorded, documents }) };

/** How many events a call has recorded whose answer is lost, and what the caller sees. */
async function check(call: string, send: () => Promise<unknown>): Promise<void> {
  const before = await head();
  lost = '"data":';
  const answer = await send().catch((error: unknown) => (error instanceof Error ? "failed" : String(error)));
  lost = undefined;
  print({ step: "call", call, recorded: (await head()) - before, answer });
}

type Answer = { data: { receiveStock?: { duplicate: boolean }; product?: { sku: string } } };
async function post(kit: keyof typeof kits, body: object): Promise<unknown> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await kits[kit].fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const { data } = (await answer.json()) as Answer;
  return data.receiveStock?.duplicate ?? data.product?.sku;
}
const withId = (commandId: string | null) => ({ variables: { options: { commandId } } });
const apollo = (document: unknown) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hash(document) } } });
const batch = async () => {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await kits.unknown.fetch(url, { method: "POST", headers, body: JSON.stringify([{ query: text(Read) }]) });
  return ((await answer.json()) as { errors: { message: string }[] }).errors[0]?.message;
};
const inString = `fragment F on Product { blame(path: "/#") { path } } ${text(Plain)}`.replace(/\s+/g, " ");

await direct.request('mutation { registerProduct(input: { sku: "LOST", name: "Tea", price: { amount: "1" } }) { __typename } }');
print({ step: "batch", message: await batch() });
await check("text", () => post("unknown", { query: text(Plain) }));
await check("text, # in a string", () => post("unknown", { query: inString.replace("duplicate", "duplicate product { ...F }") }));
await check("text, $options", () => post("unknown", { query: text(Safe) }));
for (const kit of ["unknown", "known"] as const) {
  await check(`${kit} documentId`, () => post(kit, { documentId: hash(Plain) }));
  await check(`${kit} documentId, $options`, () => post(kit, { documentId: hash(Safe) }));
  await check(`${kit} doc_id, $options`, () => post(kit, { doc_id: hash(Safe) }));
  await check(`${kit} Apollo, $options`, () => post(kit, apollo(Safe)));
  await check(`${kit} documentId, command id`, () => post(kit, { documentId: hash(Safe), ...withId(crypto.randomUUID()) }));
  await check(`${kit} documentId, null`, () => post(kit, { documentId: hash(Safe), ...withId(null) }));
  await check(`${kit} query by GET`, async () => {
    const { data } = (await (await kits[kit].fetch(`${url}?documentId=${hash(Read)}`)).json()) as Answer;
    return data.product?.sku;
  });
  await check(`${kit} query`, () => post(kit, { documentId: hash(Read) }));
}

/** One operation over a socket. */
const ask = (kit: keyof typeof kits, payload: object) =>
  new Promise((resolve, reject) => {
    kits[kit].client.subscribe<Answer["data"]>(
      { query: "", ...payload },
      { next: ({ data }) => resolve(data?.product?.sku ?? data), error: reject, complete() {} },
    );
  });
await check("socket, mutation", () => ask("unknown", { query: text(Safe) }));
await check("unknown socket, mutation", () => ask("unknown", { documentId: hash(Safe) }));
await check("known socket, mutation", () => ask("known", { documentId: hash(Safe) }));
await check("known socket, query", () => ask("known", { documentId: hash(Read) }));
const reads = sent.map((message) => JSON.parse(message)).filter(({ payload }) => payload?.documentId === hash(Read));
print({ step: "reads", times: reads.length, after: Number(reads[0]?.payload.variables.minPosition) === (await head()) });

// A subscription by its hash, as an iterator, goes on after a lost connection.
const events = { query: "", documentId: hash(Follow), variables: { after: "0" } };
const followed = kits.known.client.iterate<{ events: { position: string } }>(events);
const seen: number[] = [];
const until = async (position: number) => {
  while (seen.at(-1) !== position) seen.push(Number((await followed.next()).value?.data?.events.position));
};
await until(await head());
for (const connection of connections) connection.destroy();
await direct.request(text(Safe));
await until(await head());
print({ step: "events", once: seen.every((position, index) => position === index + 1), last: seen.length === (await head()) });
// An iterator ends, although no message comes.
const pending = followed.next();
await followed.return?.();
print({ step: "end", done: (await pending).done });

// Pages are rendered where there is no WebSocket.
Reflect.deleteProperty(globalThis, "WebSocket");
const { data } = await createKit({ url: URL_HTTP }).request<{ position: string }>("{ position }");
print({ step: "server", position: Number(data.position) === (await head()) });
process.exit(0);
