WITH counted AS (
    SELECT b.auction, w.start, count(*) AS num
    FROM bid AS b
    CROSS JOIN LATERAL generate_series(
        date_bin('2 seconds', b.date_time, timestamp '2026-01-01') - interval '8 seconds',
        date_bin('2 seconds', b.date_time, timestamp '2026-01-01'),
        interval '2 seconds') AS w(start)
    GROUP BY b.auction, w.start)
SELECT c.auction, c.num, c.start
FROM counted AS c
JOIN (SELECT max(num) AS num, start FROM counted GROUP BY start) AS m ON c.start = m.start AND c.num >= m.num
