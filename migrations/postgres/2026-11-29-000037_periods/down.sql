ALTER TABLE violations DROP COLUMN plead_days;
ALTER TABLE applications DROP COLUMN appeal_until;
