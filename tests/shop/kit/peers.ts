/** Talks to a peer that answers as proxies and other servers do. Prints one JSON line for each thing that it saw. */
import WebSocket from "ws";
import { createKit } from "./kit.js";

const say = (line: object) => console.log(JSON.stringify(line));
const kit = createKit({ url: process.argv[2] ?? "", webSocket: WebSocket, retryMilliseconds: 1_000 });

const RECEIVE = `mutation Receive($options: CommandOptions) {
  receiveStock(input: { sku: "TEA", quantity: 1 }, options: $options) { __typename }
}`;

for await (const chunk of process.stdin) {
  for (const word of String(chunk).split("\n").filter(Boolean)) {
    if (word === "receive") {
      await kit
        .request<{ receiveStock: { __typename: string } }>(RECEIVE)
        .then(({ data }) => say({ received: data.receiveStock.__typename }))
        .catch((error: unknown) => say({ failed: String(error) }));
    }
  }
}
process.exit(0);
