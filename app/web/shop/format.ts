/** How values are written for people. */
import type { OrderFactFragment, OrderStatus, PriceFragment } from "./gql/graphql";

/** An amount in its currency. A decimal becomes a number for display only. */
export function money(price: PriceFragment): string {
  return new Intl.NumberFormat(undefined, { style: "currency", currency: price.currency }).format(Number(price.amount));
}

/** The price of several pieces, exact in the smallest unit of two decimals. */
export function times(price: PriceFragment, quantity: number): PriceFragment {
  const cents = BigInt(Math.round(Number(price.amount) * 100)) * BigInt(quantity);
  return { amount: `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`, currency: price.currency };
}

export const clock = (moment: string) =>
  new Date(moment).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export const day = (moment: string) =>
  new Date(moment).toLocaleString(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const pieces = (count: number) => (count === 1 ? "1 piece" : `${count} pieces`);

export const shortId = (id: string) => id.slice(-6).toUpperCase();

export const STATUS: Record<OrderStatus, string> = {
  OPEN: "Open",
  PLACED: "Placed",
  CONFIRMED: "Confirmed",
  SHIPPED: "Shipped",
  REJECTED: "Rejected",
  CANCELLED: "Cancelled",
};

/** Who acted: a person in this browser, another one, or a process. */
export function who(actor: string, me: string): string {
  if (actor === me) return "you";
  if (actor.startsWith("process:")) return `the ${actor.slice("process:".length)} process`;
  return /^[0-9a-f-]{36}$/.test(actor) ? `customer ${shortId(actor)}` : actor;
}

/** One event of an order as a sentence. `name` gives the name of a product. */
export function sentence(event: OrderFactFragment, name: (sku: string) => string): string {
  const prefix = "undoes" in event && event.undoes !== null ? "Undone: " : "redoes" in event && event.redoes !== null ? "Redone: " : "";
  switch (event.type) {
    case "order.opened":
      return "The basket was opened";
    case "order.line-added":
      return "quantity" in event && "sku" in event ? `${prefix}${event.quantity} × ${name(event.sku)} into the basket` : event.type;
    case "order.line-removed":
      return "sku" in event ? `${prefix}${name(event.sku)} out of the basket` : event.type;
    case "order.quantity-changed":
      return "quantity" in event && "sku" in event ? `${prefix}${name(event.sku)}: quantity ${event.quantity}` : event.type;
    case "order.placed":
      return "The order was placed";
    case "order.confirmed":
      return "The order was confirmed";
    case "order.shipped":
      return "The order was shipped";
    case "order.rejected":
    case "order.cancelled":
      return `The order was ${event.type.slice("order.".length)}${"reason" in event ? `: ${event.reason}` : ""}`;
    default:
      return event.type;
  }
}

/**
 * Whether something can be undone and redone, by the newest events of an order. Several events may undo or redo one change:
 * they name its version. If older events are missing, a change that can be undone or redone may be among them.
 */
export function changes(events: readonly OrderFactFragment[]): { undo: boolean; redo: boolean } {
  const [done, undone]: [number[], number[]] = [[], []];
  const cut = (events[0]?.version ?? 1) > 1;
  let unknown = cut;
  for (const event of events) {
    if (!("undoes" in event)) continue;
    if (event.undoes !== null) move(event.undoes, done, undone);
    else if (event.redoes !== null) move(event.redoes, undone, done);
    else {
      done.push(event.version);
      // After a new change there is nothing to redo.
      undone.length = 0;
      unknown = false;
    }
  }
  return { undo: cut || done.length > 0, redo: unknown || undone.length > 0 };
}

/** Move a change from the end of one list to the end of the other, unless an event before has done it. */
function move(change: number, from: number[], to: number[]): void {
  if (from.at(-1) === change) from.pop();
  if (to.at(-1) !== change) to.push(change);
}
