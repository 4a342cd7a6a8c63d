/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** An order to cancel. */
export type CancelOrderInput = {
  /** The order's id. */
  orderId: string;
  /** The reason, 1 to 500 characters. */
  reason: string;
};

/** Options of a command. */
export type CommandOptions = {
  /** Makes the command safe to repeat: the same id again returns the first outcome and decides nothing. A UUID of version 4 or 7. */
  commandId?: string | null | undefined;
  /** Decide, record nothing, and answer with Preview. */
  dryRun?: boolean;
  /** Refuse with Conflict unless the stream is at this version. */
  expectedVersion?: number | null | undefined;
  /** When it happened in the world, if not now: for imports, by roles that may import. Never in the future. */
  occurredAt?: string | null | undefined;
};

/** An amount that is not negative, with at most two decimals. */
export type MoneyInput = {
  /** The amount in major units, such as euros. */
  amount: string;
  /** The currency: three capital letters, as in ISO 4217. */
  currency?: string;
};

/** A new order. */
export type OpenOrderInput = {
  /** The id of the customer. */
  customerId: string;
  /** The order's id, a new UUID. Without it the server makes one. */
  id?: string | null | undefined;
};

/** Conditions on orders; all that are given must hold. */
export type OrderFilter = {
  /** The id of the customer. */
  customerId?: string | null | undefined;
  /** Placed at this time or later. */
  placedFrom?: string | null | undefined;
  /** Placed at this time or earlier. */
  placedTo?: string | null | undefined;
  /** The status is one of these. */
  status?: Array<OrderStatus> | null | undefined;
};

/** A product of an order, with its quantity. */
export type OrderLineInput = {
  /** The order's id. */
  orderId: string;
  /** The number of pieces. */
  quantity: number;
  /** The product's SKU. */
  sku: string;
};

/** A line of an order. */
export type OrderLineRefInput = {
  /** The order's id. */
  orderId: string;
  /** The product's SKU. */
  sku: string;
};

/** An order. */
export type OrderRefInput = {
  /** The order's id. */
  orderId: string;
};

/** The status of an order. */
export type OrderStatus =
  | 'CANCELLED'
  | 'CONFIRMED'
  | 'OPEN'
  | 'PLACED'
  | 'REJECTED'
  | 'SHIPPED';

/** Conditions on products; all that are given must hold. */
export type ProductFilter = {
  /** Whether some pieces are not reserved. */
  available?: boolean | null | undefined;
  /** The name contains this text, in upper or lower case. */
  nameContains?: string | null | undefined;
};

/** A delivery of one product. */
export type ReceiveStockInput = {
  /** The number of pieces delivered. */
  quantity: number;
  /** The product's SKU. */
  sku: string;
};

/** A new product. */
export type RegisterProductInput = {
  /** The name, 1 to 200 characters. */
  name: string;
  /** The price of one piece. */
  price: MoneyInput;
  /** The SKU of the new product. */
  sku: string;
};

/** A rule that can reject a command. */
export type RejectionCode =
  /** All lines of an order are in one currency. */
  | 'CURRENCY_MIXED'
  /** The order has no line with this SKU. */
  | 'LINE_UNKNOWN'
  /** Nothing was undone, or there was a new change since. */
  | 'NOTHING_TO_REDO'
  /** Every change has been undone, or none was made. */
  | 'NOTHING_TO_UNDO'
  /** Nothing is reserved for this order. */
  | 'NOT_RESERVED'
  /** An order needs at least one line before it is placed. */
  | 'ORDER_EMPTY'
  /** The order has ended: it was shipped, cancelled or rejected. */
  | 'ORDER_ENDED'
  /** An order has at most 100 lines of at most 10,000 pieces each. */
  | 'ORDER_FULL'
  /** Only a confirmed order can be shipped, when it is paid and picked. An imported order is never confirmed. */
  | 'ORDER_NOT_CONFIRMED'
  /** Only an open order can be changed. */
  | 'ORDER_NOT_OPEN'
  /** An open order has to be placed before it is confirmed, rejected or shipped. */
  | 'ORDER_NOT_PLACED'
  /** This id belongs to another customer's order. */
  | 'ORDER_TAKEN'
  /** No order was opened under this id. */
  | 'ORDER_UNKNOWN'
  /** There is not enough in stock. */
  | 'OUT_OF_STOCK'
  /** The payment is captured: it can only be refunded. */
  | 'PAYMENT_CAPTURED'
  /** The payment was declined, voided or refunded. */
  | 'PAYMENT_CLOSED'
  /** This payment was requested for another order or amount. */
  | 'PAYMENT_TAKEN'
  /** No payment was requested under this id. */
  | 'PAYMENT_UNKNOWN'
  /** The process has ended: there is nothing left to do about it. */
  | 'PROCESS_ENDED'
  /** No such process is known. */
  | 'PROCESS_UNKNOWN'
  /** No product is registered under this SKU. */
  | 'PRODUCT_UNKNOWN'
  /** This SKU is registered already, with another name or price. */
  | 'SKU_TAKEN'
  /** The process has no stuck step of this name. */
  | 'STEP_NOT_STUCK'
  /** The stock of one product is counted up to 2,000,000,000. */
  | 'STOCK_FULL';

export type PriceFragment = { amount: string, currency: string };

export type ProductCardFragment = { id: string, sku: string, name: string, onHand: number, reserved: number, available: number, version: number, price: { amount: string, currency: string } };

export type OrderLinesFragment = { id: string, status: OrderStatus, version: number, openedAt: string, placedAt: string | null, lines: Array<{ sku: string, quantity: number, unitPrice: { amount: string, currency: string }, product: { name: string } | null }>, total: { amount: string, currency: string } };

type OrderResult_Conflict_Fragment = { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number };

type OrderResult_OrderAccepted_Fragment = { __typename: 'OrderAccepted', version: number, duplicate: boolean };

type OrderResult_Preview_Fragment = { __typename: 'Preview' };

type OrderResult_Rejected_Fragment = { __typename: 'Rejected', code: RejectionCode, message: string };

export type OrderResultFragment =
  | OrderResult_Conflict_Fragment
  | OrderResult_OrderAccepted_Fragment
  | OrderResult_Preview_Fragment
  | OrderResult_Rejected_Fragment
;

type ProductResult_Conflict_Fragment = { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number };

type ProductResult_Preview_Fragment = { __typename: 'Preview' };

type ProductResult_ProductAccepted_Fragment = { __typename: 'ProductAccepted', version: number, duplicate: boolean };

type ProductResult_Rejected_Fragment = { __typename: 'Rejected', code: RejectionCode, message: string };

export type ProductResultFragment =
  | ProductResult_Conflict_Fragment
  | ProductResult_Preview_Fragment
  | ProductResult_ProductAccepted_Fragment
  | ProductResult_Rejected_Fragment
;

type OrderFact_FulfilmentCompensationForced_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_FulfilmentDeadlinePassed_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_FulfilmentEnded_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_FulfilmentStarted_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_FulfilmentStepRefused_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_FulfilmentStepRetried_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_FulfilmentStepSkipped_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_FulfilmentStepStuck_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_FulfilmentStepWithdrawn_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderCancelled_Fragment = { reason: string, type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderConfirmed_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderLineAdded_Fragment = { sku: string, quantity: number, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderLineRemoved_Fragment = { sku: string, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderOpened_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderPlaced_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderQuantityChanged_Fragment = { sku: string, quantity: number, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderRejected_Fragment = { reason: string, type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_OrderShipped_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_PaymentAuthorised_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_PaymentCaptured_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_PaymentDeclined_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_PaymentRefunded_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_PaymentRequested_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_PaymentVoided_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_ProductPriceChanged_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_ProductRegistered_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_ProductReservationReleased_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_ProductStockDispatched_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_ProductStockReceived_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_ProductStockReserved_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_SplitEvent_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

type OrderFact_UnreadableEvent_Fragment = { type: string, version: number, position: string, actor: string, recordedAt: string };

export type OrderFactFragment =
  | OrderFact_FulfilmentCompensationForced_Fragment
  | OrderFact_FulfilmentDeadlinePassed_Fragment
  | OrderFact_FulfilmentEnded_Fragment
  | OrderFact_FulfilmentStarted_Fragment
  | OrderFact_FulfilmentStepRefused_Fragment
  | OrderFact_FulfilmentStepRetried_Fragment
  | OrderFact_FulfilmentStepSkipped_Fragment
  | OrderFact_FulfilmentStepStuck_Fragment
  | OrderFact_FulfilmentStepWithdrawn_Fragment
  | OrderFact_OrderCancelled_Fragment
  | OrderFact_OrderConfirmed_Fragment
  | OrderFact_OrderLineAdded_Fragment
  | OrderFact_OrderLineRemoved_Fragment
  | OrderFact_OrderOpened_Fragment
  | OrderFact_OrderPlaced_Fragment
  | OrderFact_OrderQuantityChanged_Fragment
  | OrderFact_OrderRejected_Fragment
  | OrderFact_OrderShipped_Fragment
  | OrderFact_PaymentAuthorised_Fragment
  | OrderFact_PaymentCaptured_Fragment
  | OrderFact_PaymentDeclined_Fragment
  | OrderFact_PaymentRefunded_Fragment
  | OrderFact_PaymentRequested_Fragment
  | OrderFact_PaymentVoided_Fragment
  | OrderFact_ProductPriceChanged_Fragment
  | OrderFact_ProductRegistered_Fragment
  | OrderFact_ProductReservationReleased_Fragment
  | OrderFact_ProductStockDispatched_Fragment
  | OrderFact_ProductStockReceived_Fragment
  | OrderFact_ProductStockReserved_Fragment
  | OrderFact_SplitEvent_Fragment
  | OrderFact_UnreadableEvent_Fragment
;

export type ProductsSubscriptionVariables = Exact<{
  filter?: ProductFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type ProductsSubscription = { products: { position: string, initial: boolean, removed: Array<string>, upserted: Array<{ id: string, sku: string, name: string, onHand: number, reserved: number, available: number, version: number, price: { amount: string, currency: string } }> } };

export type OrdersSubscriptionVariables = Exact<{
  filter?: OrderFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type OrdersSubscription = { orders: { position: string, initial: boolean, removed: Array<string>, upserted: Array<{ id: string, status: OrderStatus, version: number, openedAt: string, placedAt: string | null, lines: Array<{ sku: string, quantity: number, unitPrice: { amount: string, currency: string }, product: { name: string } | null }>, total: { amount: string, currency: string } }> } };

export type LiveOrderSubscriptionVariables = Exact<{
  id: string;
}>;


export type LiveOrderSubscription = { order: { reason: string | null, id: string, status: OrderStatus, version: number, openedAt: string, placedAt: string | null, payment: { status: string, reason: string | null, amount: { amount: string, currency: string } } | null, fulfilment: { status: string, stuck: boolean, deadline: string | null, steps: Array<{ name: string, outcome: string, at: string, attempts: number, error: string | null }> } | null, history: { nodes: Array<{ event:
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { reason: string, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { sku: string, quantity: number, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { sku: string, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { sku: string, quantity: number, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { reason: string, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
         }> }, lines: Array<{ sku: string, quantity: number, unitPrice: { amount: string, currency: string }, product: { name: string } | null }>, total: { amount: string, currency: string } } };

export type ProjectionsSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type ProjectionsSubscription = { projections: Array<{ name: string, version: number, state: string, position: string, lag: number, lagSeconds: number, parked: number }> };

export type LogSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type LogSubscription = { events:
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
    | { position: string, stream: string, type: string, actor: string, recordedAt: string }
   };

export type OrderPageQueryVariables = Exact<{
  filter?: OrderFilter | null | undefined;
  cursor?: string | null | undefined;
  minPosition?: string | null | undefined;
}>;


export type OrderPageQuery = { orders: { nodes: Array<{ id: string, status: OrderStatus, version: number, openedAt: string, placedAt: string | null, lines: Array<{ sku: string, quantity: number, unitPrice: { amount: string, currency: string }, product: { name: string } | null }>, total: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type HistoryQueryVariables = Exact<{
  id: string;
  minPosition?: string | null | undefined;
}>;


export type HistoryQuery = { order: { history: { nodes: Array<{ command: string | null, undone: boolean, changes: unknown, state: unknown, event:
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { reason: string, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { sku: string, quantity: number, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { sku: string, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { sku: string, quantity: number, undoes: number | null, redoes: number | null, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { reason: string, type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
          | { type: string, version: number, position: string, actor: string, recordedAt: string }
         }> } } | null };

export type PastQueryVariables = Exact<{
  id: string;
  version: number;
  before: number;
  minPosition?: string | null | undefined;
}>;


export type PastQuery = { order: { before: { lines: Array<{ sku: string, product: { name: string } | null }> } | null, asOf: { version: number, status: OrderStatus | null, lines: Array<{ sku: string, quantity: number, unitPrice: { amount: string, currency: string }, product: { name: string } | null }>, total: { amount: string, currency: string } | null } | null, blame: Array<{ path: string, value: unknown, command: string | null, event:
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
        | { version: number, actor: string, recordedAt: string }
       }> } | null };

export type HeadQueryVariables = Exact<{ [key: string]: never; }>;


export type HeadQuery = { position: string };

export type OpenOrderMutationVariables = Exact<{
  input: OpenOrderInput;
  options?: CommandOptions | null | undefined;
}>;


export type OpenOrderMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type AddLineMutationVariables = Exact<{
  input: OrderLineInput;
  options?: CommandOptions | null | undefined;
}>;


export type AddLineMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type ChangeQuantityMutationVariables = Exact<{
  input: OrderLineInput;
  options?: CommandOptions | null | undefined;
}>;


export type ChangeQuantityMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type RemoveLineMutationVariables = Exact<{
  input: OrderLineRefInput;
  options?: CommandOptions | null | undefined;
}>;


export type RemoveLineMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type UndoMutationVariables = Exact<{
  input: OrderRefInput;
  options?: CommandOptions | null | undefined;
}>;


export type UndoMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type RedoMutationVariables = Exact<{
  input: OrderRefInput;
  options?: CommandOptions | null | undefined;
}>;


export type RedoMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type PlaceOrderMutationVariables = Exact<{
  input: OrderRefInput;
  options?: CommandOptions | null | undefined;
}>;


export type PlaceOrderMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type CancelOrderMutationVariables = Exact<{
  input: CancelOrderInput;
  options?: CommandOptions | null | undefined;
}>;


export type CancelOrderMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type ShipOrderMutationVariables = Exact<{
  input: OrderRefInput;
  options?: CommandOptions | null | undefined;
}>;


export type ShipOrderMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'OrderAccepted', version: number, duplicate: boolean }
    | { __typename: 'Preview' }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type RegisterProductMutationVariables = Exact<{
  input: RegisterProductInput;
  options?: CommandOptions | null | undefined;
}>;


export type RegisterProductMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'Preview' }
    | { __typename: 'ProductAccepted', version: number, duplicate: boolean }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export type ReceiveStockMutationVariables = Exact<{
  input: ReceiveStockInput;
  options?: CommandOptions | null | undefined;
}>;


export type ReceiveStockMutation = { outcome:
    | { __typename: 'Conflict', message: string, expectedVersion: number | null, actualVersion: number }
    | { __typename: 'Preview' }
    | { __typename: 'ProductAccepted', version: number, duplicate: boolean }
    | { __typename: 'Rejected', code: RejectionCode, message: string }
   };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const PriceFragmentDoc = new TypedDocumentString(`
    fragment Price on Money {
  amount
  currency
}
    `, {"fragmentName":"Price"}) as unknown as TypedDocumentString<PriceFragment, unknown>;
export const ProductCardFragmentDoc = new TypedDocumentString(`
    fragment ProductCard on Product {
  id
  sku
  name
  price {
    ...Price
  }
  onHand
  reserved
  available
  version
}
    fragment Price on Money {
  amount
  currency
}`, {"fragmentName":"ProductCard"}) as unknown as TypedDocumentString<ProductCardFragment, unknown>;
export const OrderLinesFragmentDoc = new TypedDocumentString(`
    fragment OrderLines on Order {
  id
  status
  version
  lines {
    sku
    quantity
    unitPrice {
      ...Price
    }
    product {
      name
    }
  }
  total {
    ...Price
  }
  openedAt
  placedAt
}
    fragment Price on Money {
  amount
  currency
}`, {"fragmentName":"OrderLines"}) as unknown as TypedDocumentString<OrderLinesFragment, unknown>;
export const OrderResultFragmentDoc = new TypedDocumentString(`
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}
    `, {"fragmentName":"OrderResult"}) as unknown as TypedDocumentString<OrderResultFragment, unknown>;
export const ProductResultFragmentDoc = new TypedDocumentString(`
    fragment ProductResult on ProductOutcome {
  __typename
  ... on ProductAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}
    `, {"fragmentName":"ProductResult"}) as unknown as TypedDocumentString<ProductResultFragment, unknown>;
export const OrderFactFragmentDoc = new TypedDocumentString(`
    fragment OrderFact on Event {
  type
  version
  position
  actor
  recordedAt
  ... on OrderLineAdded {
    sku
    quantity
    undoes
    redoes
  }
  ... on OrderLineRemoved {
    sku
    undoes
    redoes
  }
  ... on OrderQuantityChanged {
    sku
    quantity
    undoes
    redoes
  }
  ... on OrderRejected {
    reason
  }
  ... on OrderCancelled {
    reason
  }
}
    `, {"fragmentName":"OrderFact"}) as unknown as TypedDocumentString<OrderFactFragment, unknown>;
export const ProductsDocument = new TypedDocumentString(`
    subscription Products($filter: ProductFilter, $after: Position) {
  products(filter: $filter, after: $after) {
    position
    initial
    removed
    upserted {
      ...ProductCard
    }
  }
}
    fragment Price on Money {
  amount
  currency
}
fragment ProductCard on Product {
  id
  sku
  name
  price {
    ...Price
  }
  onHand
  reserved
  available
  version
}`) as unknown as TypedDocumentString<ProductsSubscription, ProductsSubscriptionVariables>;
export const OrdersDocument = new TypedDocumentString(`
    subscription Orders($filter: OrderFilter, $after: Position) {
  orders(filter: $filter, after: $after) {
    position
    initial
    removed
    upserted {
      ...OrderLines
    }
  }
}
    fragment Price on Money {
  amount
  currency
}
fragment OrderLines on Order {
  id
  status
  version
  lines {
    sku
    quantity
    unitPrice {
      ...Price
    }
    product {
      name
    }
  }
  total {
    ...Price
  }
  openedAt
  placedAt
}`) as unknown as TypedDocumentString<OrdersSubscription, OrdersSubscriptionVariables>;
export const LiveOrderDocument = new TypedDocumentString(`
    subscription LiveOrder($id: UUID!) {
  order(id: $id) {
    ...OrderLines
    reason
    payment {
      status
      reason
      amount {
        ...Price
      }
    }
    fulfilment {
      status
      stuck
      deadline
      steps {
        name
        outcome
        at
        attempts
        error
      }
    }
    history(last: 100) {
      nodes {
        event {
          ...OrderFact
        }
      }
    }
  }
}
    fragment Price on Money {
  amount
  currency
}
fragment OrderLines on Order {
  id
  status
  version
  lines {
    sku
    quantity
    unitPrice {
      ...Price
    }
    product {
      name
    }
  }
  total {
    ...Price
  }
  openedAt
  placedAt
}
fragment OrderFact on Event {
  type
  version
  position
  actor
  recordedAt
  ... on OrderLineAdded {
    sku
    quantity
    undoes
    redoes
  }
  ... on OrderLineRemoved {
    sku
    undoes
    redoes
  }
  ... on OrderQuantityChanged {
    sku
    quantity
    undoes
    redoes
  }
  ... on OrderRejected {
    reason
  }
  ... on OrderCancelled {
    reason
  }
}`) as unknown as TypedDocumentString<LiveOrderSubscription, LiveOrderSubscriptionVariables>;
export const ProjectionsDocument = new TypedDocumentString(`
    subscription Projections {
  projections {
    name
    version
    state
    position
    lag
    lagSeconds
    parked
  }
}
    `) as unknown as TypedDocumentString<ProjectionsSubscription, ProjectionsSubscriptionVariables>;
export const LogDocument = new TypedDocumentString(`
    subscription Log($after: Position) {
  events(after: $after) {
    position
    stream
    type
    actor
    recordedAt
  }
}
    `) as unknown as TypedDocumentString<LogSubscription, LogSubscriptionVariables>;
export const OrderPageDocument = new TypedDocumentString(`
    query OrderPage($filter: OrderFilter, $cursor: String, $minPosition: Position) {
  orders(filter: $filter, after: $cursor, minPosition: $minPosition) {
    nodes {
      ...OrderLines
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Price on Money {
  amount
  currency
}
fragment OrderLines on Order {
  id
  status
  version
  lines {
    sku
    quantity
    unitPrice {
      ...Price
    }
    product {
      name
    }
  }
  total {
    ...Price
  }
  openedAt
  placedAt
}`) as unknown as TypedDocumentString<OrderPageQuery, OrderPageQueryVariables>;
export const HistoryDocument = new TypedDocumentString(`
    query History($id: UUID!, $minPosition: Position) {
  order(id: $id, minPosition: $minPosition) {
    history(last: 100) {
      nodes {
        event {
          ...OrderFact
        }
        command
        undone
        changes
        state
      }
    }
  }
}
    fragment OrderFact on Event {
  type
  version
  position
  actor
  recordedAt
  ... on OrderLineAdded {
    sku
    quantity
    undoes
    redoes
  }
  ... on OrderLineRemoved {
    sku
    undoes
    redoes
  }
  ... on OrderQuantityChanged {
    sku
    quantity
    undoes
    redoes
  }
  ... on OrderRejected {
    reason
  }
  ... on OrderCancelled {
    reason
  }
}`) as unknown as TypedDocumentString<HistoryQuery, HistoryQueryVariables>;
export const PastDocument = new TypedDocumentString(`
    query Past($id: UUID!, $version: Int!, $before: Int!, $minPosition: Position) {
  order(id: $id, minPosition: $minPosition) {
    before: asOf(at: {version: $before}) {
      lines {
        sku
        product {
          name
        }
      }
    }
    asOf(at: {version: $version}) {
      version
      status
      lines {
        sku
        quantity
        unitPrice {
          ...Price
        }
        product {
          name
        }
      }
      total {
        ...Price
      }
    }
    blame(at: {version: $version}) {
      path
      value
      command
      event {
        version
        actor
        recordedAt
      }
    }
  }
}
    fragment Price on Money {
  amount
  currency
}`) as unknown as TypedDocumentString<PastQuery, PastQueryVariables>;
export const HeadDocument = new TypedDocumentString(`
    query Head {
  position
}
    `) as unknown as TypedDocumentString<HeadQuery, HeadQueryVariables>;
export const OpenOrderDocument = new TypedDocumentString(`
    mutation OpenOrder($input: OpenOrderInput!, $options: CommandOptions) {
  outcome: openOrder(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<OpenOrderMutation, OpenOrderMutationVariables>;
export const AddLineDocument = new TypedDocumentString(`
    mutation AddLine($input: OrderLineInput!, $options: CommandOptions) {
  outcome: addLine(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<AddLineMutation, AddLineMutationVariables>;
export const ChangeQuantityDocument = new TypedDocumentString(`
    mutation ChangeQuantity($input: OrderLineInput!, $options: CommandOptions) {
  outcome: changeQuantity(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<ChangeQuantityMutation, ChangeQuantityMutationVariables>;
export const RemoveLineDocument = new TypedDocumentString(`
    mutation RemoveLine($input: OrderLineRefInput!, $options: CommandOptions) {
  outcome: removeLine(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<RemoveLineMutation, RemoveLineMutationVariables>;
export const UndoDocument = new TypedDocumentString(`
    mutation Undo($input: OrderRefInput!, $options: CommandOptions) {
  outcome: undoOrderChange(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<UndoMutation, UndoMutationVariables>;
export const RedoDocument = new TypedDocumentString(`
    mutation Redo($input: OrderRefInput!, $options: CommandOptions) {
  outcome: redoOrderChange(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<RedoMutation, RedoMutationVariables>;
export const PlaceOrderDocument = new TypedDocumentString(`
    mutation PlaceOrder($input: OrderRefInput!, $options: CommandOptions) {
  outcome: placeOrder(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<PlaceOrderMutation, PlaceOrderMutationVariables>;
export const CancelOrderDocument = new TypedDocumentString(`
    mutation CancelOrder($input: CancelOrderInput!, $options: CommandOptions) {
  outcome: cancelOrder(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<CancelOrderMutation, CancelOrderMutationVariables>;
export const ShipOrderDocument = new TypedDocumentString(`
    mutation ShipOrder($input: OrderRefInput!, $options: CommandOptions) {
  outcome: shipOrder(input: $input, options: $options) {
    ...OrderResult
  }
}
    fragment OrderResult on OrderOutcome {
  __typename
  ... on OrderAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<ShipOrderMutation, ShipOrderMutationVariables>;
export const RegisterProductDocument = new TypedDocumentString(`
    mutation RegisterProduct($input: RegisterProductInput!, $options: CommandOptions) {
  outcome: registerProduct(input: $input, options: $options) {
    ...ProductResult
  }
}
    fragment ProductResult on ProductOutcome {
  __typename
  ... on ProductAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<RegisterProductMutation, RegisterProductMutationVariables>;
export const ReceiveStockDocument = new TypedDocumentString(`
    mutation ReceiveStock($input: ReceiveStockInput!, $options: CommandOptions) {
  outcome: receiveStock(input: $input, options: $options) {
    ...ProductResult
  }
}
    fragment ProductResult on ProductOutcome {
  __typename
  ... on ProductAccepted {
    version
    duplicate
  }
  ... on Rejected {
    code
    message
  }
  ... on Conflict {
    message
    expectedVersion
    actualVersion
  }
}`) as unknown as TypedDocumentString<ReceiveStockMutation, ReceiveStockMutationVariables>;