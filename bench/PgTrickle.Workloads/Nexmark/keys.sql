CREATE INDEX ON auction (seller);
CREATE INDEX ON bid (auction);
CREATE INDEX ON bid (bidder);
CREATE INDEX ON bid (date_time);
CREATE INDEX ON person (date_time);
CREATE INDEX ON auction (date_time);
