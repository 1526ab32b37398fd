-- The working days from which due_on was counted, so that another calendar or rule can count them again. Of an
-- application on hold: those that were left when the hold began. NULL: an older program counted five.
ALTER TABLE applications ADD COLUMN due_days INTEGER;

-- Notes among staff on an application. Candidates never see them.
CREATE TABLE case_notes (
    id TEXT PRIMARY KEY NOT NULL,
    application_id TEXT NOT NULL REFERENCES applications (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    at TIMESTAMP NOT NULL,
    content TEXT NOT NULL -- sealed
);
CREATE INDEX case_notes_application_id ON case_notes (application_id, id);

-- Marks and remarks that a reviewer is writing. They are deleted when the application is decided.
CREATE TABLE working_marks (
    application_id TEXT NOT NULL REFERENCES applications (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    content TEXT NOT NULL, -- sealed
    saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (application_id, staff_id)
);

-- Since when a file that staff gave to a candidate is replaced, and the candidate cannot open it.
ALTER TABLE attachments ADD COLUMN withdrawn_at TIMESTAMP;
