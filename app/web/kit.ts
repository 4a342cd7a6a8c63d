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
  /** The log was replaced: drop what was read, and read it again. Subscriptions begin again. */
  onLogReplaced?: () => void;
  /** For how long `kit.fetch` repeats a request: 30,000 ms. Subscriptions retry for ever. */
  retryMilliseconds?: number;
  /** After how long an attempt of a request has no answer: 20,000 ms. It is above APP_OPERATION_TIMEOUT_SECONDS. */
  attemptMilliseconds?: number;
  /** In development mode, without a token: who acts, and in which roles, separated by commas. */
  actAs?: () => { actor: string; roles: string };
  /** The manifest of trusted documents, text by hash. Without it, what is named by a hash may be any operation. */
  documents?: Readonly<Record<string, string>>;
  webSocket?: ClientOptions["webSocketImpl"];
}

type Json = Record<string, unknown>;
type Variables = Json & { after?: unknown; minPosition?: unknown; commandId?: unknown; options?: { commandId?: unknown } | null };
type Extensions = Json & { position?: string; logToken?: string | null; persistedQuery?: { sha256Hash?: string } };
type Named = { query?: string | null; documentId?: string; operationName?: string | null };
type Body = Named & { doc_id?: string; id?: string; variables?: Variables | null; extensions?: Extensions | null };
type Coded = { code?: unknown; extensions?: { code?: unknown } | null };
type Result<T> = { data?: T | null; errors?: readonly Coded[]; extensions: Extensions };

/** Errors after which the same request may succeed. graphql-ws gives up after 4005, if `token` has failed, and after 1011. */
const PASSING = new Set(["STALE_READ", "OVERLOADED", "TIMEOUT", "UNAVAILABLE", "1011", "4005"]);
/** After how long without an answer a ping is sent, or a connection is given up. */
const SILENCE_MILLISECONDS = 10_000;

export function createKit(options: KitOptions) {
  let [position, logToken]: [bigint, string | undefined] = [0n, undefined];
  let [replaced, start]: [number, Promise<string | undefined>] = [0, Promise.resolve(undefined)];
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

  /** Forget the log, unless this was done since `known`. Resolves after `onLogReplaced`, with a position of before it. */
  function forget(known: number): Promise<string | undefined> {
    if (known !== replaced) return start;
    [position, logToken, replaced] = [0n, undefined, replaced + 1];
    const asked = active.size > 0 ? request<{ position: string }>("{ position }").then(({ data }) => data.position) : undefined;
    return (start = Promise.resolve(asked).catch(() => undefined).finally(() => queueMicrotask(() => options.onLogReplaced?.())));
  }

  /** What the operation is and declares. Undefined if its document is not known, or does not have it. */
  function headOf({ query, operationName, documentId, doc_id, id, extensions }: Body): string | undefined {
    const hash = extensions?.persistedQuery?.sha256Hash ?? documentId ?? doc_id ?? id ?? "";
    const text = query || (options.documents?.[hash] ?? options.documents?.[hash.replace("sha256:", "")]);
    const heads = headsOf(text ?? "").filter((head) => !operationName || /^\w+[\s,]+(\w+)/.exec(head)?.[1] === operationName);
    return heads.length === 1 ? heads[0] : undefined;
  }

  /** Add what the operation declares: `$minPosition` of a read, the command id of a mutation; and the token of the log. */
  function complete(body: Body): Body & { variables: Variables; extensions: Extensions } {
    const [head, variables]: [string | undefined, Variables] = [headOf(body), { ...body.variables }];
    if (position > 0n && declares(head, "minPosition", "Position")) variables.minPosition ??= String(position);
    if (isMutation(head)) {
      const given = variables.options?.commandId;
      if (declares(head, "commandId", "UUID")) variables.commandId ??= given ?? uuid();
      else if (declares(head, "options", "CommandOptions")) variables.options = { ...variables.options, commandId: given ?? uuid() };
    }
    return { ...body, variables, extensions: { ...body.extensions, ...(logToken && { logToken }) } };
  }

  /** Whether a completed operation may be sent twice. One whose document is not known may be a mutation. */
  function isRepeatable(sent: Body): boolean {
    const head = headOf(sent);
    if (head === undefined) return (sent.variables?.commandId ?? sent.variables?.options?.commandId) != null;
    return !isMutation(head) || declares(head, "commandId", "UUID") || declares(head, "options", "CommandOptions");
  }

  /** `fetch` for GraphQL clients. Repeats queries, and mutations with a command id, until they are answered. */
  async function kitFetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    if (input instanceof Request) {
      const { url, method, headers, credentials, signal } = input;
      return kitFetch(url, { method, headers, credentials, signal, body: (await input.text()) || null, ...init });
    }
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(options.actAs?.() ?? {})) headers.set(`x-${name}`, value);
    const [known, until] = [replaced, Date.now() + (options.retryMilliseconds ?? 30_000)];
    // The server refuses a mutation over GET.
    const isGet = (init.method ?? "GET").toUpperCase() === "GET";
    let [target, body, repeatable] = [input, init.body ?? null, isGet];
    if (isGet) target = completeUrl(input);
    // The server refuses an array, a batch, and says why.
    else if (typeof body === "string" && !body.startsWith("[")) {
      const sent = complete(JSON.parse(body) as Body);
      [body, repeatable] = [JSON.stringify(sent), isRepeatable(sent)];
    }
    for (let attempt = 0; ; attempt++) {
      let last = Date.now() >= until;
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error("no answer came in time")), options.attemptMilliseconds ?? 20_000);
      try {
        if (options.token) headers.delete("authorization");
        for (const [name, value] of Object.entries(await authorization())) headers.set(name, value);
        last ||= !repeatable;
        const signal = AbortSignal.any([late.signal, init.signal ?? late.signal]);
        const answer = await fetch(target, { ...init, headers, body, signal });
        // A proxy answers for a server that is away, in HTML.
        const result = (isJson(answer) ? await answer.clone().json() : {}) as Partial<Result<unknown>>;
        observe(result.extensions);
        const errors = result.errors ?? [];
        if (errors.some(isReplaced)) void forget(known);
        if (last || !(errors.some(isPassing) || [502, 503, 504].includes(answer.status))) return answer;
      } catch (error) {
        if (last || init.signal?.aborted) throw error;
      } finally {
        // An answer that is a stream may last.
        clearTimeout(timer);
      }
      await pause(attempt);
    }
  }

  /** A query over GET has its parts in the URL. */
  function completeUrl(input: string | URL): URL {
    const url = new URL(input, options.url);
    const part = (name: string) => JSON.parse(url.searchParams.get(name) ?? "{}") as Json;
    const named: Json = {};
    url.searchParams.forEach((value, name) => (named[name] = value));
    const sent = complete({ ...(named as Named), variables: part("variables"), extensions: part("extensions") });
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

  let [opened, silence]: [Client?, ReturnType<typeof setTimeout>?] = [];
  /** Ends each subscription. */
  const active = new Set<() => void>();
  /** Made at its first use: where pages are rendered on a server there may be no WebSocket. */
  const sockets = () =>
    (opened ??= createClient({
      url: options.url.replace(/^http/, "ws"),
      webSocketImpl: options.webSocket,
      connectionParams: async () => ({ ...options.actAs?.(), ...(await authorization()), logToken }),
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: pause,
      connectionAckWaitTimeout: SILENCE_MILLISECONDS,
      keepAlive: SILENCE_MILLISECONDS,
      on: {
        ping: (received) => received || (silence = setTimeout(() => opened?.terminate(), SILENCE_MILLISECONDS)),
        pong: (received) => received && clearTimeout(silence),
        closed: () => clearTimeout(silence),
      },
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
    const [follows, from] = [head.startsWith("subscription") && declares(head, "after", "Position"), variables.after];
    let [stop, stopped, failures, known] = [() => {}, false, 0, replaced];
    const end = (error?: unknown) => (active.delete(leave), error === undefined ? sink.complete() : sink.error(error));
    const again = () => void pause(failures++).then(() => (stopped ? end() : begin()));
    const fail = (error: unknown) => {
      const errors = [error].flat() as Coded[];
      if (!errors.some(isReplaced)) return errors.some(isPassing) ? again() : end(error);
      void forget(known).then((position) => {
        // What began without a position, or at the first, begins so. What followed a read follows the reads of the new log.
        const after = follows && Number(from) ? position : from;
        if (after === undefined && from !== undefined) return end(error);
        [variables.after, variables.minPosition, extensions.logToken] = [after, undefined, logToken ?? null];
        again();
      });
      known = replaced;
    };
    const begin = () => {
      let failure: readonly Coded[] | false | undefined;
      stop = sockets().subscribe<Json, Extensions>(sent, {
        next(message) {
          // Some servers send its error as a result without a path. They complete it then, or go on, with a message lost.
          if (failure) return stop();
          if ((failure = message.data == null && message.errors?.every((e) => !e.path) && message.errors)) return;
          [failures, known] = [0, replaced];
          observe(message.extensions);
          const [root] = Object.values(message.data ?? {}) as ({ position?: string } | null)[];
          if (follows) variables.after = root?.position ?? message.extensions?.position ?? variables.after;
          extensions.logToken = message.extensions?.logToken ?? extensions.logToken ?? null;
          sink.next(message as never);
        },
        error: fail,
        complete: () => (failure ? fail(failure) : end()),
      });
    };
    const leave = () => (active.delete(leave), (stopped = true), stop());
    active.add(leave);
    begin();
    return leave;
  };

  /** The messages of a subscription one by one, over reconnects as well. */
  const iterate: Client["iterate"] = <D, E>(payload: SubscribePayload) => {
    let [stop, stopped] = [() => {}, false];
    const start = (to: ReadableStreamDefaultController<() => FormattedExecutionResult<D, E>>) => {
      const put = (read: () => FormattedExecutionResult<D, E>) => stopped || to.enqueue(read);
      const complete = () => stopped || to.close();
      // A stream that fails drops what is not read yet: the error is its last message.
      const error = (reason: unknown) => (put(() => { throw reason; }), complete());
      stop = subscribe<D, E>(payload, { next: (message) => put(() => message), error, complete });
    };
    const reader = new ReadableStream({ start, cancel: () => ((stopped = true), stop()) }).getReader();
    const leave = async () => (await reader.cancel(), { done: true as const, value: undefined });
    const next = () => reader.read().then(({ done, value }) => (done ? { done, value: undefined } : { done, value: value() }));
    return { next, return: leave, throw: leave, [Symbol.asyncIterator]() { return this; } };
  };

  const on: Client["on"] = (event, listener) => sockets().on(event, listener);
  const [dispose, terminate] = [() => active.forEach((leave) => leave()), () => opened?.terminate()];
  const client: Client = { on, subscribe, iterate, dispose, terminate };
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

/** The operations of a document: their kinds, their names, and the variables that they declare. */
function headsOf(text: string): string[] {
  let heads = text.replace(/"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n\r])*"|#[^\n\r]*/g, "");
  while (/{[^{}]*}/.test(heads)) heads = heads.replace(/{[^{}]*}/g, ";");
  // Braces in parentheses are values of variables. All others are selections, which end a definition.
  const definitions = heads.replace(/;(?=[^()]*\))/g, "").split(";").slice(0, -1);
  return definitions.map((head) => head.replace(/^[\s,]+/, "")).filter((head) => !/^fragment\b/.test(head));
}

/** A new UUID. Pages that are not from https or localhost have no `crypto.randomUUID`. */
export function uuid(): string {
  const random = (digit: number) => (crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) & (15 >> (digit / 4));
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => (+digit ^ random(+digit)).toString(16));
}

const declares = (head: string | undefined, variable: string, type: string) =>
  new RegExp(`\\$${variable}\\s*:\\s*${type}\\b`).test(head ?? "");
const isMutation = (head: string | undefined) => /^mutation\b/.test(head ?? "");
const isJson = (answer: Response) => (answer.headers.get("content-type") ?? "").includes("json");
const codeOf = (error: Coded) => String(error.extensions?.code ?? error.code);
const isPassing = (error: Coded) => PASSING.has(codeOf(error));
const isReplaced = (error: Coded) => codeOf(error) === "LOG_REPLACED";
const pause = (attempt: number) =>
  new Promise<void>((done) => setTimeout(done, Math.min(5_000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2)));
