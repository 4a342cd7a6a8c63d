/** The orders that were placed: those under way are followed, those that have ended are read page by page. */
import { useEffect, useMemo, useState } from "react";
import { type Api, inWords, useLiveList } from "./api";
import { type OrderFilter, type OrderLinesFragment, OrderPageDocument, OrdersDocument, type OrderStatus } from "./gql/graphql";

const UNDER_WAY: readonly OrderStatus[] = ["PLACED", "CONFIRMED"];
const ENDED: readonly OrderStatus[] = ["SHIPPED", "REJECTED", "CANCELLED"];
const TOO_MANY = "Too many orders are under way to follow each of them. The newest ones are read after each of your changes.";

/** Orders by id. */
export type Orders = ReadonlyMap<string, OrderLinesFragment>;

export interface Placed {
  orders: Orders | undefined;
  problem: string | undefined;
  /** Shows one more page; undefined if there is none. */
  more: (() => void) | undefined;
}

/** The orders of one customer, whose `open` ones may end too; without one, what is under way of all. `changes` counts those made here. */
export function usePlaced(api: Api, customerId: string | undefined, open: Orders | undefined, changes: number): Placed {
  const filter = (status: readonly OrderStatus[]): OrderFilter => ({ status: [...status], ...(customerId && { customerId }) });
  const live = useLiveList(api, OrdersDocument, { filter: filter(UNDER_WAY) }, (data) => data.orders, TOO_MANY);
  const refused = live.problem === TOO_MANY;
  const paged = [...(refused ? UNDER_WAY : []), ...(customerId ? ENDED : [])];
  // An order that leaves a live list may have ended. What ended before the first message is in pages that are read after it.
  const followed = refused ? [changes] : live.value && [...live.value.keys()];
  const stamp = followed && JSON.stringify([followed, open && [...open.keys()]]);
  const pages = usePages(api, paged.length > 0 ? filter(paged) : undefined, stamp);
  const orders = pages.orders && new Map([...pages.orders.map((order) => [order.id, order] as const), ...(live.value ?? [])]);
  return { orders: live.value || refused ? orders : undefined, problem: live.problem ?? pages.problem, more: pages.more };
}

interface Pages {
  orders: readonly OrderLinesFragment[] | undefined;
  problem: string | undefined;
  hasMore: boolean;
}

const NONE: Pages = { orders: [], problem: undefined, hasMore: false };

/** The first pages of a list, read again when `stamp` changes. An undefined filter: no pages; an undefined stamp: not yet. */
function usePages(api: Api, filter: OrderFilter | undefined, stamp: string | undefined): Pages & Pick<Placed, "more"> {
  const key = useMemo(() => [api, JSON.stringify(filter)] as const, [api, JSON.stringify(filter)]);
  const [state, setState] = useState<Pages & { key: unknown; count: number }>({ ...NONE, key, count: 1, orders: undefined });
  const count = state.key === key ? state.count : 1;
  useEffect(() => {
    if (filter === undefined || stamp === undefined) return;
    let current = true;
    readPages(api, filter, count)
      .catch((error: unknown) => ({ ...NONE, problem: inWords(error) }))
      .then((found) => current && setState({ ...found, key, count }));
    return () => {
      current = false;
    };
  }, [key, stamp, count]);
  if (filter === undefined) return { ...NONE, more: undefined };
  // Pages of another filter are not shown, not even for one frame.
  const shown = state.key === key ? state : { ...NONE, orders: undefined };
  return { ...shown, more: shown.hasMore ? () => setState({ ...state, count: count + 1 }) : undefined };
}

async function readPages(api: Api, filter: OrderFilter, count: number): Promise<Pages> {
  const orders: OrderLinesFragment[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < count; page++) {
    const { nodes, pageInfo } = await readPage(api, filter, cursor);
    orders.push(...nodes);
    cursor = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    if (cursor === null) break;
  }
  return { orders, problem: undefined, hasMore: cursor !== null };
}

/** The kit fills `$minPosition`: a page is as new as the live list. */
const readPage = async (api: Api, filter: OrderFilter, cursor: string | null) => (await api.request(OrderPageDocument, { filter, cursor })).orders;
