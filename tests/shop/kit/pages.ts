/** Uses the adapters of the README as pages do, while the server is killed. Prints one JSON line for each thing that it saw. */
import { gql } from "@apollo/client";
import { createInterface } from "node:readline";
import WebSocket from "ws";

Object.assign(globalThis, { WebSocket, localStorage: { getItem: () => null } });
const { apollo, place, urql } = (await import(process.argv[2] ?? "")) as typeof import("./adapters.js");

const RECEIVE = `mutation Receive($options: CommandOptions) {
  receiveStock(input: { sku: "TEA", quantity: 1 }, options: $options) { __typename ... on ProductAccepted { version } }
}`;
const READ = `query Read($minPosition: Position) { product(sku: "TEA", minPosition: $minPosition) { id version } }`;
const FOLLOW = "subscription Follow($after: Position) { events(after: $after) { position } }";
type Received = { receiveStock: { version: number } };
type Read = { product: { version: number } };
type Followed = { events: { position: string } };

const say = (line: object) => console.log(JSON.stringify(line));

const actions: Record<string, (argument: string) => Promise<void>> = {
  async urql() {
    const received = await urql.mutation<Received>(RECEIVE, {}).toPromise();
    const read = await urql.query<Read>(READ, {}, { requestPolicy: "network-only" }).toPromise();
    say({ client: "urql", accepted: received.data?.receiveStock.version, own: read.data?.product.version });
  },
  async apollo() {
    const received = await apollo.mutate<Received>({ mutation: gql(RECEIVE) });
    const read = await apollo.query<Read>({ query: gql(READ), fetchPolicy: "network-only" });
    say({ client: "apollo", accepted: received.data?.receiveStock.version, own: read.data?.product.version });
  },
  async place(id) {
    say({ placed: await place(id) });
  },
};

urql.subscription<Followed>(FOLLOW, { after: "0" }).subscribe(({ data, error }) => {
  say({ client: "urql", event: Number(data?.events.position), error });
});
apollo.subscribe<Followed>({ query: gql(FOLLOW), variables: { after: "0" } }).subscribe(({ data, error }) => {
  say({ client: "apollo", event: Number(data?.events.position), error });
});
for await (const line of createInterface({ input: process.stdin })) {
  const [word = "", argument = ""] = line.split(" ");
  await actions[word]?.(argument);
}
