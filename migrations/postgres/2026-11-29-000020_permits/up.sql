-- All numbers of one 港澳居民来往内地通行证 have one hash, since two of its digits count renewals. Older programs hashed
-- these too. This table notes the replaced hashes, of documents ("holder_hash") and of certificates ("person_hash"), so
-- that the import of an older export finds the present ones. `kaozheng migrate`, `kaozheng serve` and sign-ins fill it.
CREATE TABLE renewed_hashes (
    former TEXT PRIMARY KEY NOT NULL,
    present TEXT NOT NULL
);

-- The people whose permits are renewed at the start.
CREATE INDEX candidates_permits ON candidates (id) WHERE document_type = 'hk_macao_permit';

-- Only a database with people from before has hashes to replace.
INSERT INTO meta (key, value) SELECT 'permit_hashes.former', 'possible'
WHERE EXISTS (SELECT 1 FROM candidates) OR EXISTS (SELECT 1 FROM staff) OR EXISTS (SELECT 1 FROM registrations)
    OR EXISTS (SELECT 1 FROM certificates) OR EXISTS (SELECT 1 FROM violations)
    OR EXISTS (SELECT 1 FROM integrity_records);
