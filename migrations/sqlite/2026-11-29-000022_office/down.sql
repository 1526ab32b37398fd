ALTER TABLE applications DROP COLUMN held_at;
DROP TABLE rules;
