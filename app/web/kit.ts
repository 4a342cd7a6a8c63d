/**
 * The client kit: what every frontend of this API needs, for any GraphQL client. Copy this file; it needs `graphql-ws` alone.
 *
 * - `kit.fetch` takes the place of `fetch`: it sends the newest position that was seen as `$minPosition`, makes a command id
 *   for each mutation that declares `$options` or `$commandId`, and repeats what is safe to repeat, with the same id.
 * - `kit.client` is a client of graphql-ws that retries for ever, and resumes at the last position by `$after`.
 */
import { type Client, type ClientOptions, createClient, type ExecutionResult, type SubscribePayload } from "graphql-ws";

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
  webSocket?: ClientOptions["webSocketImpl"];
}

type Json = Record<string, unknown>;
type Body = { query?: string; variables?: Json | null; extensions?: Json | null };
type Coded = { code?: unknown; extensions?: { code?: unknown } | null };

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

  /** Add what the operation declares: `$minPosition` of a read, the command id of a mutation; and the token of the log. */
  function complete(body: Body): Body {
    const query = body.query ?? "";
    const variables: Json = { ...body.variables };
    if (position > 0n && declares(query, "minPosition")) variables.minPosition ??= String(position);
    if (isMutation(query)) {
      const given = variables.options as Json | null | undefined;
      const commandId = given?.commandId ?? crypto.randomUUID();
      if (declares(query, "commandId")) variables.commandId ??= commandId;
      else if (declares(query, "options")) variables.options = { ...given, commandId };
    }
    return { ...body, variables, extensions: { ...body.extensions, ...(logToken && { logToken }) } };
  }

  /** `fetch` for GraphQL clients. Repeats queries, and mutations with a command id, until they are answered. */
  async function kitFetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(options.actAs?.() ?? {})) headers.set(`x-${name}`, value);
    const until = Date.now() + (options.retryMilliseconds ?? 30_000);
    let [target, body, repeatable] = [input, init.body, true];
    if (typeof body === "string") {
      const sent = complete(JSON.parse(body) as Body);
      const query = sent.query ?? "";
      repeatable = !isMutation(query) || declares(query, "commandId") || declares(query, "options");
      body = JSON.stringify(sent);
    } else target = completeUrl(input);
    for (let attempt = 0; ; attempt++) {
      let last = Date.now() >= until;
      try {
        if (options.token) headers.delete("authorization");
        for (const [name, value] of Object.entries(await authorization())) headers.set(name, value);
        last ||= !repeatable;
        const answer = await fetch(target, { ...init, headers, body });
        // A proxy answers for a server that is away, in HTML.
        const result = (isJson(answer) ? await answer.clone().json() : {}) as ExecutionResult & { errors?: Coded[] };
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
    const query = url.searchParams.get("query") ?? "";
    const sent = complete({ query, variables: part("variables"), extensions: part("extensions") });
    for (const name of ["variables", "extensions"] as const) url.searchParams.set(name, JSON.stringify(sent[name]));
    return url;
  }

  /** Send one operation, without another client. Rejects with the errors of the answer, if it has no data. */
  async function request<T>(query: string, variables: Json = {}): Promise<{ data: T; extensions: Json; errors?: readonly Coded[] }> {
    const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
    const answer = await kitFetch(options.url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    if (!isJson(answer)) throw new Error(`the answer is not JSON; its status is ${answer.status}`);
    const result = (await answer.json()) as { data: T | null; extensions: Json; errors?: readonly Coded[] };
    if (result.data === null || result.data === undefined) throw Object.assign(new Error("no data"), result);
    return { ...result, data: result.data };
  }

  const sockets = createClient({
    url: options.url.replace(/^http/, "ws"),
    webSocketImpl: options.webSocket,
    connectionParams: async () => ({ ...options.actAs?.(), ...(await authorization()), logToken }),
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: pause,
    keepAlive: 10_000,
  });

  /** Follow a subscription. Its `$after` is moved with each message, so that every reconnect goes on from there. */
  const subscribe: Client["subscribe"] = (payload, sink) => {
    // graphql-ws sends it again at each reconnect, with the token of the log of `after`: that of a socket may be of another log.
    const [variables, extensions]: [Json, Json] = [{ ...payload.variables }, { logToken: logToken ?? null, ...payload.extensions }];
    const sent = { ...payload, variables, extensions } satisfies SubscribePayload;
    let [stop, stopped, failures] = [() => {}, false, 0];
    const fail = (error: unknown) => {
      const codes = ([error].flat() as Coded[]).map(codeOf);
      const replaced = codes.includes("LOG_REPLACED");
      if (!replaced && !codes.some((code) => PASSING.has(code))) return sink.error(error);
      if (replaced) [sent.variables.after, sent.extensions.logToken] = [forget(), null];
      void pause(failures++).then(() => stopped || begin());
    };
    const begin = () => {
      let failure: readonly Coded[] | false | undefined;
      stop = sockets.subscribe<Json, Json>(sent, {
        next(message) {
          // Some servers send its error as a result without a path. They complete it then, or go on, with a message lost.
          if (failure) return stop();
          failure = message.data == null && !isMutation(sent.query) && message.errors?.every((e) => !e.path) && message.errors;
          if (failure) return;
          failures = 0;
          observe(message.extensions);
          if (declares(sent.query, "after")) sent.variables.after = positionOf(message) ?? sent.variables.after;
          sent.extensions.logToken = message.extensions?.logToken ?? sent.extensions.logToken;
          sink.next(message as never);
        },
        error: fail,
        complete: () => (failure ? fail(failure) : sink.complete()),
      });
    };
    begin();
    return () => ((stopped = true), stop());
  };

  return { fetch: kitFetch, client: { ...sockets, subscribe } satisfies Client, request, observe, position: () => String(position) };
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

const declares = (query: string, variable: string) => new RegExp(`\\$${variable}\\s*:`).test(query);
const isMutation = (query: string) => /(^|})\s*mutation\b/.test(query.replace(/#.*/g, ""));
const isJson = (answer: Response) => (answer.headers.get("content-type") ?? "").includes("json");
const codeOf = (error: Coded) => String(error.extensions?.code ?? error.code);
const pause = (attempt: number) =>
  new Promise<void>((done) => setTimeout(done, Math.min(5_000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2)));

function positionOf(message: { data?: unknown; extensions?: Json | null }): string | undefined {
  const [root] = Object.values((message.data ?? {}) as Record<string, { position?: string } | null>);
  return root?.position ?? (message.extensions?.position as string | undefined);
}
