ALTER TABLE sessions DROP COLUMN used_at;
