-- The generations of the data key. No lock: the table is new.
CREATE TABLE data_keys (
    generation INTEGER PRIMARY KEY NOT NULL CHECK (generation BETWEEN 1 AND 255),
    fingerprint TEXT NOT NULL UNIQUE, -- check value of the key
    suite TEXT NOT NULL CHECK (suite IN ('aes', 'sm4')),
    blind_key TEXT NOT NULL, -- the part that hashes, encrypted with a later key; empty for the newest generation
    turned_to TEXT, -- hashes of the generation before, up to this one, have been replaced; none if all have
    begun_at TIMESTAMP, -- when it began to seal; none while it is only announced
    finished_at TIMESTAMP -- none while values are sealed with the key before
);
INSERT INTO data_keys (generation, fingerprint, suite, blind_key, begun_at, finished_at)
    SELECT 1, value, 'aes', '', CURRENT_TIMESTAMP AT TIME ZONE 'UTC', CURRENT_TIMESTAMP AT TIME ZONE 'UTC' FROM meta WHERE key = 'key';
