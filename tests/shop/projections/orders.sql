-- create
CREATE TABLE IF NOT EXISTS read.orders_v3 (
	id UUID NOT NULL,
	customer_id UUID NOT NULL,
	status TEXT NOT NULL,
	lines JSONB NOT NULL,
	total NUMERIC NOT NULL,
	currency TEXT NOT NULL,
	reason TEXT,
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
	placed_at TIMESTAMP WITH TIME ZONE,
	version BIGINT NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE IF NOT EXISTS read.orders_v3_history (
	id UUID NOT NULL,
	customer_id UUID NOT NULL,
	status TEXT NOT NULL,
	lines JSONB NOT NULL,
	total NUMERIC NOT NULL,
	currency TEXT NOT NULL,
	reason TEXT,
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
	placed_at TIMESTAMP WITH TIME ZONE,
	version BIGINT NOT NULL,
	valid_from BIGINT NOT NULL,
	valid_to BIGINT,
	PRIMARY KEY (id, valid_from)
);

-- create indexes
CREATE INDEX IF NOT EXISTS orders_v3_customer_id_opened_at_id ON read.orders_v3 (customer_id, opened_at, id);
CREATE INDEX IF NOT EXISTS orders_v3_opened_at_id ON read.orders_v3 (opened_at, id);
CREATE INDEX IF NOT EXISTS orders_v3_placed_at ON read.orders_v3 (placed_at);
CREATE INDEX IF NOT EXISTS orders_v3_total_id ON read.orders_v3 (total, id);
CREATE INDEX IF NOT EXISTS orders_v3_history_customer_id_opened_at_id ON read.orders_v3_history (customer_id, opened_at, id);
CREATE INDEX IF NOT EXISTS orders_v3_history_opened_at_id ON read.orders_v3_history (opened_at, id);
CREATE INDEX IF NOT EXISTS orders_v3_history_placed_at ON read.orders_v3_history (placed_at);
CREATE INDEX IF NOT EXISTS orders_v3_history_total_id ON read.orders_v3_history (total, id);

-- load rows
SELECT read.orders_v3.id, read.orders_v3.customer_id, read.orders_v3.status, read.orders_v3.lines, read.orders_v3.total, read.orders_v3.currency, read.orders_v3.reason, read.orders_v3.opened_at, read.orders_v3.placed_at, read.orders_v3.version
FROM read.orders_v3
WHERE (read.orders_v3.id) IN (SELECT loaded.id
FROM unnest(CAST($1::UUID[] AS UUID[])) AS loaded(id));

-- write rows
INSERT INTO read.orders_v3 (id, customer_id, status, lines, total, currency, reason, opened_at, placed_at, version) SELECT CAST(written.id AS UUID) AS id, CAST(written.customer_id AS UUID) AS customer_id, CAST(written.status AS TEXT) AS status, CAST(written.lines AS JSONB) AS lines, CAST(written.total AS NUMERIC) AS total, CAST(written.currency AS TEXT) AS currency, CAST(written.reason AS TEXT) AS reason, CAST(written.opened_at AS TIMESTAMP WITH TIME ZONE) AS opened_at, CAST(written.placed_at AS TIMESTAMP WITH TIME ZONE) AS placed_at, CAST(written.version AS BIGINT) AS version
FROM unnest(CAST($1::UUID[] AS UUID[]), CAST($2::UUID[] AS UUID[]), CAST($3::TEXT[] AS TEXT[]), CAST($4::TEXT[] AS TEXT[]), CAST($5::NUMERIC[] AS NUMERIC[]), CAST($6::TEXT[] AS TEXT[]), CAST($7::TEXT[] AS TEXT[]), CAST($8::TIMESTAMP WITH TIME ZONE[] AS TIMESTAMP WITH TIME ZONE[]), CAST($9::TIMESTAMP WITH TIME ZONE[] AS TIMESTAMP WITH TIME ZONE[]), CAST($10::BIGINT[] AS BIGINT[])) AS written(id, customer_id, status, lines, total, currency, reason, opened_at, placed_at, version) ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, status = excluded.status, lines = excluded.lines, total = excluded.total, currency = excluded.currency, reason = excluded.reason, opened_at = excluded.opened_at, placed_at = excluded.placed_at, version = excluded.version;

-- delete rows
DELETE FROM read.orders_v3 WHERE (read.orders_v3.id) IN (SELECT deleted.id
FROM unnest(CAST($1::UUID[] AS UUID[])) AS deleted(id));

-- close history
UPDATE read.orders_v3_history SET valid_to=closed.at FROM unnest(CAST($1::UUID[] AS UUID[]), CAST($2::BIGINT[] AS BIGINT[])) AS closed(id, at), LATERAL (SELECT newest.valid_from AS valid_from
FROM read.orders_v3_history AS newest
WHERE newest.id = closed.id ORDER BY newest.valid_from DESC
 LIMIT $3::INTEGER) AS last WHERE read.orders_v3_history.id = closed.id AND read.orders_v3_history.valid_from = last.valid_from AND read.orders_v3_history.valid_to IS NULL;

-- add history
INSERT INTO read.orders_v3_history (id, customer_id, status, lines, total, currency, reason, opened_at, placed_at, version, valid_from, valid_to) SELECT CAST(added.id AS UUID) AS id, CAST(added.customer_id AS UUID) AS customer_id, CAST(added.status AS TEXT) AS status, CAST(added.lines AS JSONB) AS lines, CAST(added.total AS NUMERIC) AS total, CAST(added.currency AS TEXT) AS currency, CAST(added.reason AS TEXT) AS reason, CAST(added.opened_at AS TIMESTAMP WITH TIME ZONE) AS opened_at, CAST(added.placed_at AS TIMESTAMP WITH TIME ZONE) AS placed_at, CAST(added.version AS BIGINT) AS version, CAST(added.valid_from AS BIGINT) AS valid_from, CAST(added.valid_to AS BIGINT) AS valid_to
FROM unnest(CAST($1::UUID[] AS UUID[]), CAST($2::UUID[] AS UUID[]), CAST($3::TEXT[] AS TEXT[]), CAST($4::TEXT[] AS TEXT[]), CAST($5::NUMERIC[] AS NUMERIC[]), CAST($6::TEXT[] AS TEXT[]), CAST($7::TEXT[] AS TEXT[]), CAST($8::TIMESTAMP WITH TIME ZONE[] AS TIMESTAMP WITH TIME ZONE[]), CAST($9::TIMESTAMP WITH TIME ZONE[] AS TIMESTAMP WITH TIME ZONE[]), CAST($10::BIGINT[] AS BIGINT[]), CAST($11::BIGINT[] AS BIGINT[]), CAST($12::BIGINT[] AS BIGINT[])) AS added(id, customer_id, status, lines, total, currency, reason, opened_at, placed_at, version, valid_from, valid_to);

-- delete history
DELETE FROM read.orders_v3_history WHERE (read.orders_v3_history.id) IN (SELECT deleted.id
FROM unnest(CAST($1::UUID[] AS UUID[])) AS deleted(id)) AND read.orders_v3_history.valid_from >= $2::BIGINT;

-- reopen history
UPDATE read.orders_v3_history SET valid_to=$1::BIGINT WHERE (read.orders_v3_history.id) IN (SELECT deleted.id
FROM unnest(CAST($2::UUID[] AS UUID[])) AS deleted(id)) AND read.orders_v3_history.valid_to >= $3::BIGINT;

-- write batch
WITH moved AS
(UPDATE es.checkpoints SET position = $11::BIGINT, owner = $12::VARCHAR, moved_at = clock_timestamp() WHERE projection = $13::VARCHAR AND version = $14::INTEGER AND slot = $15::VARCHAR AND build = $16::BIGINT AND position = $17::BIGINT RETURNING 1 AS one),
writing AS
(INSERT INTO read.orders_v3 (id, customer_id, status, lines, total, currency, reason, opened_at, placed_at, version) SELECT CAST(written.id AS UUID) AS id, CAST(written.customer_id AS UUID) AS customer_id, CAST(written.status AS TEXT) AS status, CAST(written.lines AS JSONB) AS lines, CAST(written.total AS NUMERIC) AS total, CAST(written.currency AS TEXT) AS currency, CAST(written.reason AS TEXT) AS reason, CAST(written.opened_at AS TIMESTAMP WITH TIME ZONE) AS opened_at, CAST(written.placed_at AS TIMESTAMP WITH TIME ZONE) AS placed_at, CAST(written.version AS BIGINT) AS version
FROM unnest(CAST($1::UUID[] AS UUID[]), CAST($2::UUID[] AS UUID[]), CAST($3::TEXT[] AS TEXT[]), CAST($4::TEXT[] AS TEXT[]), CAST($5::NUMERIC[] AS NUMERIC[]), CAST($6::TEXT[] AS TEXT[]), CAST($7::TEXT[] AS TEXT[]), CAST($8::TIMESTAMP WITH TIME ZONE[] AS TIMESTAMP WITH TIME ZONE[]), CAST($9::TIMESTAMP WITH TIME ZONE[] AS TIMESTAMP WITH TIME ZONE[]), CAST($10::BIGINT[] AS BIGINT[])) AS written(id, customer_id, status, lines, total, currency, reason, opened_at, placed_at, version)
WHERE EXISTS (SELECT moved.one
FROM moved) ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, status = excluded.status, lines = excluded.lines, total = excluded.total, currency = excluded.currency, reason = excluded.reason, opened_at = excluded.opened_at, placed_at = excluded.placed_at, version = excluded.version),
deleting AS
(DELETE FROM read.orders_v3 WHERE (read.orders_v3.id) IN (SELECT deleted.id
FROM unnest(CAST($18::UUID[] AS UUID[])) AS deleted(id)) AND (EXISTS (SELECT moved.one
FROM moved))),
closing AS
(UPDATE read.orders_v3_history SET valid_to=closed.at FROM unnest(CAST($19::UUID[] AS UUID[]), CAST($20::BIGINT[] AS BIGINT[])) AS closed(id, at), LATERAL (SELECT newest.valid_from AS valid_from
FROM read.orders_v3_history AS newest
WHERE newest.id = closed.id ORDER BY newest.valid_from DESC
 LIMIT $21::INTEGER) AS last WHERE read.orders_v3_history.id = closed.id AND read.orders_v3_history.valid_from = last.valid_from AND read.orders_v3_history.valid_to IS NULL AND (EXISTS (SELECT moved.one
FROM moved))),
adding AS
(INSERT INTO read.orders_v3_history (id, customer_id, status, lines, total, currency, reason, opened_at, placed_at, version, valid_from, valid_to) SELECT CAST(added.id AS UUID) AS id, CAST(added.customer_id AS UUID) AS customer_id, CAST(added.status AS TEXT) AS status, CAST(added.lines AS JSONB) AS lines, CAST(added.total AS NUMERIC) AS total, CAST(added.currency AS TEXT) AS currency, CAST(added.reason AS TEXT) AS reason, CAST(added.opened_at AS TIMESTAMP WITH TIME ZONE) AS opened_at, CAST(added.placed_at AS TIMESTAMP WITH TIME ZONE) AS placed_at, CAST(added.version AS BIGINT) AS version, CAST(added.valid_from AS BIGINT) AS valid_from, CAST(added.valid_to AS BIGINT) AS valid_to
FROM unnest(CAST($22::UUID[] AS UUID[]), CAST($23::UUID[] AS UUID[]), CAST($24::TEXT[] AS TEXT[]), CAST($25::TEXT[] AS TEXT[]), CAST($26::NUMERIC[] AS NUMERIC[]), CAST($27::TEXT[] AS TEXT[]), CAST($28::TEXT[] AS TEXT[]), CAST($29::TIMESTAMP WITH TIME ZONE[] AS TIMESTAMP WITH TIME ZONE[]), CAST($30::TIMESTAMP WITH TIME ZONE[] AS TIMESTAMP WITH TIME ZONE[]), CAST($31::BIGINT[] AS BIGINT[]), CAST($32::BIGINT[] AS BIGINT[]), CAST($33::BIGINT[] AS BIGINT[])) AS added(id, customer_id, status, lines, total, currency, reason, opened_at, placed_at, version, valid_from, valid_to)
WHERE EXISTS (SELECT moved.one
FROM moved))
 SELECT count(moved.one) AS count_1
FROM moved;
