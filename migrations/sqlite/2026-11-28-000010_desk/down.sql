ALTER TABLE attachments DROP COLUMN unreadable_since;
DROP INDEX application_events_staff_id;
ALTER TABLE staff DROP COLUMN single_keys;

DROP INDEX audit_entries_target;
CREATE TABLE audit_entries_old (
    id TEXT PRIMARY KEY NOT NULL,
    at TIMESTAMP NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    action TEXT NOT NULL,
    target TEXT NOT NULL
);
INSERT INTO audit_entries_old SELECT id, at, staff_id, action, target FROM audit_entries
    WHERE staff_id IS NOT NULL;
DROP TABLE audit_entries;
ALTER TABLE audit_entries_old RENAME TO audit_entries;
CREATE INDEX audit_entries_target ON audit_entries (target, at);
