DROP TABLE consents;
ALTER TABLE candidates DROP COLUMN agreed_purposes;
ALTER TABLE candidates DROP COLUMN agreed_version;
