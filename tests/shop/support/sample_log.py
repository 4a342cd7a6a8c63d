"""A made-up past of the shop, written straight into the log: orders that were opened and have lines."""

EVENTS_AN_ORDER = 5


def orders(count: int) -> str:
    """SQL that puts so many facts into an empty log: for each order one that opens it and four lines."""
    return f"""
        INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor, occurred_at, recorded_at)
        SELECT n, 'order', md5('order ' || (n - 1) / {EVENTS_AN_ORDER})::uuid, (n - 1) % {EVENTS_AN_ORDER} + 1,
               CASE (n - 1) % {EVENTS_AN_ORDER} WHEN 0 THEN 'order.opened' ELSE 'order.line-added' END, 1,
               CASE (n - 1) % {EVENTS_AN_ORDER}
                   WHEN 0 THEN jsonb_build_object('customer_id', md5('customer ' || n % 997)::uuid)
                   ELSE jsonb_build_object('sku', 'P-' || n, 'quantity', 2, 'unit_price', jsonb_build_object('amount', '2.50', 'currency', 'EUR'))
               END,
               gen_random_uuid(), gen_random_uuid(), 'past', now(), now()
        FROM generate_series(1, {count}) AS n
    """
