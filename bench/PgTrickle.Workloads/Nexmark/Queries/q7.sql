SELECT b.auction, b.price, b.bidder, b.date_time, b.extra
FROM bid AS b
JOIN (
    SELECT max(price) AS price, date_bin('10 seconds', date_time, timestamp '2026-01-01') AS start
    FROM bid
    GROUP BY date_bin('10 seconds', date_time, timestamp '2026-01-01')) AS w
    ON b.price = w.price AND date_bin('10 seconds', b.date_time, timestamp '2026-01-01') = w.start
