CREATE TABLE staff (id int PRIMARY KEY, boss int, name text NOT NULL, salary int NOT NULL);
CREATE INDEX ON staff (boss);
CREATE TABLE part (id int PRIMARY KEY, name text NOT NULL, is_product bool NOT NULL);
CREATE TABLE contains (part int NOT NULL, piece int NOT NULL, amount int NOT NULL);
CREATE INDEX ON contains (part, piece);
CREATE INDEX ON contains (piece);
CREATE TABLE link (node int NOT NULL, target int NOT NULL);
CREATE INDEX ON link (node);
CREATE INDEX ON link (target);
