/** Talks to a peer that answers as proxies and other servers do. Prints one JSON line for each thing that it saw. */
import WebSocket from "ws";
import { createKit } from "./kit.js";

const say = (line: object) => console.log(JSON.stringify(line));
const kit = createKit({
  url: process.argv[2] ?? "",
  webSocket: WebSocket,
  retryMilliseconds: Number(process.argv[3] ?? 1_000),
  onLogReplaced: () => say({ replaced: true }),
});

const RECEIVE = `mutation Receive($options: CommandOptions) {
  receiveStock(input: { sku: "TEA", quantity: 1 }, options: $options) { __typename }
}`;

function follow(query: string): void {
  kit.client.subscribe<{ events?: { position: string } }>(
    { query },
    {
      next: ({ data }) => say({ event: Number(data?.events?.position) }),
      error: (error) => say({ error }),
      complete: () => say({ complete: query }),
    },
  );
}

for await (const chunk of process.stdin) {
  for (const word of String(chunk).split("\n").filter(Boolean)) {
    if (word === "follow") {
      follow("subscription($after: Position) { events(after: $after) { position } }");
      // The socket stays open for it.
      follow("subscription { projections { name } }");
    }
    // An answer of another log, to a request.
    if (word === "observe") {
      kit.observe({ position: "9", logToken: "new" });
      say({ observed: kit.position() });
    }
    if (word === "receive") {
      await kit
        .request<{ receiveStock: { __typename: string } }>(RECEIVE)
        .then(({ data }) => say({ received: data.receiveStock.__typename }))
        .catch((error: unknown) => say({ failed: String(error) }));
    }
  }
}
process.exit(0);
