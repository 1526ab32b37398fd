-- How often the form of an application was saved, and by which window of a browser last.
ALTER TABLE applications ADD COLUMN saves INTEGER NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN saved_by TEXT NOT NULL DEFAULT '';
