CREATE INDEX application_events_staff_id ON application_events (staff_id, action);
DROP INDEX applications_decided_title;
DROP INDEX applications_title;
DROP INDEX applications_decided;
DROP INDEX applications_taken;
DROP INDEX applications_queue;
CREATE INDEX applications_status ON applications (status, submitted_at);
