-- What lists of applications read, so that they need not decrypt forms.

-- JSON in clear: the questions and materials that are to be corrected, and whether a certificate is posted.
-- Its version is that of the application, or it is outdated: an older program changed the application since.
ALTER TABLE applications ADD COLUMN list_facts TEXT;

-- A page of a candidate's applications, the newest first.
CREATE INDEX applications_listed ON applications (candidate_id, submitted_at, id);
-- A candidate's drafts and returned applications.
CREATE INDEX applications_state ON applications (candidate_id, status, kind);
-- The appeal against an application.
CREATE INDEX applications_parent ON applications (candidate_id, parent_id);
-- Its queries use the indexes above.
DROP INDEX applications_candidate_id;
