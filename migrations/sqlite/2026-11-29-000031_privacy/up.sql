-- What candidates have agreed to about their personal data. The candidate has the present state, so that a page needs no
-- further statement: the version of the privacy notice (none: not agreed to), and the codes of the purposes of sensitive
-- data, separated by spaces. Adding columns with a constant default changes no row of the table.
ALTER TABLE candidates ADD COLUMN agreed_version INTEGER;
ALTER TABLE candidates ADD COLUMN agreed_purposes TEXT NOT NULL DEFAULT '';

-- Every consent that was given or withdrawn. Rows are only added.
CREATE TABLE consents (
    id TEXT PRIMARY KEY NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    purpose TEXT NOT NULL,
    version INTEGER NOT NULL, -- of the privacy notice that was shown
    given BOOLEAN NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX consents_candidate_id ON consents (candidate_id);
