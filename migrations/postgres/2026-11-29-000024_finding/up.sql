-- How staff find applications: by the candidate's name, and by the filters of the queue.

-- "name_hash" is a keyed hash of the name in its normal form. `kaozheng migrate` and `kaozheng serve` fill it in for
-- stored candidates; until then it is empty.
ALTER TABLE candidates ADD COLUMN name_hash TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX candidates_name_hash ON candidates (name_hash, id);
CREATE INDEX candidates_without_name_hash ON candidates (id) WHERE name_hash = '';

-- Names that candidates had before a correction.
CREATE TABLE former_names (
    name_hash TEXT NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    PRIMARY KEY (name_hash, candidate_id)
);

-- What staff have searched for, so that the address of the results names nobody.
CREATE TABLE searches (
    id TEXT PRIMARY KEY NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    at TIMESTAMP NOT NULL,
    words TEXT NOT NULL -- sealed
);
CREATE INDEX searches_staff_id ON searches (staff_id, at);

-- Filters of the queue that staff have given a name.
CREATE TABLE saved_views (
    id TEXT PRIMARY KEY NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    name TEXT NOT NULL,
    query TEXT NOT NULL, -- sealed
    UNIQUE (staff_id, name)
);

-- The lists of the desk have three orders: by due day, by first submission, and decided ones by their last change.
-- An index of each order serves the whole list, that of one title, that of one assignee, and that of both.
CREATE INDEX applications_age ON applications (status, kind, submitted_at, id, title);
CREATE INDEX applications_age_title ON applications (status, title, kind, submitted_at, id);

DROP INDEX applications_taken;
CREATE INDEX applications_taken
    ON applications (assignee_id, status, kind, (coalesce(due_on, '9999-12-31')), submitted_at, id, title)
    WHERE assignee_id IS NOT NULL;
CREATE INDEX applications_taken_title
    ON applications (assignee_id, status, title, kind, (coalesce(due_on, '9999-12-31')), submitted_at, id)
    WHERE assignee_id IS NOT NULL;
CREATE INDEX applications_taken_age ON applications (assignee_id, status, kind, submitted_at, id, title)
    WHERE assignee_id IS NOT NULL;
CREATE INDEX applications_taken_age_title ON applications (assignee_id, status, title, kind, submitted_at, id)
    WHERE assignee_id IS NOT NULL;

CREATE INDEX applications_decided_by ON applications (assignee_id, kind, updated_at, id, title, status)
    WHERE status IN ('returned', 'rejected', 'approved', 'completed');
CREATE INDEX applications_decided_by_title ON applications (assignee_id, title, kind, updated_at, id, status)
    WHERE status IN ('returned', 'rejected', 'approved', 'completed');

-- Few applications are on hold, so those of one assignee need no index of their own.
CREATE INDEX applications_held
    ON applications (status, kind, (coalesce(due_on, '9999-12-31')), submitted_at, id, title, assignee_id)
    WHERE held_at IS NOT NULL;
CREATE INDEX applications_held_title
    ON applications (status, title, kind, (coalesce(due_on, '9999-12-31')), submitted_at, id, assignee_id)
    WHERE held_at IS NOT NULL;
CREATE INDEX applications_held_age ON applications (status, kind, submitted_at, id, title, assignee_id)
    WHERE held_at IS NOT NULL;
CREATE INDEX applications_held_age_title ON applications (status, title, kind, submitted_at, id, assignee_id)
    WHERE held_at IS NOT NULL;

-- The figures of a period read its decisions, and when each decided application had been submitted.
CREATE INDEX application_events_decisions ON application_events (at, action, staff_id, application_id, position)
    WHERE action IN ('return', 'reject', 'approve');
CREATE INDEX application_events_submissions ON application_events (application_id, position, at)
    WHERE action IN ('submit', 'revise');
