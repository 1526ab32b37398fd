-- Stored files whose rows are gone and which are still to be deleted. Written in the transaction
-- that removes the rows, so that a file that cannot be deleted now is deleted later.
CREATE TABLE files_to_delete (
    storage_key TEXT PRIMARY KEY NOT NULL,
    dropped_at TIMESTAMP NOT NULL
);

-- The sweep asks which stored files have a row.
CREATE INDEX attachments_storage_key ON attachments (storage_key);
