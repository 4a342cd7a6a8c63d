/** Follows the log with tokens of an issuer that expire soon. Prints one JSON line for each thing that it saw. */
import WebSocket from "ws";
import { createKit } from "./kit.js";

const say = (line: object) => console.log(JSON.stringify(line));
const [url = "", issuer = ""] = (process.argv[2] ?? "").split(" ");
let failures = 0;

/** A new token of the issuer. Rejects if it gives none. */
async function token(): Promise<string> {
  const answer = await fetch(`${issuer}/token`);
  if (!answer.ok) {
    say({ failures: ++failures });
    throw new Error(`the issuer answers ${answer.status}`);
  }
  return ((await answer.json()) as { access_token: string }).access_token;
}

const kit = createKit({ url, webSocket: WebSocket, token });
const closed = new Map<number, number>();
kit.client.on("closed", (event) => {
  const { code, reason } = event as CloseEvent;
  closed.set(code, (closed.get(code) ?? 0) + 1);
  say({ closed: code, reason, times: closed.get(code) });
});
kit.client.subscribe<{ events: { position: string } }>(
  { query: "subscription($after: Position!) { events(after: $after) { position } }", variables: { after: "0" } },
  {
    next: ({ data }) => say({ event: Number(data?.events.position) }),
    error: (error) => say({ error: String(error) }),
    complete: () => say({ complete: "events" }),
  },
);

for await (const chunk of process.stdin) {
  for (const word of String(chunk).split("\n").filter(Boolean)) {
    if (word === "receive") {
      // Without a command id it is not safe to repeat.
      const mutation = 'mutation { receiveStock(input: { sku: "TEA", quantity: 1 }) { __typename } }';
      const answer = await kit.request<{ receiveStock: { __typename: string } }>(mutation);
      say({ received: answer.data.receiveStock.__typename });
      continue;
    }
    const answer = await kit.request<{ position: string }>(`query { ${word} }`);
    say({ [word]: Number(answer.data.position) });
  }
}
process.exit(0);
