-- What the review desk needs to keep every look and every case in sight.

-- The command line changes the roster and exports records without being on the roster.
DROP INDEX audit_entries_target;
ALTER TABLE audit_entries ALTER COLUMN staff_id DROP NOT NULL;
CREATE INDEX audit_entries_target ON audit_entries (target, at);

-- Whether single keys press the buttons of the decision bar.
ALTER TABLE staff ADD COLUMN single_keys BOOLEAN NOT NULL DEFAULT FALSE;

-- Who decided what: an appeal is not for who decided what it is about.
CREATE INDEX application_events_staff_id ON application_events (staff_id, action);

-- Since when the stored file is known to be missing or damaged.
ALTER TABLE attachments ADD COLUMN unreadable_since TIMESTAMP;
