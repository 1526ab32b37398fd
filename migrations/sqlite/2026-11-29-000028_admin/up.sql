-- Texts that administrators have published: notices, help, reasons. The text of the program is version 0.
CREATE TABLE office_texts (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL, -- slug of the business
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    published_at TIMESTAMP NOT NULL,
    UNIQUE (kind, name, version)
);

-- Announcements are edited and taken down at the desk.
ALTER TABLE announcements ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE announcements ADD COLUMN taken_down_at TIMESTAMP;

-- Imports at the desk. The file is in the encrypted store of uploads until the import ends, and its report of refused
-- rows for a day.
CREATE TABLE import_jobs (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL, -- name of the import kind
    file_name TEXT NOT NULL,
    batch BOOLEAN NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    status TEXT NOT NULL,
    running TEXT UNIQUE, -- 'yes' while a process works on it: one at a time
    beat_at TIMESTAMP NOT NULL, -- the last sign of life of that process
    created_at TIMESTAMP NOT NULL,
    rows_done BIGINT NOT NULL,
    percent INTEGER NOT NULL,
    summary TEXT NOT NULL, -- JSON; empty before the first pass ends
    failure TEXT NOT NULL,
    storage_key TEXT NOT NULL, -- empty once the file is deleted
    report TEXT -- sealed CSV of the refused rows
);
CREATE INDEX import_jobs_created_at ON import_jobs (created_at);
