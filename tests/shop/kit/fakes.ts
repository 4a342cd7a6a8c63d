/** One case of the kit with answers and sockets that are made here, and fast timers. Prints one JSON line: what it saw. */
import { createKit, type KitOptions } from "./kit.js";

type Message = { type: string; id?: string; payload?: { query: string; variables: Record<string, unknown> } };
type Body = { query: string; variables: Record<string, unknown> & { options?: { commandId: string } } };

const wait = globalThis.setTimeout;
globalThis.setTimeout = ((run: () => void, milliseconds = 0) => wait(run, milliseconds / 100)) as typeof setTimeout;
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((done) => setImmediate(done));
};
const json = (result: object) => new Response(JSON.stringify(result), { headers: { "content-type": "application/json" } });
const failed = (code: string) => [{ message: code, extensions: { code } }];
const url = "https://shop.example/graphql";

const sockets: FakeSocket[] = [];
let serve: (socket: FakeSocket, message: Message) => void = () => {};
class FakeSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  readyState = FakeSocket.CONNECTING;
  onopen = () => {};
  onmessage = (_: { data: string }) => {};
  onclose: ((event: object) => void) | null = null;
  constructor() {
    sockets.push(this);
    setImmediate(() => ((this.readyState = FakeSocket.OPEN), this.onopen()));
  }
  send(text: string) {
    const message = JSON.parse(text) as Message;
    if (this.readyState !== FakeSocket.OPEN) return;
    setImmediate(() => (message.type === "connection_init" ? acknowledge(this) : serve(this, message)));
  }
  say(message: object) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  close(code: number) {
    if (this.readyState > FakeSocket.OPEN) return;
    this.readyState = FakeSocket.CLOSING;
    setImmediate(() => ((this.readyState = FakeSocket.CLOSED), this.onclose?.({ code, reason: "" })));
  }
}
let acknowledge = (socket: FakeSocket) => socket.say({ type: "connection_ack" });
const event = (socket: FakeSocket, { id }: Message, position: string) =>
  socket.say({ id, type: "next", payload: { data: { events: { position } }, extensions: { position } } });

const make = (options: Partial<KitOptions> = {}) => createKit({ url, webSocket: FakeSocket, ...options });
const EVENTS = "subscription($after: Position) { events(after: $after) { position } }";
const READ = "query($minPosition: Position) { product(minPosition: $minPosition) { id } }";
const SAFE = "mutation($options: CommandOptions) { receiveStock(options: $options) { __typename } }";

/** What is sent for an operation whose first answer is lost. */
async function lose(body: object): Promise<Body[]> {
  const sent: Body[] = [];
  globalThis.fetch = async (_, init) => {
    sent.push(JSON.parse(String(init?.body)));
    if (sent.length === 1) throw new TypeError("fetch failed");
    return json({ data: {} });
  };
  await make().fetch(url, { method: "POST", body: JSON.stringify(body) }).catch(() => {});
  return sent;
}

const cases: Record<string, (argument: string) => Promise<object>> = {
  async iterate() {
    let ended = false;
    serve = (socket, message) => {
      if (message.type !== "subscribe") return;
      for (const position of ["1", "2", "3"]) event(socket, message, position);
      socket.say({ id: message.id, type: "error", payload: failed("NOT_FOUND") });
      ended = true;
    };
    const events = make().client.iterate<{ events: { position: string } }>({ query: EVENTS });
    const [seen, errors]: [unknown[], unknown[]] = [[], []];
    try {
      for await (const { data } of events) {
        seen.push(data?.events.position);
        await until(() => ended);
      }
    } catch (error) {
      errors.push(error);
    }
    return { seen, errors: errors.length, left: (await events.return?.())?.done };
  },

  async silent(lacks) {
    const healthy = acknowledge;
    if (lacks === "acknowledgement") acknowledge = (socket) => socket === sockets[0] || healthy(socket);
    const asked: unknown[] = [];
    serve = (socket, message) => {
      // The first peer answers no ping.
      if (message.type === "ping" && socket !== sockets[0]) socket.say({ type: "pong" });
      if (message.type !== "subscribe") return;
      asked.push(message.payload?.variables["after"]);
      event(socket, message, String(asked.length));
    };
    const seen: unknown[] = [];
    make().client.subscribe<{ events: { position: string } }>(
      { query: EVENTS, variables: { after: "0" } },
      { next: ({ data }) => seen.push(data?.events.position), error: (error) => seen.push(error), complete() {} },
    );
    await until(() => sockets.length > 1 && seen.length === sockets.length - (lacks === "acknowledgement" ? 1 : 0));
    // Longer than the time after which a silent connection is given up: this one answers.
    await new Promise((done) => setTimeout(done, 50_000));
    return { asked, seen, sockets: sockets.length };
  },

  async unanswered() {
    const ids: unknown[] = [];
    globalThis.fetch = (_, init) => {
      ids.push((JSON.parse(String(init?.body)) as Body).variables.options?.commandId);
      if (ids.length > 1) return Promise.resolve(json({ data: { receiveStock: null } }));
      return new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    };
    await make().request(SAFE);
    return { attempts: ids.length, ids: new Set(ids).size };
  },

  async aborted() {
    const abort = new AbortController();
    let attempts = 0;
    globalThis.fetch = (_, init) => {
      attempts++;
      abort.abort(new Error("by the caller"));
      return Promise.reject(init?.signal?.reason);
    };
    const sent = make().fetch(url, { method: "POST", body: JSON.stringify({ query: READ }), signal: abort.signal });
    const error = await sent.catch(String);
    return { attempts, error };
  },

  async stream() {
    let signal: AbortSignal | null | undefined;
    globalThis.fetch = async (_, init) => ((signal = init?.signal), new Response("", { headers: { "content-type": "text/event-stream" } }));
    await make().fetch(url, { method: "POST", body: JSON.stringify({ query: EVENTS }) });
    await new Promise((done) => setTimeout(done, 30_000));
    return { aborted: signal?.aborted };
  },

  async operation(body) {
    const sent = await lose(JSON.parse(body));
    return { times: sent.length, id: /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(sent[0]?.variables.options?.commandId ?? "") };
  },

  async insecure(body) {
    Object.defineProperty(crypto, "randomUUID", { value: undefined });
    return cases["operation"]?.(body) ?? {};
  },

  async request() {
    const seen: unknown[] = [];
    globalThis.fetch = async (input, init) => {
      const request = new Request(input, init);
      seen.push(request.method, request.headers.get("content-type"), request.headers.get("x-of"), await request.json());
      return json({ data: {} });
    };
    const headers = { "content-type": "application/json", "x-of": "caller" };
    await make().fetch(new Request(url, { method: "POST", headers, body: JSON.stringify({ query: "{ a }" }) }));
    return { seen };
  },

  async kept(query) {
    const asked: unknown[] = [];
    serve = (socket, message) => {
      if (message.type !== "subscribe") return;
      asked.push(message.payload?.variables["after"]);
      event(socket, message, "57");
      if (asked.length === 1) socket.close(1012);
    };
    make().client.subscribe({ query, variables: { after: "cursor" } }, { next() {}, error() {}, complete() {} });
    await until(() => asked.length > 1);
    return { asked };
  },

  async once() {
    let times = 0;
    const kit = make({ onLogReplaced: () => times++ });
    const asked = new Set<string>();
    let goes = 0;
    serve = (socket, message) => {
      const query = message.payload?.query;
      if (!query) return;
      if (asked.has(query)) return void goes++;
      asked.add(query);
      socket.say({ id: message.id, type: "error", payload: failed("LOG_REPLACED") });
    };
    const reads: unknown[] = [];
    const replaced = () => json({ errors: failed("LOG_REPLACED") });
    let answerLate = (_: Response) => {};
    const answers = [replaced(), new Promise<Response>((done) => (answerLate = done))];
    globalThis.fetch = async (_, init) => {
      const { query, variables } = JSON.parse(String(init?.body)) as Body;
      if (query !== READ) return json({ data: { position: "12" }, extensions: { position: "12", logToken: "new" } });
      reads.push(variables["minPosition"]);
      return answers.shift() ?? json({ data: { product: null }, extensions: { position: "12", logToken: "new" } });
    };
    for (const name of ["A", "B", "C"]) {
      const query = EVENTS.replace("subscription", `subscription ${name}`);
      kit.client.subscribe({ query, variables: { after: "7" } }, { next() {}, error() {}, complete() {} });
    }
    await until(() => goes === 3);
    const first = times;
    // Two reads know the new log; it is replaced, too. The second answer comes when the newest is known.
    kit.observe({ position: "1000", logToken: "middle" });
    const [one, two] = [kit.request(READ).catch(() => {}), kit.request(READ).catch(() => {})];
    await one;
    await kit.request("mutation { a }");
    answerLate(replaced());
    await two;
    await kit.request(READ);
    return { first, times, reads, position: kit.position() };
  },

  async replaced(after) {
    const order: unknown[] = [];
    // It may return a promise, for which nothing waits.
    const kit = make({ onLogReplaced: () => (order.push("replaced"), new Promise(() => {})) });
    globalThis.fetch = async () => {
      order.push("position");
      return after === "refused" ? json({ errors: failed("DOCUMENT_NOT_KNOWN") }) : json({ data: { position: "3" }, extensions: { position: "3", logToken: "new" } });
    };
    serve = (socket, message) => {
      if (message.type !== "subscribe") return;
      order.push(message.payload?.variables["after"] ?? null);
      if (order.length === 1) socket.say({ id: message.id, type: "error", payload: failed("LOG_REPLACED") });
      else event(socket, message, "4");
    };
    let ended = false;
    const variables = after === "none" ? {} : { after: after === "refused" ? "7" : after };
    kit.client.subscribe(
      { query: EVENTS, variables },
      { next: () => (ended = true), error: (errors) => (order.push(errors), (ended = true)), complete() {} },
    );
    await until(() => ended);
    return { order };
  },

  async dispose() {
    const [waiting, following] = [make().client, make().client];
    let [refused, followed] = [false, false];
    serve = (socket, { id, type, payload }) => {
      if (type !== "subscribe") return;
      if (payload?.query !== EVENTS) return void (followed = true);
      socket.say({ id, type: "error", payload: failed("UNAVAILABLE") });
      refused = true;
    };
    const ends: string[] = [];
    const sink = (name: string) => ({ next() {}, error: () => ends.push(`${name} failed`), complete: () => ends.push(name) });
    waiting.subscribe({ query: EVENTS }, sink("waits"));
    following.subscribe({ query: "subscription { products { initial } }" }, sink("follows"));
    await until(() => refused && followed);
    for (const client of [waiting, following]) await client.dispose();
    await until(() => ends.length === 2);
    return { ends: ends.sort(), closed: sockets.map((socket) => socket.readyState > FakeSocket.OPEN) };
  },

  async closed(codes) {
    const errors: number[] = [];
    for (const code of codes.split(" ").map(Number)) {
      let ended = false;
      const before = sockets.length;
      serve = (socket, { type }) => type === "subscribe" && sockets.length === before + 1 && socket.close(code);
      const end = make().client.subscribe({ query: EVENTS }, { next() {}, error: () => (errors.push(code), (ended = true)), complete() {} });
      await until(() => ended || sockets.length > before + 1);
      end();
    }
    return { errors };
  },
};

const [, , name = "", argument = ""] = process.argv;
console.log(JSON.stringify(await cases[name]?.(argument)));
process.exit(0);
