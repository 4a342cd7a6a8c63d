/** The shop's page: it shows how a frontend is written against this API. */
import { useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import "./theme.css";
import "./shop.css";
import "./orders.css";
import "./small.css";
import { type Api, createApi, customerId, ROLES, type Role, signIn, takesHeaders, useConnection, useLiveList } from "./api";
import { Basket, useBasket } from "./basket";
import { type Commands, useCommands } from "./commands";
import { money, pieces } from "./format";
import { type OrderFilter, OrdersDocument, type OrderLinesFragment } from "./gql/graphql";
import { Order, Orders } from "./orders";
import { usePlaced } from "./placed";
import { Products } from "./products";
import { OperatorCorner, StaffCorner } from "./staff";

const ME = customerId();
const TOO_MANY = "There are too many open orders for one list.";
const PLACED = /^#order=([0-9a-f-]{36})$/;

function Shop() {
  const [role, setRole] = useState<Role>("customer");
  const api = useMemo(() => createApi(role, ME), [role]);
  const commands = useCommands(api);
  // A list of its own: a basket is found among any number of orders.
  const baskets = role === "customer" ? { filter: { customerId: ME, status: ["OPEN"] } satisfies OrderFilter } : undefined;
  const { value: open, problem } = useLiveList(api, OrdersDocument, baskets, (data) => data.orders, TOO_MANY);
  const placed = usePlaced(api, role === "customer" ? ME : undefined, open, commands.done());
  const { basket, add } = useBasket(api, commands, open, placed.orders);
  const [selected, select] = useSelection();
  const inBasket = new Map(basket?.lines.map((line) => [line.sku, line.quantity]));
  const count = basket?.lines.reduce((sum, line) => sum + line.quantity, 0) ?? 0;

  return (
    <>
      <a className="skip" href="#basket">
        To the basket
      </a>
      <header className="top">
        <h1>The shop</h1>
        <LiveSign api={api} />
        <a className="quiet" href="/graphql">
          GraphiQL
        </a>
        {!takesHeaders() && <SignIn />}
        <ActAs role={role} choose={setRole} />
      </header>
      <Banner api={api} pending={commands.pending()} />
      <main className={role}>
        <Products api={api} commands={commands} inBasket={inBasket} add={add && ((product) => void add(product))} />
        <aside>
          {role === "customer" && <Basket api={api} commands={commands} basket={basket} loading={open === undefined} placed={select} />}
          {role === "staff" && <StaffCorner commands={commands} />}
          {role === "operator" && <OperatorCorner api={api} />}
        </aside>
        <div className="mine">
          <Orders title={role === "customer" ? "My orders" : "To be shipped"} {...placed} problem={problem ?? placed.problem} selected={selected.id} select={select} />
          <div className="detail">
            {selected.id === undefined ? (
              <p className="quiet">Choose an order to see its fulfilment and its past.</p>
            ) : (
              <Order key={selected.id} api={api} commands={commands} id={selected.id} asked={selected.asked} />
            )}
          </div>
        </div>
      </main>
      {role === "customer" && basket && count > 0 && (
        <a className="to-basket" href="#basket">
          Basket · {pieces(count)} <strong>{money(basket.total)}</strong>
        </a>
      )}
      <Notices commands={commands} />
      <Announcement basket={basket} count={count} order={selected.id === undefined ? undefined : placed.orders?.get(selected.id)} />
    </>
  );
}

/** The order that is shown in full. It is in the URL, so that a reload shows it again. */
function useSelection() {
  const [selected, setSelected] = useState<{ id: string | undefined; asked: number }>({ id: PLACED.exec(location.hash)?.[1], asked: 0 });
  const select = (id: string) => {
    history.replaceState(null, "", `#order=${id}`);
    setSelected(({ asked }) => ({ id, asked: asked + 1 }));
  };
  return [selected, select] as const;
}

function LiveSign({ api }: { api: Api }) {
  const connection = useConnection(api);
  return <p className={`live ${connection}`}>{connection === "online" ? "Live" : connection === "connecting" ? "Connecting" : "Offline"}</p>;
}

/** For a server with a key or an issuer: `python -m app token` prints a token. */
function SignIn() {
  return (
    <form className="sign-in" onSubmit={(event) => (event.preventDefault(), signIn(String(new FormData(event.currentTarget).get("token"))))}>
      <label>
        <span className="hidden">Token</span>
        <input name="token" type="password" autoComplete="off" required placeholder="Token" />
      </label>
      <button type="submit">Sign in</button>
    </form>
  );
}

function ActAs({ role, choose }: { role: Role; choose: (role: Role) => void }) {
  return (
    <fieldset className="act-as">
      <legend>{takesHeaders() ? "Act as" : "View"}</legend>
      {ROLES.map((each) => (
        <label key={each}>
          <input type="radio" name="role" checked={each === role} onChange={() => choose(each)} />
          <span>{each}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** The kit reconnects by itself. What is shown stays, and what was sent waits. */
function Banner({ api, pending }: { api: Api; pending: number }) {
  const connection = useConnection(api);
  return (
    <div role="status" className="banner-place">
      {connection === "refused" && <p className="banner">The server does not accept your token, or it has expired. Sign in with a new one.</p>}
      {connection === "reconnecting" && (
        <p className="banner">
          Reconnecting… You see what was there last.{pending > 0 && ` ${pending === 1 ? "One change waits" : `${pending} changes wait`} to be sent.`}
        </p>
      )}
    </div>
  );
}

function Notices({ commands }: { commands: Commands }) {
  return (
    <div className="notices" role="log" aria-live="polite">
      {commands.notices().map(({ id, kind, text, action }) => (
        <div key={id} className={`notice ${kind}`}>
          <p>{text}</p>
          <span className="actions">
            {action && (
              <button
                type="button"
                className="primary"
                onClick={() => {
                  commands.dismiss(id);
                  action.run();
                }}
              >
                {action.label}
              </button>
            )}
            <button type="button" onClick={() => commands.dismiss(id)}>
              {action ? "Leave it" : "Close"}
            </button>
          </span>
        </div>
      ))}
    </div>
  );
}

/** Says to a screen reader what others see: the basket and the status of the order that is shown. */
function Announcement({ basket, count, order }: { basket: OrderLinesFragment | undefined; count: number; order: OrderLinesFragment | undefined }) {
  const said = [
    basket && count > 0 && `Basket: ${pieces(count)}, ${money(basket.total)}.`,
    order && `Order ${order.status.toLowerCase()}.`,
  ]
    .filter(Boolean)
    .join(" ");
  const first = useRef(true);
  useEffect(() => {
    first.current = false;
  }, []);
  return (
    <p className="hidden" role="status">
      {first.current ? "" : said}
    </p>
  );
}

const root = document.getElementById("shop");
if (root !== null) createRoot(root).render(<Shop />);
