-- The scheduled backups. No lock: the table is new.
CREATE TABLE backups (
    name TEXT PRIMARY KEY NOT NULL, -- of its folder: the time at which it began
    status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    running TEXT UNIQUE CHECK (running = 'yes'), -- so that only one runs
    begun_at TIMESTAMP NOT NULL,
    beat_at TIMESTAMP NOT NULL, -- last sign of life
    ended_at TIMESTAMP,
    files BIGINT NOT NULL DEFAULT 0,
    bytes BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX backups_begun ON backups (begun_at);
