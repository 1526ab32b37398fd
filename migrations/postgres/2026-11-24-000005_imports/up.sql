-- How far the import of a file has come, so that one that was killed can go on.
CREATE TABLE imports (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL, -- SHA-256 of the file
    rows_done BIGINT NOT NULL, -- so many from the top are dealt with
    rows_added BIGINT NOT NULL,
    rows_changed BIGINT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP -- none: the same file goes on where this one stopped
);
CREATE INDEX imports_content ON imports (content, kind);
