ALTER TABLE attachments DROP COLUMN unreadable_since;
DROP INDEX application_events_staff_id;
ALTER TABLE staff DROP COLUMN single_keys;
DELETE FROM audit_entries WHERE staff_id IS NULL;
ALTER TABLE audit_entries ALTER COLUMN staff_id SET NOT NULL;
