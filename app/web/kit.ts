/**
 * The client kit: what every frontend of this API needs, for any GraphQL client. Copy this file; it needs `graphql-ws` alone.
 *
 * - `kit.fetch` takes the place of `fetch`: it sends the newest position that was seen as `$minPosition`, makes a command id
 *   for each mutation that declares `$options` or `$commandId`, and repeats what is safe to repeat, with the same id.
 * - `kit.client` is a client of graphql-ws for subscriptions and queries. It retries for ever, and resumes at the last position
 *   by `$after`. It refuses mutations, since graphql-ws sends them again after a reconnect.
 */
import { type Client, type ClientOptions, createClient, type FormattedExecutionResult, type SubscribePayload } from "graphql-ws";

export interface KitOptions {
  /** The endpoint over HTTP, such as `https://shop.example/graphql`. Sockets use the same path. */
  url: string;
  /** Asked for at each request and at each connect: a new token is used at once. */
  token?: () => string | undefined | Promise<string | undefined>;
  /** The log was replaced: drop what was read, and read it again. Subscriptions begin again without `after`. */
  onLogReplaced?: () => void;
  /** For how long `kit.fetch` repeats a request: 30,000 ms. Subscriptions retry for ever. */
  retryMilliseconds?: number;
  /** In development mode, without a token: who acts, and in which roles, separated by commas. */
  actAs?: () => { actor: string; roles: string };
  /** The manifest of trusted documents, text by hash. Without it, what is named by a hash may be any operation. */
  documents?: Readonly<Record<string, string>>;
  webSocket?: ClientOptions["webSocketImpl"];
}

type Json = Record<string, unknown>;
type Variables = Json & { after?: unknown; minPosition?: unknown; commandId?: unknown; options?: { commandId?: unknown } | null };
type Extensions = Json & { position?: string; logToken?: string | null; persistedQuery?: { sha256Hash?: string } };
type Named = { query?: string | null; documentId?: string };
type Parts = { variables?: Variables | null | undefined; extensions?: Extensions | null | undefined };
type Body = Named & Parts & { doc_id?: string; id?: string };
type Coded = { code?: unknown; extensions?: { code?: unknown } | null };
type Result<T> = { data?: T | null; errors?: readonly Coded[]; extensions: Extensions };

/** Errors after which the same request may succeed. graphql-ws gives up after 4005, if `token` has failed, and after 1011. */
const PASSING = new Set(["STALE_READ", "OVERLOADED", "TIMEOUT", "UNAVAILABLE", "1011", "4005"]);
const PASSING_STATUS = new Set([502, 503, 504]);

export function createKit(options: KitOptions) {
  let [position, logToken]: [bigint, string | undefined] = [0n, undefined];
  async function authorization(): Promise<Record<string, string>> {
    const token = await options.token?.();
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Remember how new an answer was. Call it for answers that did not come through the kit. */
  function observe(extensions: unknown): void {
    const { position: seen, logToken: token } = (extensions ?? {}) as { position?: string; logToken?: string };
    if (seen === undefined || !/^\d+$/.test(seen) || BigInt(seen) < position) return;
    [position, logToken] = [BigInt(seen), token ?? logToken];
  }

  function forget(): void {
    [position, logToken] = [0n, undefined];
    options.onLogReplaced?.();
  }

  /** The head of the operation's document. Undefined if it is named by a hash that `documents` does not have. */
  function headOf({ query, documentId, doc_id, id, extensions }: Body): string | undefined {
    const hash = extensions?.persistedQuery?.sha256Hash ?? documentId ?? doc_id ?? id ?? "";
    const text = query || (options.documents?.[hash] ?? options.documents?.[hash.replace("sha256:", "")]);
    return text && withoutSelections(text);
  }

  /** Add what the operation declares: `$minPosition` of a read, the command id of a mutation; and the token of the log. */
  function complete(body: Body): Body & { variables: Variables; extensions: Extensions } {
    const [head, variables]: [string | undefined, Variables] = [headOf(body), { ...body.variables }];
    if (position > 0n && declares(head, "minPosition")) variables.minPosition ??= String(position);
    if (isMutation(head)) {
      const commandId = variables.options?.commandId ?? crypto.randomUUID();
      if (declares(head, "commandId")) variables.commandId ??= commandId;
      else if (declares(head, "options")) variables.options = { ...variables.options, commandId };
    }
    return { ...body, variables, extensions: { ...body.extensions, ...(logToken && { logToken }) } };
  }

  /** Whether a completed operation may be sent twice. One whose document is not known may be a mutation. */
  function isRepeatable(sent: Body): boolean {
    const head = headOf(sent);
    if (head === undefined) return (sent.variables?.commandId ?? sent.variables?.options?.commandId) != null;
    return !isMutation(head) || declares(head, "commandId") || declares(head, "options");
  }

  /** `fetch` for GraphQL clients. Repeats queries, and mutations with a command id, until they are answered. */
  async function kitFetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(options.actAs?.() ?? {})) headers.set(`x-${name}`, value);
    const until = Date.now() + (options.retryMilliseconds ?? 30_000);
    // The server refuses a mutation over GET.
    const isGet = (init.method ?? (input as Partial<Request>).method ?? "GET").toUpperCase() === "GET";
    let [target, body, repeatable] = [input, init.body ?? null, isGet];
    if (isGet) target = completeUrl(input);
    // The server refuses an array, a batch, and says why.
    else if (typeof body === "string" && !body.startsWith("[")) {
      const sent = complete(JSON.parse(body) as Body);
      [body, repeatable] = [JSON.stringify(sent), isRepeatable(sent)];
    }
    for (let attempt = 0; ; attempt++) {
      let last = Date.now() >= until;
      try {
        if (options.token) headers.delete("authorization");
        for (const [name, value] of Object.entries(await authorization())) headers.set(name, value);
        last ||= !repeatable;
        const answer = await fetch(target, { ...init, headers, body });
        // A proxy answers for a server that is away, in HTML.
        const result = (isJson(answer) ? await answer.clone().json() : {}) as Partial<Result<unknown>>;
        observe(result.extensions);
        const codes = (result.errors ?? []).map(codeOf);
        if (codes.includes("LOG_REPLACED")) forget();
        if (last || !(codes.some((code) => PASSING.has(code)) || PASSING_STATUS.has(answer.status))) return answer;
      } catch (error) {
        if (last || init.signal?.aborted) throw error;
      }
      await pause(attempt);
    }
  }

  /** A query over GET has its parts in the URL. */
  function completeUrl(input: RequestInfo | URL): RequestInfo | URL {
    if (typeof input !== "string" && !(input instanceof URL)) return input;
    const url = new URL(input, options.url);
    const part = (name: string) => JSON.parse(url.searchParams.get(name) ?? "{}") as Json;
    const named = Object.fromEntries(url.searchParams) as Named;
    const sent = complete({ ...named, variables: part("variables"), extensions: part("extensions") });
    for (const name of ["variables", "extensions"] as const) url.searchParams.set(name, JSON.stringify(sent[name]));
    return url;
  }

  /** Send one operation, without another client. Rejects with the errors of the answer, if it has no data. */
  async function request<T>(document: string | Named, variables: Json = {}): Promise<Result<T> & { data: T }> {
    const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
    const named = typeof document === "string" ? { query: document } : document;
    const answer = await kitFetch(options.url, { method: "POST", headers, body: JSON.stringify({ ...named, variables }) });
    if (!isJson(answer)) throw new Error(`the answer is not JSON; its status is ${answer.status}`);
    const result = (await answer.json()) as Result<T>;
    if (result.data === null || result.data === undefined) throw Object.assign(new Error("no data"), result);
    return { ...result, data: result.data };
  }

  let opened: Client | undefined;
  /** Made at its first use: where pages are rendered on a server there may be no WebSocket. */
  const sockets = () =>
    (opened ??= createClient({
      url: options.url.replace(/^http/, "ws"),
      webSocketImpl: options.webSocket,
      connectionParams: async () => ({ ...options.actAs?.(), ...(await authorization()), logToken }),
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: pause,
      keepAlive: 10_000,
    }));

  /** Follow a subscription. Its `$after` is moved with each message, so that every reconnect goes on from there. */
  const subscribe: Client["subscribe"] = (payload, sink) => {
    const head = headOf(payload as Body);
    const refuse = (reason: string) => (sink.error(new Error(reason)), () => {});
    // graphql-ws sends it again at each reconnect, so that a mutation would be executed twice.
    if (head === undefined) return refuse("the document is not known: name its text, or its hash in `documents` of the kit");
    if (isMutation(head)) return refuse("a mutation over a socket may be executed twice: send it by `kit.fetch`");
    const { variables } = complete(payload as Body);
    // The token of the log of `after`: that of a socket may be of another log.
    const extensions: Extensions = { logToken: logToken ?? null, ...payload.extensions };
    const sent = { ...payload, variables, extensions } satisfies SubscribePayload;
    let [stop, stopped, failures] = [() => {}, false, 0];
    const fail = (error: unknown) => {
      const codes = ([error].flat() as Coded[]).map(codeOf);
      const replaced = codes.includes("LOG_REPLACED");
      if (!replaced && !codes.some((code) => PASSING.has(code))) return sink.error(error);
      if (replaced) [variables.after, variables.minPosition, extensions.logToken] = [forget(), undefined, null];
      void pause(failures++).then(() => stopped || begin());
    };
    const begin = () => {
      let failure: readonly Coded[] | false | undefined;
      stop = sockets().subscribe<Json, Extensions>(sent, {
        next(message) {
          // Some servers send its error as a result without a path. They complete it then, or go on, with a message lost.
          if (failure) return stop();
          failure = message.data == null && message.errors?.every((e) => !e.path) && message.errors;
          if (failure) return;
          failures = 0;
          observe(message.extensions);
          if (declares(head, "after")) variables.after = positionOf(message) ?? variables.after;
          extensions.logToken = message.extensions?.logToken ?? extensions.logToken ?? null;
          sink.next(message as never);
        },
        error: fail,
        complete: () => (failure ? fail(failure) : sink.complete()),
      });
    };
    begin();
    return () => ((stopped = true), stop());
  };

  /** The messages of a subscription one by one, over reconnects as well. */
  const iterate: Client["iterate"] = <D, E>(payload: SubscribePayload) => {
    let [stop, stopped] = [() => {}, false];
    const start = (to: ReadableStreamDefaultController<FormattedExecutionResult<D, E>>) => {
      const [next, error] = [(message: FormattedExecutionResult<D, E>) => to.enqueue(message), (reason: unknown) => to.error(reason)];
      stop = subscribe<D, E>(payload, { next, error, complete: () => stopped || to.close() });
    };
    const reader = new ReadableStream({ start, cancel: () => ((stopped = true), stop()) }).getReader();
    const leave = async () => (await reader.cancel(), { done: true as const, value: undefined });
    return { next: () => reader.read(), return: leave, throw: leave, [Symbol.asyncIterator]() { return this; } };
  };

  const client: Client = {
    on: (event, listener) => sockets().on(event, listener),
    subscribe,
    iterate,
    dispose: () => opened?.dispose(),
    terminate: () => opened?.terminate(),
  };
  return { fetch: kitFetch, client, request, observe, position: () => String(position) };
}

/** What a mutation's union says, as one of four kinds that TypeScript tells apart. */
export type Outcome<U extends { __typename?: string }> =
  | { kind: "accepted"; value: Extract<U, { __typename?: `${string}Accepted` }> }
  | { kind: "rejected"; value: Extract<U, { __typename?: "Rejected" }> }
  | { kind: "conflict"; value: Extract<U, { __typename?: "Conflict" }> }
  | { kind: "preview"; value: Extract<U, { __typename?: "Preview" }> };

export function outcome<U extends { __typename?: string }>(union: U): Outcome<U> {
  const name = union.__typename ?? "";
  const kind = name.endsWith("Accepted") ? "accepted" : name.toLowerCase();
  return { kind, value: union } as Outcome<U>;
}

/** Apply a message of a live list to the items that are shown, by id. */
export function applyChanges<T extends { id: string }>(
  items: ReadonlyMap<string, T>,
  changes: { initial: boolean; upserted: readonly T[]; removed: readonly string[] },
): Map<string, T> {
  const next = changes.initial ? new Map<string, T>() : new Map(items);
  for (const id of changes.removed) next.delete(id);
  for (const item of changes.upserted) next.set(item.id, item);
  return next;
}

/** A document without its strings, comments and selections: the operations and the variables that they declare. */
function withoutSelections(text: string): string {
  let head = text.replace(/"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n\r])*"|#[^\n\r]*/g, "");
  while (/{[^{}]*}/.test(head)) head = head.replace(/{[^{}]*}/g, ";");
  return head;
}

const declares = (head: string | undefined, variable: string) => new RegExp(`\\$${variable}\\s*:`).test(head ?? "");
const isMutation = (head: string | undefined) => /(^|;)[\s,]*mutation\b/.test(head ?? "");
const isJson = (answer: Response) => (answer.headers.get("content-type") ?? "").includes("json");
const codeOf = (error: Coded) => String(error.extensions?.code ?? error.code);
const pause = (attempt: number) =>
  new Promise<void>((done) => setTimeout(done, Math.min(5_000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2)));

function positionOf(message: FormattedExecutionResult<Json, Extensions>): string | undefined {
  const [root] = Object.values((message.data ?? {}) as Record<string, { position?: string } | null>);
  return root?.position ?? message.extensions?.position;
}
