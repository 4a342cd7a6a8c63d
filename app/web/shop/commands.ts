/** Commands to one order after the other, and what the page says about their outcomes. */
import { useEffect, useMemo, useState } from "react";
import { outcome } from "../kit";
import { type Api, inWords } from "./api";
import type { CommandOptions, OrderResultFragment, ProductResultFragment, TypedDocumentString } from "./gql/graphql";

export interface Notice {
  id: number;
  kind: "info" | "rejected" | "conflict" | "error";
  text: string;
  action?: { label: string; run: () => void };
}

type Result = OrderResultFragment | ProductResultFragment;
type Command<I> = TypedDocumentString<{ outcome: Result }, { input: I; options?: CommandOptions | null | undefined }>;

export interface Intent<I> {
  command: Command<I>;
  input: I;
  /** The version of the order that the person saw. Without it the command goes to any version. */
  seen?: number;
  /** A command that was sent before. This one is sent only if that one is accepted. */
  after?: Promise<boolean> | undefined;
  /** What to say if it is accepted. */
  done?: string;
}

export type Commands = ReturnType<typeof createCommands>;

/** How many notices are shown at most, and for how long one without an action stays. */
const MAX_NOTICES = 3;
const NOTICE_MILLISECONDS = 6_000;

/**
 * Sends commands one after the other, so that two quick clicks do not conflict with each other. A command expects the version
 * that the person saw, or the one that their own command before it has led to.
 */
export function createCommands(api: Api, changed: () => void) {
  let last: Promise<unknown> = Promise.resolve();
  let pending = 0;
  let done = 0;
  let next = 1;
  let notices: readonly Notice[] = [];
  const reached = new Map<string, number>();

  function say(notice: Omit<Notice, "id">): void {
    const said = { ...notice, id: next++ };
    notices = [...notices, said].slice(-MAX_NOTICES);
    if (said.action === undefined) setTimeout(() => dismiss(said.id), NOTICE_MILLISECONDS);
    changed();
  }

  function dismiss(id: number): void {
    notices = notices.filter((notice) => notice.id !== id);
    changed();
  }

  async function execute<I>(intent: Intent<I>): Promise<boolean> {
    const { command, input, seen, after, done } = intent;
    if (after !== undefined && !(await after)) return false;
    const order = (input as { orderId?: string; id?: string }).orderId ?? (input as { id?: string }).id ?? "";
    const expectedVersion = seen === undefined ? undefined : Math.max(seen, reached.get(order) ?? 0);
    try {
      const answer = await api.request(command, { input, options: { expectedVersion } });
      const result = outcome(answer.outcome);
      switch (result.kind) {
        case "accepted":
          reached.set(order, result.value.version);
          if (done !== undefined) say({ kind: "info", text: done });
          return true;
        case "rejected":
          say({ kind: "rejected", text: result.value.message });
          return false;
        case "conflict": {
          const { actualVersion } = result.value;
          say({
            kind: "conflict",
            text: "This order was changed in another window first, and your change was not made. The page shows the order as it is now.",
            action: { label: "Make my change as well", run: () => void send({ ...intent, seen: actualVersion }) },
          });
          return false;
        }
        case "preview":
          return true;
      }
    } catch (error) {
      say({ kind: "error", text: inWords(error) });
      return false;
    }
  }

  /** Whether the command was accepted. It never throws: what went wrong becomes a notice. */
  function send<I>(intent: Intent<I>): Promise<boolean> {
    pending += 1;
    changed();
    const sent = last.then(() => execute(intent));
    last = sent.finally(() => {
      pending -= 1;
      done += 1;
      changed();
    });
    return sent;
  }

  return { send, say, dismiss, notices: () => notices, pending: () => pending, done: () => done };
}

/** The commands of this page for one caller. */
export function useCommands(api: Api): Commands {
  const [, render] = useState(0);
  const commands = useMemo(() => createCommands(api, () => render((count) => count + 1)), [api]);
  useEffect(() => () => commands.notices().forEach((notice) => commands.dismiss(notice.id)), [commands]);
  return commands;
}
