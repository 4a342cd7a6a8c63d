/** The API as this page uses it: one kit for each role, typed operations, and live values as React hooks. */
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { applyChanges, createKit } from "../kit";
import type { TypedDocumentString } from "./gql/graphql";

const UUID = /^[0-9a-f-]{36}$/;
export const ROLES = ["customer", "staff", "operator"] as const;
export type Role = (typeof ROLES)[number];
export type Connection = "connecting" | "online" | "reconnecting" | "refused";
export type Api = ReturnType<typeof createApi>;

const TOKEN = "shop token";
/** The server closes a socket with it if it refuses the token, or when the token expires. */
const TOKEN_REFUSED = 4403;

/** Whether the server takes callers from headers: in development mode without a key. It writes that into the page. */
export const takesHeaders = () => document.documentElement.dataset.callers === "headers";

/** Use a token from now on, as long as this window is open. */
export function signIn(token: string): void {
  sessionStorage.setItem(TOKEN, token.trim());
  location.reload();
}

/** The subject of the token, if it is a UUID. The server verifies the token, the page does not. */
function subject(): string | undefined {
  try {
    const [, payload = ""] = (sessionStorage.getItem(TOKEN) ?? "").split(".");
    const { sub } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as { sub?: string };
    return sub !== undefined && UUID.test(sub) ? sub : undefined;
  } catch {
    return undefined;
  }
}

/** Who shops in this browser: a UUID, which is the id of the customer and the actor of the commands. */
export function customerId(): string {
  const signedIn = takesHeaders() ? undefined : subject();
  if (signedIn !== undefined) return signedIn;
  const key = "shop customer";
  const kept = localStorage.getItem(key);
  if (kept !== null && UUID.test(kept)) return kept;
  const made = crypto.randomUUID();
  localStorage.setItem(key, made);
  return made;
}

/** The API for a caller in one role. It opens a socket when something is live. */
export function createApi(role: Role, actor: string) {
  const kit = createKit({
    url: new URL("/graphql", location.href).href,
    ...(takesHeaders() ? { actAs: () => ({ actor, roles: role }) } : { token: () => sessionStorage.getItem(TOKEN) ?? undefined }),
  });
  let connection: Connection = "connecting";
  const listeners = new Set<() => void>();
  const become = (next: Connection) => {
    connection = next;
    for (const listener of listeners) listener();
  };
  kit.client.on("connected", () => become("online"));
  // 1000 is the end of a socket that nothing needs any more.
  kit.client.on("closed", (event) => {
    const { code } = event as CloseEvent;
    if (code !== 1000) become(code === TOKEN_REFUSED ? "refused" : "reconnecting");
  });

  return {
    role,
    actor,
    connection: {
      subscribe(listener: () => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      current: () => connection,
    },
    async request<R, V extends Record<string, unknown>>(document: TypedDocumentString<R, V>, variables: V): Promise<R> {
      return (await kit.request<R>(document.toString(), variables)).data;
    },
    subscribe<R, V extends Record<string, unknown>>(
      document: TypedDocumentString<R, V>,
      variables: V,
      next: (data: R) => void,
      failed: (error: unknown) => void,
    ): () => void {
      return kit.client.subscribe<R>(
        { query: document.toString(), variables },
        {
          next: ({ data, errors }) => (data ? next(data) : failed(errors)),
          error: failed,
          complete: () => {},
        },
      );
    },
  };
}

export const useConnection = (api: Api): Connection => useSyncExternalStore(api.connection.subscribe, api.connection.current);

export interface Live<T> {
  value: T | undefined;
  /** Why there are no values any more, in words. */
  problem: string | undefined;
}

/** The newest result of a subscription. `undefined` variables: nothing is followed. */
export function useLive<R, V extends Record<string, unknown>, T>(
  api: Api,
  document: TypedDocumentString<R, V>,
  variables: V | undefined,
  reduce: (before: T | undefined, data: R) => T,
  words: Words = {},
): Live<T> {
  const key = useMemo(() => [api, document, JSON.stringify(variables)] as const, [api, document, JSON.stringify(variables)]);
  const [state, setState] = useState<Live<T> & { key: unknown }>({ key, value: undefined, problem: undefined });
  useEffect(() => {
    if (variables === undefined) return;
    return api.subscribe(
      document,
      variables,
      (data) =>
        setState((before) => ({
          key,
          value: reduce(before.key === key ? before.value : undefined, data),
          problem: undefined,
        })),
      (error) => setState({ key, value: undefined, problem: inWords(error, words) }),
    );
  }, [key]);
  // A value of other variables is not shown, not even for one frame.
  return state.key === key && variables !== undefined ? state : { value: undefined, problem: undefined };
}

interface Changes<T> {
  initial: boolean;
  upserted: readonly T[];
  removed: readonly string[];
}

/** The items of a live list by id, kept current. */
export function useLiveList<R, V extends Record<string, unknown>, T extends { id: string }>(
  api: Api,
  document: TypedDocumentString<R, V>,
  variables: V | undefined,
  changes: (data: R) => Changes<T>,
  tooMany: string,
): Live<ReadonlyMap<string, T>> {
  const reduce = (before: ReadonlyMap<string, T> | undefined, data: R) => applyChanges(before ?? new Map<string, T>(), changes(data));
  // A list that is too long is refused, since it would have to be kept whole.
  return useLive(api, document, variables, reduce, { BAD_USER_INPUT: tooMany });
}

// --- Errors ------------------------------------------------------------------

/** What to say about an error, by its code. */
type Words = Readonly<Record<string, string>>;

const WORDS: Words = {
  UNAVAILABLE: "The shop does not answer at the moment. Please try again.",
  OVERLOADED: "The shop has too much to do at the moment. Please try again.",
  TIMEOUT: "This took too long. Please try again.",
  STALE_READ: "The newest state is not there yet. Please try again.",
  UNAUTHENTICATED: "Please sign in again.",
  LOG_REPLACED: "The shop's data was replaced. Everything is read again.",
  NOT_FOUND: "This does not exist.",
};

/** Headers give the role that is chosen on the page. A token brings its own roles. */
function forbidden(): string {
  if (takesHeaders()) return "Your role may not do this. Choose another one at the top of the page.";
  if (sessionStorage.getItem(TOKEN) === null) return "Please sign in with a token.";
  if (subject() === undefined) return "Your token may not do this. To shop, its subject has to be a UUID.";
  return "The roles of your token do not allow this.";
}

/** What went wrong, in words for the person at the page. `words` come before those that hold everywhere. */
export function inWords(error: unknown, words: Words = {}): string {
  const errors = (Array.isArray(error) ? error : ((error as { errors?: unknown[] })?.errors ?? [])) as {
    message?: string;
    extensions?: { code?: string; correlationId?: string };
  }[];
  const [first] = errors;
  const code = first?.extensions?.code ?? "";
  if (code === "INTERNAL_SERVER_ERROR") return `Something failed on the server. Its log has it as ${first?.extensions?.correlationId}.`;
  if (code === "FORBIDDEN") return forbidden();
  if (first !== undefined) return words[code] ?? WORDS[code] ?? first.message ?? "Something failed.";
  return error instanceof TypeError ? "The shop cannot be reached. Please try again." : "Something failed. Please try again.";
}
