-- A certificate is known by its number: the 管理号, or the 查询编号 if it has no 管理号. Both are here then.
ALTER TABLE certificates RENAME COLUMN management_number TO number;
ALTER TABLE certificates ADD COLUMN query_number TEXT NOT NULL DEFAULT '';
CREATE INDEX certificates_query_number ON certificates (query_number);

-- The day and the number of the decision that annulled it.
ALTER TABLE certificates ADD COLUMN annulled_on DATE;
ALTER TABLE certificates ADD COLUMN annulment TEXT NOT NULL DEFAULT '';

-- An integrity record without an end is kept for good.
DROP INDEX integrity_records_holder_hash;
CREATE TABLE integrity_records_new (
    id TEXT PRIMARY KEY NOT NULL,
    holder_hash TEXT NOT NULL,
    category TEXT NOT NULL,
    fact TEXT NOT NULL,
    decision_number TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE
);
INSERT INTO integrity_records_new
    SELECT id, holder_hash, category, fact, decision_number, starts_on, ends_on FROM integrity_records;
DROP TABLE integrity_records;
ALTER TABLE integrity_records_new RENAME TO integrity_records;
CREATE INDEX integrity_records_holder_hash ON integrity_records (holder_hash);
