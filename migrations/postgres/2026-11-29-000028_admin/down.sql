DROP TABLE import_jobs;
ALTER TABLE announcements DROP COLUMN taken_down_at;
ALTER TABLE announcements DROP COLUMN version;
DROP TABLE office_texts;
