-- A certificate is known by its number: the 管理号, or the 查询编号 if it has no 管理号. Both are here then.
ALTER TABLE certificates RENAME COLUMN management_number TO number;
ALTER TABLE certificates ADD COLUMN query_number TEXT NOT NULL DEFAULT '';
CREATE INDEX certificates_query_number ON certificates (query_number);

-- The day and the number of the decision that annulled it.
ALTER TABLE certificates ADD COLUMN annulled_on DATE;
ALTER TABLE certificates ADD COLUMN annulment TEXT NOT NULL DEFAULT '';

-- An integrity record without an end is kept for good.
DROP INDEX integrity_records_holder_hash;
ALTER TABLE integrity_records ALTER COLUMN ends_on DROP NOT NULL;
CREATE INDEX integrity_records_holder_hash ON integrity_records (holder_hash);
