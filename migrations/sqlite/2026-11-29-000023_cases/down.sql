ALTER TABLE attachments DROP COLUMN withdrawn_at;
DROP TABLE working_marks;
DROP TABLE case_notes;
ALTER TABLE applications DROP COLUMN due_days;
