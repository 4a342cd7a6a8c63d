/** An order's past under a slider: what it was, what changed at each step, and who set which field. */
import { Fragment, useEffect, useId, useState } from "react";
import { type Api, inWords } from "./api";
import { clock, money, sentence, STATUS, times, who } from "./format";
import { HistoryDocument, type HistoryQuery, PastDocument, type PastQuery } from "./gql/graphql";

type Entry = NonNullable<HistoryQuery["order"]>["history"]["nodes"][number];
type Moment = NonNullable<PastQuery["order"]>;
type Change = { op: string; path: string; value?: unknown };

/** The history and the chosen version are read again when the order has a new version. */
export function Past({ api, id, version }: { api: Api; id: string; version: number }) {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [chosen, setChosen] = useState<number>();
  const [moment, setMoment] = useState<Moment>();
  const [problem, setProblem] = useState<string>();
  const slider = useId();

  useEffect(() => {
    let current = true;
    api
      .request(HistoryDocument, { id })
      .then(({ order }) => current && setEntries(order?.history.nodes ?? []))
      .catch((error: unknown) => current && setProblem(inWords(error)));
    return () => {
      current = false;
    };
  }, [api, id, version]);

  const newest = entries.at(-1)?.event.version;
  const shown = chosen ?? newest;
  useEffect(() => {
    if (shown === undefined) return;
    let current = true;
    api
      .request(PastDocument, { id, version: shown, before: Math.max(1, shown - 1) })
      .then(({ order }) => {
        if (!current || order === null) return;
        setMoment(order);
        setProblem(undefined);
      })
      .catch((error: unknown) => current && setProblem(inWords(error)));
    return () => {
      current = false;
    };
  }, [api, id, shown]);

  const place = entries.findIndex((entry) => entry.event.version === shown);
  const entry = entries[place];
  const first = entries[0]?.event.version;
  if (entry === undefined || shown === undefined || newest === undefined || first === undefined) {
    return (
      <section className="past">
        <h3>The past</h3>
        <p className="quiet">{problem ?? "Reading the history…"}</p>
      </section>
    );
  }
  const lines = [...(moment?.before?.lines ?? []), ...(moment?.asOf?.lines ?? [])];
  const names = new Map(lines.map((line) => [line.sku, line.product?.name ?? line.sku]));
  const said = sentence(entry.event, (sku) => names.get(sku) ?? sku);
  // At the end the slider follows the order.
  const choose = (next: number) => setChosen(next >= newest ? undefined : Math.max(first, next));
  return (
    <section className="past" aria-labelledby={`${slider}-title`}>
      <h3 id={`${slider}-title`}>
        The past <span className="quiet">· version {shown} of {newest}</span>
      </h3>
      <div className="slider">
        <button type="button" aria-label="One step back" disabled={shown <= first} onClick={() => choose(shown - 1)}>
          ‹
        </button>
        <input
          type="range"
          aria-label="Version of the order"
          aria-valuetext={`Version ${shown} of ${newest}: ${said}`}
          min={first}
          max={newest}
          value={shown}
          disabled={first === newest}
          onChange={(event) => choose(Number(event.target.value))}
        />
        <button type="button" aria-label="One step forward" disabled={shown >= newest} onClick={() => choose(shown + 1)}>
          ›
        </button>
      </div>
      <p className="moment" data-version={shown}>
        <strong>{said}</strong>
        <span className="quiet">
          {" "}
          {clock(entry.event.recordedAt)}, by {who(entry.event.actor, api.actor)}
          {entry.undone && " · undone later"}
        </span>
      </p>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <Differences changes={entry.changes as Change[]} before={entries[place - 1]?.state} />
      {moment?.asOf && <AsItWas snapshot={moment.asOf} />}
      <details>
        <summary>Who set what</summary>
        <table className="blame">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
              <th scope="col">Set by</th>
            </tr>
          </thead>
          <tbody>
            {moment?.blame.map(({ path, value, event, command }) => (
              <tr key={path}>
                <td>
                  <Path path={path} />
                </td>
                <td>{short(value)}</td>
                <td>
                  {who(event.actor, api.actor)}, version {event.version} <span className="quiet">{command}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

/** A JSON Pointer. A long one may be cut before each of its parts. */
function Path({ path }: { path: string }) {
  return (
    <code>
      {path.split("/").slice(1).map((part, place) => (
        <Fragment key={place}>
          <wbr />/{part}
        </Fragment>
      ))}
    </code>
  );
}

const MAX_DIFFERENCES = 6;

/** A JSON Patch, field by field, with the values that it replaced. */
function Differences({ changes, before }: { changes: readonly Change[]; before: unknown }) {
  const differences = changes.flatMap(({ op, path, value }) => [
    ...(op === "add" ? [] : fields(path, at(before, path)).map((field) => ({ ...field, gone: true }))),
    ...(op === "remove" ? [] : fields(path, value).map((field) => ({ ...field, gone: false }))),
  ]);
  const byPath = new Map<string, { gone?: string; made?: string }>();
  for (const { path, text, gone } of differences) byPath.set(path, { ...byPath.get(path), [gone ? "gone" : "made"]: text });
  const rows = [...byPath].map(([path, { gone, made }]) => (
    <li key={path}>
      <Path path={path} />
      {gone !== undefined && <del>{gone}</del>}
      {made !== undefined && <ins>{made}</ins>}
    </li>
  ));
  return (
    <div className="differences">
      <ul aria-label="What changed">{rows.slice(0, MAX_DIFFERENCES)}</ul>
      {rows.length > MAX_DIFFERENCES && (
        <details>
          <summary>{rows.length - MAX_DIFFERENCES} more fields</summary>
          <ul>{rows.slice(MAX_DIFFERENCES)}</ul>
        </details>
      )}
    </div>
  );
}

/** The values within a value, each with its path. */
function fields(path: string, value: unknown): { path: string; text: string }[] {
  const inner = value !== null && typeof value === "object" ? Object.entries(value) : [];
  if (inner.length === 0) return [{ path, text: short(value) }];
  return inner.flatMap(([name, part]) => fields(`${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, part));
}

function AsItWas({ snapshot }: { snapshot: NonNullable<Moment["asOf"]> }) {
  return (
    <div className="as-it-was" data-version={snapshot.version}>
      <h4>
        As it was <span className="quiet">· {snapshot.status ? STATUS[snapshot.status].toLowerCase() : "unopened"}</span>
      </h4>
      <ul>
        {snapshot.lines.map((line) => (
          <li key={line.sku}>
            <span>
              {line.quantity} × {line.product?.name ?? line.sku}
            </span>
            <span className="sum">{money(times(line.unitPrice, line.quantity))}</span>
          </li>
        ))}
      </ul>
      {snapshot.lines.length === 0 && <p className="quiet">Empty.</p>}
      {snapshot.total && snapshot.lines.length > 0 && (
        <p className="total">
          <span>Total</span>
          <strong>{money(snapshot.total)}</strong>
        </p>
      )}
    </div>
  );
}

/** The value at a JSON Pointer (RFC 6901); undefined if there is none. */
function at(document: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], document);
}

const LONGEST = 60;

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
