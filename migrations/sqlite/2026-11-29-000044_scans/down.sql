ALTER TABLE attachments DROP COLUMN finding;
ALTER TABLE attachments DROP COLUMN scanned_at;
