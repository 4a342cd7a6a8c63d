-- create
CREATE TABLE IF NOT EXISTS read.tallies_v1 (
	id UUID NOT NULL,
	sum BIGINT NOT NULL,
	facts BIGINT NOT NULL,
	notes JSONB NOT NULL,
	last TEXT,
	PRIMARY KEY (id)
);
CREATE TABLE IF NOT EXISTS read.tallies_v1_history (
	id UUID NOT NULL,
	sum BIGINT NOT NULL,
	facts BIGINT NOT NULL,
	notes JSONB NOT NULL,
	last TEXT,
	valid_from BIGINT NOT NULL,
	valid_to BIGINT,
	PRIMARY KEY (id, valid_from)
);

-- create indexes
CREATE INDEX IF NOT EXISTS tallies_v1_sum_id ON read.tallies_v1 (sum, id);
CREATE INDEX IF NOT EXISTS tallies_v1_history_sum_id ON read.tallies_v1_history (sum, id);

-- load rows
SELECT read.tallies_v1.id, read.tallies_v1.sum, read.tallies_v1.facts, read.tallies_v1.notes, read.tallies_v1.last
FROM read.tallies_v1
WHERE (read.tallies_v1.id) IN (SELECT loaded.id
FROM unnest(CAST($1::UUID[] AS UUID[])) AS loaded(id));

-- write rows
INSERT INTO read.tallies_v1 (id, sum, facts, notes, last) SELECT CAST(written.id AS UUID) AS id, CAST(written.sum AS BIGINT) AS sum, CAST(written.facts AS BIGINT) AS facts, CAST(written.notes AS JSONB) AS notes, CAST(written.last AS TEXT) AS last
FROM unnest(CAST($1::UUID[] AS UUID[]), CAST($2::BIGINT[] AS BIGINT[]), CAST($3::BIGINT[] AS BIGINT[]), CAST($4::TEXT[] AS TEXT[]), CAST($5::TEXT[] AS TEXT[])) AS written(id, sum, facts, notes, last) ON CONFLICT (id) DO UPDATE SET sum = excluded.sum, facts = excluded.facts, notes = excluded.notes, last = excluded.last;

-- delete rows
DELETE FROM read.tallies_v1 WHERE (read.tallies_v1.id) IN (SELECT deleted.id
FROM unnest(CAST($1::UUID[] AS UUID[])) AS deleted(id));

-- close history
UPDATE read.tallies_v1_history SET valid_to=closed.at FROM unnest(CAST($1::UUID[] AS UUID[]), CAST($2::BIGINT[] AS BIGINT[])) AS closed(id, at), LATERAL (SELECT newest.valid_from AS valid_from
FROM read.tallies_v1_history AS newest
WHERE newest.id = closed.id ORDER BY newest.valid_from DESC
 LIMIT $3::INTEGER) AS last WHERE read.tallies_v1_history.id = closed.id AND read.tallies_v1_history.valid_from = last.valid_from AND read.tallies_v1_history.valid_to IS NULL;

-- add history
INSERT INTO read.tallies_v1_history (id, sum, facts, notes, last, valid_from, valid_to) SELECT CAST(added.id AS UUID) AS id, CAST(added.sum AS BIGINT) AS sum, CAST(added.facts AS BIGINT) AS facts, CAST(added.notes AS JSONB) AS notes, CAST(added.last AS TEXT) AS last, CAST(added.valid_from AS BIGINT) AS valid_from, CAST(added.valid_to AS BIGINT) AS valid_to
FROM unnest(CAST($1::UUID[] AS UUID[]), CAST($2::BIGINT[] AS BIGINT[]), CAST($3::BIGINT[] AS BIGINT[]), CAST($4::TEXT[] AS TEXT[]), CAST($5::TEXT[] AS TEXT[]), CAST($6::BIGINT[] AS BIGINT[]), CAST($7::BIGINT[] AS BIGINT[])) AS added(id, sum, facts, notes, last, valid_from, valid_to);

-- delete history
DELETE FROM read.tallies_v1_history WHERE (read.tallies_v1_history.id) IN (SELECT deleted.id
FROM unnest(CAST($1::UUID[] AS UUID[])) AS deleted(id)) AND read.tallies_v1_history.valid_from >= $2::BIGINT;

-- reopen history
UPDATE read.tallies_v1_history SET valid_to=$1::BIGINT WHERE (read.tallies_v1_history.id) IN (SELECT deleted.id
FROM unnest(CAST($2::UUID[] AS UUID[])) AS deleted(id)) AND read.tallies_v1_history.valid_to >= $3::BIGINT;

-- write batch
WITH moved AS
(UPDATE es.checkpoints SET position = $6::BIGINT, owner = $7::VARCHAR, moved_at = clock_timestamp() WHERE projection = $8::VARCHAR AND version = $9::INTEGER AND slot = $10::VARCHAR AND build = $11::BIGINT AND position = $12::BIGINT RETURNING 1 AS one),
writing AS
(INSERT INTO read.tallies_v1 (id, sum, facts, notes, last) SELECT CAST(written.id AS UUID) AS id, CAST(written.sum AS BIGINT) AS sum, CAST(written.facts AS BIGINT) AS facts, CAST(written.notes AS JSONB) AS notes, CAST(written.last AS TEXT) AS last
FROM unnest(CAST($1::UUID[] AS UUID[]), CAST($2::BIGINT[] AS BIGINT[]), CAST($3::BIGINT[] AS BIGINT[]), CAST($4::TEXT[] AS TEXT[]), CAST($5::TEXT[] AS TEXT[])) AS written(id, sum, facts, notes, last)
WHERE EXISTS (SELECT moved.one
FROM moved) ON CONFLICT (id) DO UPDATE SET sum = excluded.sum, facts = excluded.facts, notes = excluded.notes, last = excluded.last),
deleting AS
(DELETE FROM read.tallies_v1 WHERE (read.tallies_v1.id) IN (SELECT deleted.id
FROM unnest(CAST($13::UUID[] AS UUID[])) AS deleted(id)) AND (EXISTS (SELECT moved.one
FROM moved))),
closing AS
(UPDATE read.tallies_v1_history SET valid_to=closed.at FROM unnest(CAST($14::UUID[] AS UUID[]), CAST($15::BIGINT[] AS BIGINT[])) AS closed(id, at), LATERAL (SELECT newest.valid_from AS valid_from
FROM read.tallies_v1_history AS newest
WHERE newest.id = closed.id ORDER BY newest.valid_from DESC
 LIMIT $16::INTEGER) AS last WHERE read.tallies_v1_history.id = closed.id AND read.tallies_v1_history.valid_from = last.valid_from AND read.tallies_v1_history.valid_to IS NULL AND (EXISTS (SELECT moved.one
FROM moved))),
adding AS
(INSERT INTO read.tallies_v1_history (id, sum, facts, notes, last, valid_from, valid_to) SELECT CAST(added.id AS UUID) AS id, CAST(added.sum AS BIGINT) AS sum, CAST(added.facts AS BIGINT) AS facts, CAST(added.notes AS JSONB) AS notes, CAST(added.last AS TEXT) AS last, CAST(added.valid_from AS BIGINT) AS valid_from, CAST(added.valid_to AS BIGINT) AS valid_to
FROM unnest(CAST($17::UUID[] AS UUID[]), CAST($18::BIGINT[] AS BIGINT[]), CAST($19::BIGINT[] AS BIGINT[]), CAST($20::TEXT[] AS TEXT[]), CAST($21::TEXT[] AS TEXT[]), CAST($22::BIGINT[] AS BIGINT[]), CAST($23::BIGINT[] AS BIGINT[])) AS added(id, sum, facts, notes, last, valid_from, valid_to)
WHERE EXISTS (SELECT moved.one
FROM moved))
 SELECT count(moved.one) AS count_1
FROM moved;
