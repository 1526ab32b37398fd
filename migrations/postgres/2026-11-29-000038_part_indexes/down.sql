DROP INDEX applications_held_age_title;
DROP INDEX applications_held_age;
DROP INDEX applications_held_title;
DROP INDEX applications_held;
DROP INDEX applications_proposed_age_title;
DROP INDEX applications_proposed_age;
DROP INDEX applications_proposed_title;
DROP INDEX applications_proposed;
CREATE INDEX applications_proposed
    ON applications (kind, (coalesce(due_on, '9999-12-31')), submitted_at, id, title)
    WHERE status = 'in_review' AND proposed_by IS NOT NULL;
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

