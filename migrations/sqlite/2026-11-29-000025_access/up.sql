-- The businesses that a staff member decides or carries out, separated by commas. Empty: all of their role.
ALTER TABLE staff ADD COLUMN kinds TEXT NOT NULL DEFAULT '';

-- The place of an entry in the chain of the audit: a day in China, and a number that begins at 1 each day. `hash` is
-- a keyed hash of the entry and of `previous`, the hash of the entry before it. Entries of a program before this
-- one have no place until `kaozheng migrate` appends them.
ALTER TABLE audit_entries ADD COLUMN day DATE;
ALTER TABLE audit_entries ADD COLUMN seq BIGINT;
ALTER TABLE audit_entries ADD COLUMN previous TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_entries ADD COLUMN hash TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX audit_entries_place ON audit_entries (day, seq);
CREATE INDEX audit_entries_unchained ON audit_entries (id) WHERE seq IS NULL;

-- The candidate whose data it is about, where it is about one.
ALTER TABLE audit_entries ADD COLUMN candidate_id TEXT;
CREATE INDEX audit_entries_candidate ON audit_entries (candidate_id, at, id);
CREATE INDEX audit_entries_staff ON audit_entries (staff_id, at, id);
CREATE INDEX audit_entries_at ON audit_entries (at, id);

-- The newest entry of the chain. One row, which is locked to append to the chain.
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY NOT NULL,
    day DATE NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, day, seq, hash) VALUES (1, '2000-01-01', 0, '');
