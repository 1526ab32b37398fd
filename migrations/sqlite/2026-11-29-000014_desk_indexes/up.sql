-- Each list of the desk reads from the beginning of an index. The queue is ordered by due day, with applications
-- that are due on no day last, and decided applications by their last change. Title and status come last, so that
-- a search that reads many entries reads nothing but the index.
DROP INDEX applications_status;
CREATE INDEX applications_queue
    ON applications (status, kind, (coalesce(due_on, '9999-12-31')), submitted_at, id, title);
CREATE INDEX applications_taken
    ON applications (assignee_id, kind, (coalesce(due_on, '9999-12-31')), submitted_at, id, title)
    WHERE status = 'in_review';
CREATE INDEX applications_decided ON applications (kind, updated_at, id, title, status)
    WHERE status IN ('returned', 'rejected', 'approved', 'completed');

-- The same by title, for a search of few titles.
CREATE INDEX applications_title
    ON applications (status, title, kind, (coalesce(due_on, '9999-12-31')), submitted_at, id);
CREATE INDEX applications_decided_title ON applications (title, kind, updated_at, id, status)
    WHERE status IN ('returned', 'rejected', 'approved', 'completed');

-- Nothing is looked up by it any more, and PostgreSQL read all of it to find the events of an application.
DROP INDEX application_events_staff_id;
