/** The basket: an open order, with undo and redo. */
import { useEffect, useRef, useState } from "react";
import { type Api, useLive } from "./api";
import type { Commands, Intent } from "./commands";
import { changes, money, pieces, times } from "./format";
import {
  AddLineDocument,
  ChangeQuantityDocument,
  LiveOrderDocument,
  type LiveOrderSubscription,
  OpenOrderDocument,
  type OrderLinesFragment,
  PlaceOrderDocument,
  type ProductCardFragment,
  RedoDocument,
  RemoveLineDocument,
  UndoDocument,
} from "./gql/graphql";
import type { Orders } from "./placed";

export type LiveOrder = LiveOrderSubscription["order"];

/** An order as it is now, with payment, fulfilment and events. */
export const useLiveOrder = (api: Api, id: string | undefined) =>
  useLive(api, LiveOrderDocument, id === undefined ? undefined : { id }, (_: LiveOrder | undefined, data) => data.order);

/** The open order of the customer that was opened last, and how a product gets into it. */
export function useBasket(api: Api, commands: Commands, open: Orders | undefined, placed: Orders | undefined) {
  const opening = useRef<{ id: string; accepted: Promise<boolean> }>(undefined);
  const basket = [...(open?.values() ?? [])].sort((one, other) => other.openedAt.localeCompare(one.openedAt))[0];
  useEffect(() => {
    const { id } = opening.current ?? {};
    if (id !== undefined && (open?.has(id) || placed?.has(id))) opening.current = undefined;
  }, [open, placed]);

  async function add(product: ProductCardFragment): Promise<void> {
    if (basket === undefined && opening.current === undefined) {
      // The client makes the id, so that a second click finds the basket before the server has answered.
      const id = crypto.randomUUID();
      const accepted = commands.send({ command: OpenOrderDocument, input: { id, customerId: api.actor } });
      const made = (opening.current = { id, accepted });
      void accepted.then((done) => {
        if (!done && opening.current === made) opening.current = undefined;
      });
    }
    const orderId = basket?.id ?? opening.current?.id;
    if (orderId === undefined) return;
    // It is sent without waiting for the answer: if it waited, the line of a second click would come before this one.
    await commands.send({
      command: AddLineDocument,
      input: { orderId, sku: product.sku, quantity: 1 },
      seen: basket?.version ?? 0,
      after: basket === undefined ? opening.current?.accepted : undefined,
    });
  }
  return { basket, add: open === undefined ? undefined : add };
}

interface Props {
  api: Api;
  commands: Commands;
  basket: OrderLinesFragment | undefined;
  loading: boolean;
  placed: (id: string) => void;
}

export function Basket({ api, commands, basket, loading, placed }: Props) {
  const { value: live } = useLiveOrder(api, basket?.id);
  const heading = useRef<HTMLHeadingElement>(null);
  const lines = basket?.lines ?? [];
  const count = lines.reduce((sum, line) => sum + line.quantity, 0);
  const { undo, redo } = changes(live?.history.nodes.map((node) => node.event) ?? []);
  const pending = commands.pending();

  /** A command to the basket as it is shown. */
  function change<I extends { orderId: string }>(intent: Omit<Intent<I>, "seen">) {
    return commands.send({ ...intent, seen: basket?.version ?? 0 });
  }

  async function place(orderId: string) {
    if (await change({ command: PlaceOrderDocument, input: { orderId }, done: "The order was placed." })) placed(orderId);
  }

  return (
    <section className="basket" id="basket" aria-labelledby="basket-title" aria-busy={pending > 0}>
      <header>
        <h2 id="basket-title" ref={heading} tabIndex={-1}>
          Basket
        </h2>
        <div className="history">
          <button type="button" disabled={!basket || !undo} onClick={() => basket && void change({ command: UndoDocument, input: { orderId: basket.id } })}>
            Undo
          </button>
          <button type="button" disabled={!basket || !redo} onClick={() => basket && void change({ command: RedoDocument, input: { orderId: basket.id } })}>
            Redo
          </button>
        </div>
      </header>
      {lines.length === 0 && <p className="quiet">{loading ? "Looking for your basket…" : "Nothing in it yet."}</p>}
      <ul className="lines">
        {basket?.lines.map((line) => (
          <li key={line.sku} data-sku={line.sku}>
            <span className="name">{line.product?.name ?? line.sku}</span>
            <span className="sum">{money(times(line.unitPrice, line.quantity))}</span>
            <Quantity
              name={line.product?.name ?? line.sku}
              quantity={line.quantity}
              set={(quantity) => void change({ command: ChangeQuantityDocument, input: { orderId: basket.id, sku: line.sku, quantity } })}
            />
            <button
              type="button"
              className="remove"
              aria-label={`Remove ${line.product?.name ?? line.sku}`}
              onClick={() => {
                // The button goes with its line, and the keyboard has to go on from somewhere.
                heading.current?.focus();
                void change({ command: RemoveLineDocument, input: { orderId: basket.id, sku: line.sku } });
              }}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      <footer>
        <p className="total">
          <span>{count > 0 ? pieces(count) : "Total"}</span>
          <strong>{basket && count > 0 ? money(basket.total) : "–"}</strong>
        </p>
        <button type="button" className="primary" disabled={count === 0} onClick={() => basket && void place(basket.id)}>
          Place the order
        </button>
        {basket && (
          <p className="quiet version">
            Version {basket.version}
            {pending > 0 && " · saving…"}
          </p>
        )}
      </footer>
    </section>
  );
}

function Quantity({ name, quantity, set }: { name: string; quantity: number; set: (quantity: number) => void }) {
  const [text, setText] = useState<string>();
  function leave() {
    const wanted = Number(text);
    if (text !== undefined && Number.isInteger(wanted) && wanted >= 1 && wanted <= 10_000 && wanted !== quantity) set(wanted);
    setText(undefined);
  }
  return (
    <span className="quantity" role="group" aria-label={`Quantity of ${name}`}>
      <button type="button" aria-label={`One less of ${name}`} disabled={quantity <= 1} onClick={() => set(quantity - 1)}>
        −
      </button>
      <input
        inputMode="numeric"
        aria-label={`Quantity of ${name}`}
        value={text ?? quantity}
        onChange={(event) => setText(event.target.value)}
        onBlur={leave}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key === "Escape") setText(undefined);
        }}
      />
      <button type="button" aria-label={`One more of ${name}`} onClick={() => set(quantity + 1)}>
        +
      </button>
    </span>
  );
}
