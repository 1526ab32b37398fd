-- What the review desk needs to keep every look and every case in sight.

-- The command line changes the roster and exports records without being on the roster.
DROP INDEX audit_entries_target;
CREATE TABLE audit_entries_new (
    id TEXT PRIMARY KEY NOT NULL,
    at TIMESTAMP NOT NULL,
    staff_id TEXT REFERENCES staff (id), -- none: the command line
    action TEXT NOT NULL,
    target TEXT NOT NULL
);
INSERT INTO audit_entries_new SELECT id, at, staff_id, action, target FROM audit_entries;
DROP TABLE audit_entries;
ALTER TABLE audit_entries_new RENAME TO audit_entries;
CREATE INDEX audit_entries_target ON audit_entries (target, at);

-- Whether single keys press the buttons of the decision bar.
ALTER TABLE staff ADD COLUMN single_keys BOOLEAN NOT NULL DEFAULT FALSE;

-- Who decided what: an appeal is not for who decided what it is about.
CREATE INDEX application_events_staff_id ON application_events (staff_id, action);

-- Since when the stored file is known to be missing or damaged.
ALTER TABLE attachments ADD COLUMN unreadable_since TIMESTAMP;
