ALTER TABLE applications DROP COLUMN saved_by;
ALTER TABLE applications DROP COLUMN saves;
