-- What a correction has replaced on a record: a file that still brings it is older than that.
CREATE TABLE former_values (
    record_id TEXT NOT NULL, -- a certificate or a registration
    field TEXT NOT NULL, -- its column
    value TEXT NOT NULL,
    PRIMARY KEY (record_id, field, value)
);
