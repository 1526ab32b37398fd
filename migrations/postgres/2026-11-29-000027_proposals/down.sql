DROP INDEX applications_proposed;
ALTER TABLE applications DROP COLUMN proposed_by;
