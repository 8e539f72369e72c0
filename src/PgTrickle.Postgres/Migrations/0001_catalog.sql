-- The catalog: what a stream table is, what its sources are captured into, and how far each refresh has read.
--
-- Runs as the role pgtrickle, which owns everything here. Definitions and hot state are separate tables, since a
-- refresh updates the state row every time and must neither bloat nor invalidate what describes the table.

-- Functions that pgtrickle makes, here or later, may be called by nobody else unless a GRANT says so.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA pgtrickle;
CREATE SCHEMA pgtrickle_changes;
CREATE SCHEMA pgtrickle_run;

COMMENT ON SCHEMA pgtrickle IS 'Stream tables: functions, catalog, settings.';
COMMENT ON SCHEMA pgtrickle_changes IS 'Change buffers of captured tables and the functions of their triggers.';
COMMENT ON SCHEMA pgtrickle_run IS 'One function a stream table, owned by the owner of the stream table; only refresh workers may call them. And the tables in which plans keep results of parts of queries.';

GRANT USAGE ON SCHEMA pgtrickle, pgtrickle_changes TO PUBLIC;
GRANT USAGE, CREATE ON SCHEMA pgtrickle_run TO PUBLIC;

CREATE TABLE pgtrickle.schema_migrations (
    version int PRIMARY KEY,
    name text NOT NULL,
    -- SHA-256 of the file, in hex.
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    applied_by name NOT NULL DEFAULT SESSION_USER
);

CREATE TABLE pgtrickle.settings (
    name text PRIMARY KEY,
    value text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    updated_by text NOT NULL DEFAULT SESSION_USER
);

-- Readable by role pgtrickle alone: the password with which nodes log in as pgtrickle_worker.
CREATE TABLE pgtrickle.secrets (
    name text PRIMARY KEY,
    value text NOT NULL
);

-- One row a change of a definition, a dependency or a setting. A node that loaded the catalog at snapshot S is up to date
-- while no visible row has an xid that S does not see; a counter would make creators wait for each other's commit.
CREATE TABLE pgtrickle.catalog_log (
    xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    pgt_id bigint,
    logged_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
ALTER TABLE pgtrickle.catalog_log ALTER COLUMN xid SET STATISTICS 0;

CREATE TABLE pgtrickle.stream_tables (
    pgt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- A dump writes the name of a regclass, so that it finds its relation again, which has another OID where the dump is restored (0016_restored.sql).
    pgt_relid regclass NOT NULL UNIQUE,
    -- As they were at creation: the relation may be renamed, and another may have taken the name.
    pgt_schema text NOT NULL,
    pgt_name text NOT NULL,
    owner_role oid NOT NULL,
    -- The function in pgtrickle_run through which anything runs with the owner's rights. By its name: pg_upgrade gives functions other OIDs.
    run_name text NOT NULL UNIQUE,
    original_query text NOT NULL,
    -- pg_get_viewdef under an empty search_path.
    defining_query text NOT NULL,
    -- What only the view could tell: output columns, functions used, relations and columns used (see pgtrickle.analyse).
    analysis jsonb NOT NULL,
    schedule text NOT NULL,
    refresh_mode text NOT NULL CHECK (refresh_mode IN ('AUTO', 'DIFFERENTIAL', 'FULL', 'IMMEDIATE')),
    refresh_tier text NOT NULL DEFAULT 'hot' CHECK (refresh_tier IN ('hot', 'warm', 'cold', 'frozen')),
    diamond_consistency text NOT NULL DEFAULT 'atomic' CHECK (diamond_consistency IN ('atomic', 'none')),
    diamond_schedule_policy text NOT NULL DEFAULT 'fastest' CHECK (diamond_schedule_policy IN ('fastest', 'slowest')),
    requested_cdc_mode text NOT NULL DEFAULT 'trigger' CHECK (requested_cdc_mode IN ('trigger')),
    is_append_only bool NOT NULL DEFAULT false,
    pooler_compatibility_mode bool NOT NULL DEFAULT false,
    initialize bool NOT NULL DEFAULT true,
    fuse_mode text NOT NULL DEFAULT 'off' CHECK (fuse_mode IN ('off', 'on', 'auto')),
    fuse_ceiling bigint,
    fuse_sensitivity int,
    -- Bumped by every change of this row that a node has to hear of.
    definition_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- Ids handed out to transactions that are about to create a stream table; a row lives as long as that transaction.
CREATE TABLE pgtrickle.reserved_ids (
    pgt_id bigint PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id()
);

-- What the probe at the beginning of a refresh finds. Arrays have an entry for each source ordinal, from 1.
CREATE TYPE pgtrickle.probe AS (
    -- NO_DATA, FILL, FULL, REINITIALIZE, DIFFERENTIAL.
    action text,
    reason text,
    is_fallback bool,
    -- Bit i - 1 of source i, and the plan's clock bit.
    mask bigint,
    -- Rows written by the refreshing transaction itself that it reads.
    own_rows bigint[],
    delta_rows bigint,
    captures text,
    -- Which server and database the snapshot belongs to.
    system bigint,
    -- What of the catalog has been found in order (pgtrickle._stamp); NULL if that may not be relied on.
    stamp text,
    started_at timestamptz
);

-- What a capture's buffer holds that a consumer has not read (pgtrickle_changes.u_<capture>).
CREATE TYPE pgtrickle.unread AS (
    unread bigint,
    -- Rows of the own transaction that the refresh before had already read.
    consumed bigint,
    -- Rows of the present transaction.
    own bigint,
    was_truncated bool,
    has_drifted bool
);

-- What the function of a stream table's owner is to run: the variant of that number, which stands in its text, or else the statements, in order.
CREATE TYPE pgtrickle.step AS (
    variant bigint,
    statements text[],
    -- Parameters $1 to $3 of either.
    snap pg_snapshot,
    own xid8[],
    clock timestamptz
);

-- Keywords of what every refresh writes. Domains, not constraints of the tables: those are read from their stored form and planned again by every statement that writes such a
-- table, whatever columns it sets.
CREATE DOMAIN pgtrickle.table_status AS text CHECK (VALUE IN ('INITIALIZING', 'ACTIVE', 'SUSPENDED', 'ERROR'));
CREATE DOMAIN pgtrickle.effective_mode AS text CHECK (VALUE IN ('DIFFERENTIAL', 'FULL', 'IMMEDIATE'));
CREATE DOMAIN pgtrickle.refresh_action AS text CHECK (VALUE IN ('NO_DATA', 'FULL', 'DIFFERENTIAL', 'REINITIALIZE', 'SKIP'));
CREATE DOMAIN pgtrickle.refresh_status AS text CHECK (VALUE IN ('RUNNING', 'COMPLETED', 'FAILED', 'SKIPPED'));
CREATE DOMAIN pgtrickle.refresh_initiator AS text CHECK (VALUE IN ('SCHEDULER', 'MANUAL', 'INITIAL'));

-- One row a stream table, locked by its refresh and written with its result, in the same transaction.
-- No foreign key: an update of a row that its own transaction has written checks it again, and a refresh writes the row three times.
CREATE TABLE pgtrickle.stream_table_state (
    pgt_id bigint PRIMARY KEY,
    status pgtrickle.table_status NOT NULL DEFAULT 'INITIALIZING',
    is_populated bool NOT NULL DEFAULT false,
    needs_reinit bool NOT NULL DEFAULT false,
    -- What the compiler made of refresh_mode, and why when that is not what AUTO hopes for.
    effective_refresh_mode pgtrickle.effective_mode,
    downgrade_reason text,
    -- The frontier: S1, advanced by compare-and-set on frontier_epoch.
    frontier_epoch bigint NOT NULL DEFAULT 0,
    frontier_snapshot pg_snapshot,
    frontier_system bigint,
    frontier_clock timestamptz,
    -- Per source ordinal: the own transaction whose rows were read already, and how many there were.
    frontier_own_xids xid8[],
    frontier_own_rows bigint[],
    -- The transaction that has the row open for a refresh, and what it was opened for.
    opened_xid xid8,
    opened_for text,
    plan_taken bool NOT NULL DEFAULT false,
    -- What the probe of the refresh in progress found, and what that refresh is to do.
    opened_probe pgtrickle.probe,
    -- State of the captures (triggers, partitions) as of the frontier: another one means that changes may have been missed.
    frontier_captures text,
    -- The stamp of the catalog that the refresh at the frontier has checked: as long as it is the same, nothing has to be checked again.
    verified_stamp text,
    plan_version bigint,
    -- Setup statements that gave the table its present shape (hidden columns, index), and the indexes that they made.
    shape text,
    shape_indexes oid[],
    -- The plan's own tables as its first fill left them (see 0015_nodes.sql), and in what state.
    node_relids oid[] NOT NULL DEFAULT '{}',
    node_stamp text,
    last_refresh_at timestamptz,
    -- How long it took, in milliseconds.
    last_refresh_ms float8,
    -- The row of the history of the last refresh that evaluated the query: looking for it there would read what years have left.
    last_full_refresh bigint,
    data_timestamp timestamptz,
    consecutive_errors int NOT NULL DEFAULT 0,
    last_error_code text,
    last_error_message text,
    last_error_detail text,
    last_error_hint text,
    last_error_at timestamptz,
    total_refreshes bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- What the coordinator resolved each schedule to. Apart from the state, whose rows refreshes hold locked.
CREATE TABLE pgtrickle.effective_schedules (
    pgt_id bigint PRIMARY KEY REFERENCES pgtrickle.stream_tables ON DELETE CASCADE,
    schedule text NOT NULL
);

CREATE TABLE pgtrickle.pgt_dependencies (
    pgt_id bigint NOT NULL REFERENCES pgtrickle.stream_tables ON DELETE CASCADE,
    source_relid oid NOT NULL,
    source_type text NOT NULL CHECK (source_type IN ('TABLE', 'PARTITIONED', 'STREAM_TABLE', 'VIEW', 'MATVIEW', 'FOREIGN', 'CATALOG')),
    -- The stream table that is read, for source_type STREAM_TABLE.
    source_pgt_id bigint,
    columns_used text[] NOT NULL,
    cdc_mode text NOT NULL DEFAULT 'trigger',
    PRIMARY KEY (pgt_id, source_relid)
);
CREATE INDEX ON pgtrickle.pgt_dependencies (source_relid);
CREATE INDEX ON pgtrickle.pgt_dependencies (source_pgt_id);

-- A capture is a buffer for a set of columns of one table. It is never changed: another set is another capture.
CREATE TABLE pgtrickle.captures (
    capture_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_relid oid NOT NULL,
    -- statement: triggers with transition tables; row: row triggers; only: row triggers on the table alone, for reading it without those that inherit from it.
    kind text NOT NULL CHECK (kind IN ('statement', 'row', 'only')),
    column_numbers smallint[] NOT NULL,
    column_names text[] NOT NULL,
    -- pgtrickle.shape_of(source, columns) when the triggers were made.
    fingerprint text NOT NULL,
    buffer_relid oid,
    view_relid oid,
    status text NOT NULL DEFAULT 'PREPARING' CHECK (status IN ('PREPARING', 'ACTIVE', 'RETIRING')),
    -- The tables (source, partitions, children) for which there is a trigger function.
    members oid[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE INDEX ON pgtrickle.captures (source_relid);

-- Who reads a capture, and for registrations in progress from where on its rows must be kept.
CREATE TABLE pgtrickle.capture_consumers (
    capture_id int NOT NULL REFERENCES pgtrickle.captures ON DELETE CASCADE,
    pgt_id bigint NOT NULL REFERENCES pgtrickle.stream_tables ON DELETE CASCADE,
    registered_snapshot pg_snapshot NOT NULL DEFAULT pg_catalog.pg_current_snapshot(),
    PRIMARY KEY (capture_id, pgt_id)
);
CREATE INDEX ON pgtrickle.capture_consumers (pgt_id);

-- What the compiler made of a definition. A plan names the captures it reads in the order of its source ordinals.
CREATE TABLE pgtrickle.plans (
    pgt_id bigint NOT NULL REFERENCES pgtrickle.stream_tables ON DELETE CASCADE,
    plan_version bigint NOT NULL,
    definition_version bigint NOT NULL,
    compiler_version int NOT NULL,
    source_relids oid[] NOT NULL,
    capture_ids int[] NOT NULL,
    mode text NOT NULL CHECK (mode IN ('DIFFERENTIAL', 'FULL')),
    -- Why it evaluates the query, if a plan before it raised an error that the query does not raise.
    raised_by_plan text,
    -- Whether it reads a relation whose changes cannot be captured: then it always has work.
    is_untracked bool NOT NULL DEFAULT false,
    -- Whether the clock is a source: the boolean expression over $3 (the frontier's clock) that says it moved, and its bit in masks.
    clock_moved text,
    clock_bit bigint NOT NULL DEFAULT 0,
    -- DDL that gives the empty table its hidden columns and index.
    setup_statements text[] NOT NULL,
    fill_statements text[] NOT NULL,
    full_statements text[] NOT NULL,
    -- Everything that a plan was made for: column shapes of the sources and the stream table.
    fingerprint text NOT NULL,
    -- Functions of the query that users made, whose bodies can change.
    function_oids oid[] NOT NULL DEFAULT '{}',
    explanation jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (pgt_id, plan_version)
);

CREATE TABLE pgtrickle.plan_variants (
    pgt_id bigint NOT NULL,
    plan_version bigint NOT NULL,
    -- Bit i is source ordinal i; the highest used bit is the clock. -1: the full difference, for strategy SPLIT.
    mask bigint NOT NULL,
    strategy text NOT NULL CHECK (strategy IN ('MERGE', 'SPLIT')),
    statements text[] NOT NULL,
    PRIMARY KEY (pgt_id, plan_version, mask, strategy),
    FOREIGN KEY (pgt_id, plan_version) REFERENCES pgtrickle.plans ON DELETE CASCADE
);

CREATE TABLE pgtrickle.pgt_refresh_history (
    refresh_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pgt_id bigint NOT NULL,
    data_timestamp timestamptz,
    start_time timestamptz NOT NULL,
    end_time timestamptz,
    action pgtrickle.refresh_action NOT NULL,
    status pgtrickle.refresh_status NOT NULL,
    initiated_by pgtrickle.refresh_initiator NOT NULL,
    rows_inserted bigint NOT NULL DEFAULT 0,
    rows_deleted bigint NOT NULL DEFAULT 0,
    -- Change rows read from the buffers.
    delta_rows bigint NOT NULL DEFAULT 0,
    was_full_fallback bool NOT NULL DEFAULT false,
    fallback_reason text,
    error_code text,
    node_name text
);
CREATE INDEX ON pgtrickle.pgt_refresh_history (pgt_id, refresh_id DESC);
-- For the removal of old rows, once an hour: a refresh should not pay for it.
CREATE INDEX ON pgtrickle.pgt_refresh_history USING brin (start_time) WITH (pages_per_range = 32, autosummarize = on);

-- Messages of failed refreshes, apart from the history since they can quote data that not everybody may see.
CREATE TABLE pgtrickle.refresh_errors (
    refresh_id bigint PRIMARY KEY REFERENCES pgtrickle.pgt_refresh_history ON DELETE CASCADE,
    error_message text NOT NULL
);

-- Intents. Callers insert kind and args; everything else is filled by the server and cannot be forged.
CREATE TABLE pgtrickle.commands (
    command_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    args jsonb NOT NULL,
    role name NOT NULL DEFAULT CURRENT_USER,
    session_role name NOT NULL DEFAULT SESSION_USER,
    pid int NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
    xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    pgt_id bigint,
    status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'CLAIMED', 'DONE', 'FAILED')),
    -- A claim is a compare-and-set of the epoch with a lease; no lock is held while a node works.
    claim_epoch bigint NOT NULL DEFAULT 0,
    claimed_by bigint,
    claimed_until timestamptz,
    finished_at timestamptz,
    error_code text,
    error_message text,
    error_detail text,
    error_hint text
);
CREATE INDEX ON pgtrickle.commands (command_id) WHERE status IN ('PENDING', 'CLAIMED');
CREATE INDEX ON pgtrickle.commands (pgt_id);

-- One row a node process. Its token, of which only the hash stands here, is what a refresh has to show.
CREATE TABLE pgtrickle.cluster_members (
    node_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node_name text NOT NULL,
    address text NOT NULL UNIQUE,
    system_name text NOT NULL,
    roles text[] NOT NULL,
    max_workers int NOT NULL DEFAULT 4,
    token_hash bytea NOT NULL,
    -- init: starting; joining: found or founding a cluster; joined; leaving.
    state text NOT NULL CHECK (state IN ('init', 'joining', 'joined', 'leaving')),
    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    active_workers int NOT NULL DEFAULT 0,
    entities int NOT NULL DEFAULT 0
);

CREATE TABLE pgtrickle.leases (
    name text PRIMARY KEY,
    owner text NOT NULL,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL
);

-- The tables of the persistence plugin, which would race for their creation when several nodes start at once.
CREATE TABLE pgtrickle.journal (
    ordering bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    deleted bool NOT NULL DEFAULT false,
    persistence_id varchar(255) NOT NULL,
    sequence_number bigint NOT NULL,
    message bytea NOT NULL,
    manifest varchar(500),
    identifier int,
    tags varchar(100),
    writer_uuid varchar(128),
    created bigint NOT NULL,
    UNIQUE (persistence_id, sequence_number)
);
CREATE TABLE pgtrickle.journal_tags (
    ordering_id bigint NOT NULL,
    tag varchar(64) NOT NULL,
    sequence_nr bigint NOT NULL,
    persistence_id varchar(255) NOT NULL,
    PRIMARY KEY (ordering_id, tag)
);
CREATE TABLE pgtrickle.snapshots (
    persistence_id varchar(255) NOT NULL,
    sequence_number bigint NOT NULL,
    created bigint NOT NULL,
    snapshot bytea NOT NULL,
    manifest varchar(500),
    serializer_id int,
    PRIMARY KEY (persistence_id, sequence_number)
);

-- One row a transaction and capture that it wrote to: what the change detector reads instead of every buffer.
CREATE TABLE pgtrickle_changes.log (
    xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    capture_id int NOT NULL,
    -- How long a change has been waiting decides whether a stream table is stale.
    logged_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE pgtrickle_changes.log ALTER COLUMN xid SET STATISTICS 0;

CREATE FUNCTION pgtrickle.note_catalog_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    INSERT INTO pgtrickle.catalog_log (pgt_id) VALUES ((changed ->> 'pgt_id')::bigint);
    RETURN NULL;
END $$;

CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON pgtrickle.stream_tables
    FOR EACH ROW EXECUTE FUNCTION pgtrickle.note_catalog_change();
CREATE FUNCTION pgtrickle.forget_state() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM pgtrickle.stream_table_state s WHERE s.pgt_id = OLD.pgt_id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_state AFTER DELETE ON pgtrickle.stream_tables FOR EACH ROW EXECUTE FUNCTION pgtrickle.forget_state();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON pgtrickle.settings
    FOR EACH ROW EXECUTE FUNCTION pgtrickle.note_catalog_change();
