/** The list of orders, and one of them as it is now. */
import { useEffect, useRef } from "react";
import type { Api } from "./api";
import { type LiveOrder, useLiveOrder } from "./basket";
import type { Commands } from "./commands";
import { clock, day, money, shortId, STATUS } from "./format";
import { CancelOrderDocument, type OrderStatus, ShipOrderDocument } from "./gql/graphql";
import { StepMark } from "./icons";
import { Past } from "./past";
import type { Placed } from "./placed";

interface ListProps extends Placed {
  title: string;
  selected: string | undefined;
  select: (id: string) => void;
}

export function Orders({ title, orders, problem, more, selected, select }: ListProps) {
  const newest = [...(orders?.values() ?? [])].sort((one, other) => other.openedAt.localeCompare(one.openedAt));
  return (
    <section className="orders" aria-labelledby="orders">
      <h2 id="orders">{title}</h2>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {orders !== undefined && newest.length === 0 && <p className="quiet">No orders yet.</p>}
      <ul>
        {newest.map((order) => (
          <li key={order.id}>
            <button type="button" aria-pressed={order.id === selected} onClick={() => select(order.id)}>
              <span className="number">{shortId(order.id)}</span>
              <Status status={order.status} />
              <span className="quiet">{day(order.placedAt ?? order.openedAt)}</span>
              <span className="sum">{order.lines.length > 0 ? money(order.total) : "–"}</span>
            </button>
          </li>
        ))}
      </ul>
      {more && (
        <button type="button" onClick={more}>
          Show more
        </button>
      )}
    </section>
  );
}

export const Status = ({ status }: { status: OrderStatus }) => <span className={`status ${status.toLowerCase()}`}>{STATUS[status]}</span>;

interface DetailProps {
  api: Api;
  commands: Commands;
  id: string;
  /** Changes when the person has asked for this order, so that the keyboard goes on from here. */
  asked: number;
}

export function Order({ api, commands, id, asked }: DetailProps) {
  const { value: order, problem } = useLiveOrder(api, id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (asked > 0) heading.current?.focus();
  }, [asked, order === undefined]);
  if (order === undefined) return <p className="quiet">{problem ?? "Looking for the order…"}</p>;

  const orderId = order.id;
  const cancel = () =>
    commands.send({ command: CancelOrderDocument, input: { orderId, reason: "Cancelled on the page" }, seen: order.version, done: "The order was cancelled." });
  const ship = () => commands.send({ command: ShipOrderDocument, input: { orderId }, seen: order.version, done: "The order was shipped." });
  return (
    <article className="order" aria-labelledby="order" data-version={order.version} data-status={order.status}>
      <header>
        <h2 id="order" ref={heading} tabIndex={-1}>
          Order {shortId(order.id)}
        </h2>
        <Status status={order.status} />
        <span className="sum">{order.lines.length > 0 && money(order.total)}</span>
        {api.role !== "operator" && (
          <span className="actions">
            {["OPEN", "PLACED", "CONFIRMED"].includes(order.status) && (
              <button type="button" onClick={() => void cancel()}>
                Cancel
              </button>
            )}
            {api.role === "staff" && order.status === "CONFIRMED" && (
              <button type="button" className="primary" onClick={() => void ship()}>
                Ship
              </button>
            )}
          </span>
        )}
      </header>
      {order.reason && <p className="problem">{order.reason}</p>}
      <Stages status={order.status} />
      <div className="columns">
        <Fulfilment order={order} />
        <Past api={api} id={order.id} version={order.version} />
      </div>
    </article>
  );
}

const STAGES: readonly OrderStatus[] = ["OPEN", "PLACED", "CONFIRMED", "SHIPPED"];

function Stages({ status }: { status: OrderStatus }) {
  const stages = STAGES.includes(status) ? STAGES : (["OPEN", "PLACED", status] as const);
  const reached = stages.indexOf(status);
  return (
    <ol className="stages" aria-label="Where the order is">
      {stages.map((stage, place) => (
        <li key={stage} className={place <= reached ? `reached ${stage.toLowerCase()}` : ""} aria-current={place === reached ? "step" : undefined}>
          {STATUS[stage]}
        </li>
      ))}
    </ol>
  );
}

function Fulfilment({ order }: { order: LiveOrder }) {
  const { fulfilment, payment, lines } = order;
  const named = (step: string) => {
    const line = lines.find(({ sku }) => step.endsWith(` ${sku}`));
    const text = line ? step.replace(line.sku, line.product?.name ?? line.sku) : step;
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  return (
    <section className="fulfilment" aria-labelledby="fulfilment">
      <h3 id="fulfilment">
        Fulfilment {fulfilment && <span className="quiet">· {fulfilment.status}</span>}
      </h3>
      {fulfilment === null ? (
        <p className="quiet">It begins when the order is placed.</p>
      ) : (
        <ol className="steps">
          {fulfilment.steps.map((step) => (
            <li key={step.name} data-outcome={step.outcome}>
              <StepMark outcome={step.outcome} />
              <span>
                {named(step.name)}
                {step.error && <span className="quiet"> · {step.error}</span>}
                {step.attempts > 0 && <span className="quiet"> · {step.attempts} failed attempts</span>}
              </span>
              <span className="quiet">{step.outcome === "done" ? clock(step.at) : step.outcome}</span>
            </li>
          ))}
        </ol>
      )}
      {fulfilment?.stuck && <p className="problem">It waits for an operator.</p>}
      {payment && (
        <p className="payment">
          <span>Payment</span> <strong>{payment.status.toLowerCase()}</strong> <span className="sum">{money(payment.amount)}</span>
          {payment.reason && <span className="quiet"> {payment.reason}</span>}
        </p>
      )}
    </section>
  );
}
