CREATE TABLE integrity_records_old (
    id TEXT PRIMARY KEY NOT NULL,
    holder_hash TEXT NOT NULL,
    category TEXT NOT NULL,
    fact TEXT NOT NULL,
    decision_number TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL
);
INSERT INTO integrity_records_old
    SELECT id, holder_hash, category, fact, decision_number, starts_on, coalesce(ends_on, '9999-12-31')
    FROM integrity_records;
DROP TABLE integrity_records;
ALTER TABLE integrity_records_old RENAME TO integrity_records;
CREATE INDEX integrity_records_holder_hash ON integrity_records (holder_hash);
ALTER TABLE certificates DROP COLUMN annulment;
ALTER TABLE certificates DROP COLUMN annulled_on;
DROP INDEX certificates_query_number;
ALTER TABLE certificates DROP COLUMN query_number;
ALTER TABLE certificates RENAME COLUMN number TO management_number;
