DROP INDEX application_events_submissions;
DROP INDEX application_events_decisions;
DROP INDEX applications_held_age_title;
DROP INDEX applications_held_age;
DROP INDEX applications_held_title;
DROP INDEX applications_held;
DROP INDEX applications_decided_by_title;
DROP INDEX applications_decided_by;
DROP INDEX applications_taken_age_title;
DROP INDEX applications_taken_age;
DROP INDEX applications_taken_title;
DROP INDEX applications_taken;
CREATE INDEX applications_taken
    ON applications (assignee_id, kind, (coalesce(due_on, '9999-12-31')), submitted_at, id, title)
    WHERE status = 'in_review';
DROP INDEX applications_age_title;
DROP INDEX applications_age;
DROP TABLE saved_views;
DROP TABLE searches;
DROP TABLE former_names;
DROP INDEX candidates_without_name_hash;
DROP INDEX candidates_name_hash;
ALTER TABLE candidates DROP COLUMN name_hash;
