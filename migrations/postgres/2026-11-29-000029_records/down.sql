UPDATE integrity_records SET ends_on = '9999-12-31' WHERE ends_on IS NULL;
ALTER TABLE integrity_records ALTER COLUMN ends_on SET NOT NULL;
ALTER TABLE certificates DROP COLUMN annulment;
ALTER TABLE certificates DROP COLUMN annulled_on;
ALTER TABLE certificates DROP COLUMN query_number;
ALTER TABLE certificates RENAME COLUMN number TO management_number;
