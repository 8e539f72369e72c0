-- The six patterns of "Best-Practice Patterns for pg_trickle": every table, every stream table and every call as the
-- document writes them. Where it writes '...' for a query (pattern 6), the queries here are over the tables of the others.
-- Left out: live_counter of pattern 5, whose schedule is IMMEDIATE.
--
-- Each statement stands under a line "-- @table name", "-- @stream name" or "-- @alter name". Tables come first: customer_360
-- (pattern 3) reads orders (pattern 4).

-- Pattern 1: Bronze / Silver / Gold
-- @table raw_events
CREATE TABLE raw_events (
    event_id BIGSERIAL PRIMARY KEY,
    user_id INT NOT NULL,
    event_type TEXT NOT NULL,
    payload JSONB,
    received_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Pattern 2: Event Sourcing with Stream Tables
-- @table events
CREATE TABLE events (
    event_id BIGSERIAL PRIMARY KEY,
    aggregate_id UUID NOT NULL,
    event_type TEXT NOT NULL,
    payload JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Pattern 3: Slowly Changing Dimensions
-- @table customers
CREATE TABLE customers (
    customer_id INT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT,
    tier TEXT DEFAULT 'standard',
    updated_at TIMESTAMPTZ DEFAULT now()
);

-- @table customer_history
CREATE TABLE customer_history (
    customer_id INT NOT NULL,
    name TEXT NOT NULL,
    tier TEXT NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    valid_to TIMESTAMPTZ, -- NULL = current
    PRIMARY KEY (customer_id, valid_from)
);

-- Pattern 4: High-Fan-Out Topology
-- @table orders
CREATE TABLE orders (
    id SERIAL PRIMARY KEY,
    customer_id INT NOT NULL,
    region TEXT NOT NULL,
    product_id INT NOT NULL,
    amount NUMERIC(10,2) NOT NULL,
    order_date DATE NOT NULL DEFAULT CURRENT_DATE
);

-- Pattern 1, silver: cleaned and deduplicated events
-- @stream events_cleaned
SELECT pgtrickle.create_stream_table(
    'events_cleaned',
    $$SELECT DISTINCT ON (event_id)
        event_id,
        user_id,
        event_type,
        (payload->>'amount')::numeric AS amount,
        received_at
    FROM raw_events
    WHERE event_type IN ('purchase', 'refund', 'subscription')$$,
    schedule => '5s',
    refresh_mode => 'DIFFERENTIAL'
);

-- Pattern 1, gold: per-user purchase summary
-- @stream user_purchase_summary
SELECT pgtrickle.create_stream_table(
    'user_purchase_summary',
    $$SELECT user_id,
        COUNT(*) AS total_purchases,
        SUM(amount) AS total_spent,
        AVG(amount) AS avg_order
    FROM events_cleaned
    WHERE event_type = 'purchase'
    GROUP BY user_id$$,
    schedule => 'calculated',
    refresh_mode => 'DIFFERENTIAL'
);

-- Pattern 2, projection 1: current state per aggregate
-- @stream aggregate_state
SELECT pgtrickle.create_stream_table(
    'aggregate_state',
    $$SELECT DISTINCT ON (aggregate_id)
        aggregate_id,
        event_type AS last_event,
        payload AS current_state,
        created_at AS last_updated
    FROM events
    ORDER BY aggregate_id, created_at DESC$$,
    schedule => '2s',
    refresh_mode => 'DIFFERENTIAL'
);

-- Pattern 2, projection 2: event counts by type per hour
-- @stream hourly_event_counts
SELECT pgtrickle.create_stream_table(
    'hourly_event_counts',
    $$SELECT date_trunc('hour', created_at) AS hour,
        event_type,
        COUNT(*) AS event_count
    FROM events
    GROUP BY 1, 2$$,
    schedule => '10s',
    refresh_mode => 'DIFFERENTIAL'
);

-- Pattern 3, SCD-1: current customer state enriched with order stats
-- @stream customer_360
SELECT pgtrickle.create_stream_table(
    'customer_360',
    $$SELECT c.customer_id,
        c.name,
        c.email,
        c.tier,
        COUNT(o.id) AS total_orders,
        COALESCE(SUM(o.amount), 0) AS lifetime_value
    FROM customers c
    LEFT JOIN orders o ON o.customer_id = c.customer_id
    GROUP BY c.customer_id, c.name, c.email, c.tier$$,
    schedule => '30s',
    refresh_mode => 'DIFFERENTIAL'
);

-- Pattern 3, SCD-2: current active records only
-- @stream customers_current
SELECT pgtrickle.create_stream_table(
    'customers_current',
    $$SELECT customer_id, name, tier, valid_from
    FROM customer_history
    WHERE valid_to IS NULL$$,
    schedule => '10s',
    refresh_mode => 'DIFFERENTIAL'
);

-- Pattern 4: four stream tables on one source
-- @stream daily_totals
SELECT pgtrickle.create_stream_table('daily_totals',
    'SELECT order_date, SUM(amount) AS daily_total, COUNT(*) AS order_count
    FROM orders GROUP BY order_date',
    schedule => '5s', refresh_mode => 'DIFFERENTIAL');

-- @stream by_region
SELECT pgtrickle.create_stream_table('by_region',
    'SELECT region, SUM(amount) AS total, COUNT(*) AS cnt
    FROM orders GROUP BY region',
    schedule => '5s', refresh_mode => 'DIFFERENTIAL');

-- @stream by_product
SELECT pgtrickle.create_stream_table('by_product',
    'SELECT product_id, SUM(amount) AS total, COUNT(*) AS cnt
    FROM orders GROUP BY product_id',
    schedule => '5s', refresh_mode => 'DIFFERENTIAL');

-- @stream top_customers
SELECT pgtrickle.create_stream_table('top_customers',
    'SELECT customer_id, SUM(amount) AS lifetime_value, COUNT(*) AS order_count
    FROM orders GROUP BY customer_id',
    schedule => '10s', refresh_mode => 'DIFFERENTIAL');

-- Pattern 5: live order monitor (sub-second freshness)
-- @stream order_monitor
SELECT pgtrickle.create_stream_table(
    'order_monitor',
    $$SELECT
        date_trunc('minute', order_date) AS minute,
        region,
        COUNT(*) AS orders,
        SUM(amount) AS revenue
    FROM orders
    WHERE order_date >= CURRENT_DATE
    GROUP BY 1, 2$$,
    schedule => '1s',
    refresh_mode => 'DIFFERENTIAL'
);

-- Pattern 6, hot: real-time operational dashboard, over the silver layer of pattern 1
-- @stream live_metrics
SELECT pgtrickle.create_stream_table('live_metrics',
    $$SELECT event_type,
        COUNT(*) AS events,
        COUNT(amount) AS priced,
        SUM(amount) AS amount
    FROM events_cleaned
    GROUP BY event_type$$);

-- @alter live_metrics
SELECT pgtrickle.alter_stream_table('live_metrics', tier => 'hot');

-- Pattern 6, warm: hourly business reports (2x interval multiplier)
-- @stream hourly_report
SELECT pgtrickle.create_stream_table('hourly_report',
    $$SELECT date_trunc('hour', e.received_at) AS hour,
        c.tier,
        COUNT(*) AS events,
        COUNT(DISTINCT e.user_id) AS active_users,
        MIN(e.received_at) AS first_event,
        MAX(e.received_at) AS last_event
    FROM raw_events e
    JOIN customers c ON c.customer_id = e.user_id
    GROUP BY 1, 2$$,
    schedule => '1m');

-- @alter hourly_report
SELECT pgtrickle.alter_stream_table('hourly_report', tier => 'warm');

-- Pattern 6, cold: daily analytics (10x interval multiplier)
-- @stream daily_analytics
SELECT pgtrickle.create_stream_table('daily_analytics',
    $$SELECT o.order_date,
        o.region,
        c.tier,
        COUNT(*) AS orders,
        SUM(o.amount) AS revenue,
        AVG(o.amount) AS average_order,
        MAX(o.amount) AS largest_order,
        string_agg(DISTINCT c.name, ', ' ORDER BY c.name) AS customers
    FROM orders o
    JOIN customers c ON c.customer_id = o.customer_id
    GROUP BY o.order_date, o.region, c.tier$$,
    schedule => '5m');

-- @alter daily_analytics
SELECT pgtrickle.alter_stream_table('daily_analytics', tier => 'cold');

-- Pattern 6, frozen: archive/audit (skip refresh entirely)
-- @stream audit_log_summary
SELECT pgtrickle.create_stream_table('audit_log_summary',
    $$SELECT event_type,
        COUNT(*) AS entries,
        MIN(created_at) AS first_entry,
        MAX(created_at) AS last_entry
    FROM events
    GROUP BY event_type$$,
    schedule => '5m');

-- @alter audit_log_summary
SELECT pgtrickle.alter_stream_table('audit_log_summary', tier => 'frozen');
