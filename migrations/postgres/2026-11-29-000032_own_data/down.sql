DROP TABLE audit_cuts;
ALTER TABLE attachments DROP COLUMN removed_at;
DROP TABLE deletion_requests;
DROP TABLE data_exports;
