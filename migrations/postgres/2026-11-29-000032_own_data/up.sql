-- Downloads of everything that is held about a candidate. The pieces of the ZIP are in the encrypted store of uploads.
CREATE TABLE data_exports (
    id TEXT PRIMARY KEY NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    status TEXT NOT NULL,
    requested_at TIMESTAMP NOT NULL,
    beat_at TIMESTAMP NOT NULL, -- the last sign of life of the process that makes it
    ready_at TIMESTAMP,
    pieces INTEGER NOT NULL,
    size BIGINT NOT NULL -- bytes of the ZIP
);
CREATE INDEX data_exports_candidate_id ON data_exports (candidate_id);

-- Requests of candidates to delete their data, which an administrator decides.
CREATE TABLE deletion_requests (
    id TEXT PRIMARY KEY NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    reason TEXT NOT NULL, -- sealed
    requested_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL,
    decided_at TIMESTAMP,
    decided_by TEXT REFERENCES staff (id),
    answer TEXT NOT NULL -- what the candidate is told; empty until it is decided
);
CREATE INDEX deletion_requests_candidate_id ON deletion_requests (candidate_id);
CREATE UNIQUE INDEX deletion_requests_one_waiting ON deletion_requests (candidate_id) WHERE status = 'waiting';

-- When the file of an upload was removed for good. Adding the column changes no row of the table.
ALTER TABLE attachments ADD COLUMN removed_at TIMESTAMP;

-- The last entry of the audit that was removed at the end of its retention; one row. The seal is a keyed hash, so that
-- nobody without the data key can cut the chain unnoticed.
CREATE TABLE audit_cuts (
    id INTEGER PRIMARY KEY NOT NULL,
    day DATE NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    entries BIGINT NOT NULL, -- how many were removed in all
    seal TEXT NOT NULL
);
