/** The corners of those who run the shop: staff register products, operators look at the engine. */
import { type FormEvent, useEffect, useState } from "react";
import { type Api, inWords, useLive } from "./api";
import type { Commands } from "./commands";
import { clock, who } from "./format";
import { HeadDocument, LogDocument, type LogSubscription, ProjectionsDocument, type ProjectionsSubscription, ReceiveStockDocument, RegisterProductDocument } from "./gql/graphql";

export function StaffCorner({ commands }: { commands: Commands }) {
  async function register(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const text = (name: string) => String(new FormData(form).get(name)).trim();
    const [sku, name, quantity] = [text("sku"), text("name"), Number(text("quantity"))];
    const input = { sku, name, price: { amount: text("amount"), currency: "EUR" } };
    const registered = await commands.send({ command: RegisterProductDocument, input, done: `${name} is on the shelf.` });
    if (!registered) return;
    if (quantity > 0) await commands.send({ command: ReceiveStockDocument, input: { sku, quantity } });
    form.reset();
  }
  return (
    <section className="corner" aria-labelledby="corner">
      <h2 id="corner">Register a product</h2>
      <form className="register" onSubmit={(event) => void register(event)}>
        <label>
          Name
          <input name="name" required maxLength={200} placeholder="Honey, 500 g" />
        </label>
        <label>
          SKU
          <input name="sku" required maxLength={64} pattern="[A-Za-z0-9._\-]+" placeholder="HONEY-500" title="Letters, digits, dots, _ and -" />
        </label>
        <label>
          Price in euros
          <input name="amount" required inputMode="decimal" pattern="\d{1,9}(\.\d{1,2})?" placeholder="7.50" title="At most two decimals, such as 7.50" />
        </label>
        <label>
          Pieces
          <input name="quantity" type="number" min="0" max="10000" defaultValue="20" required />
        </label>
        <button type="submit" className="primary">
          Register
        </button>
      </form>
    </section>
  );
}

type Projections = ProjectionsSubscription["projections"];
type Fact = LogSubscription["events"];

/** How many events of the log are shown. */
const SHOWN = 14;

export function OperatorCorner({ api }: { api: Api }) {
  const projections = useLive(api, ProjectionsDocument, {}, (_: Projections | undefined, data) => data.projections);
  const [after, setAfter] = useState<string>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let current = true;
    api
      .request(HeadDocument, {})
      .then(({ position }) => {
        const first = BigInt(position) - BigInt(SHOWN);
        if (current) setAfter(String(first > 0n ? first : 0n));
      })
      .catch((error: unknown) => current && setProblem(inWords(error)));
    return () => {
      current = false;
    };
  }, [api]);
  const log = useLive(api, LogDocument, after === undefined ? undefined : { after }, (before: readonly Fact[] | undefined, data) =>
    [data.events, ...(before ?? [])].slice(0, SHOWN),
  );
  const failed = projections.problem ?? problem ?? log.problem;
  return (
    <section className="corner" aria-labelledby="corner">
      <h2 id="corner">The engine</h2>
      {failed && (
        <p className="problem" role="alert">
          {failed}
        </p>
      )}
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Projection</th>
              <th scope="col">State</th>
              <th scope="col" className="number">
                Position
              </th>
              <th scope="col" className="number">
                Lag
              </th>
            </tr>
          </thead>
          <tbody>
            {projections.value?.map(({ name, state, position, lag, parked }) => (
              <tr key={name}>
                <td>{name}</td>
                <td>
                  {state}
                  {parked > 0 && `, ${parked} parked`}
                </td>
                <td className="number">{position}</td>
                <td className="number">{lag}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>The log</h3>
      <ol className="log">
        {log.value?.map(({ position, type, actor, recordedAt }) => (
          <li key={position}>
            <span className="number">{position}</span>
            <span>
              {type} <span className="quiet">{actor.startsWith("process:") ? "process" : who(actor, api.actor)}</span>
            </span>
            <span className="quiet">{clock(recordedAt)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
