CREATE INDEX applications_candidate_id ON applications (candidate_id, kind, created_at);
DROP INDEX applications_parent;
DROP INDEX applications_state;
DROP INDEX applications_listed;
ALTER TABLE applications DROP COLUMN list_facts;
