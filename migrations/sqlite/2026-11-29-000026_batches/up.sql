-- Applications that staff carry out together: what a bank pays, a carrier collects or a printer prints.
CREATE TABLE batches (
    id TEXT PRIMARY KEY NOT NULL,
    -- Code of the kind of batch, such as `refunds`.
    kind TEXT NOT NULL,
    -- 批次号, which the files of the batch carry.
    number TEXT NOT NULL UNIQUE,
    made_by TEXT NOT NULL REFERENCES staff (id),
    made_at TIMESTAMP NOT NULL
);

CREATE INDEX batches_by_kind ON batches (kind, made_at);

CREATE TABLE batch_rows (
    batch_id TEXT NOT NULL REFERENCES batches (id),
    application_id TEXT NOT NULL REFERENCES applications (id),
    position INTEGER NOT NULL,
    -- Version of the application in the files of the batch.
    version INTEGER NOT NULL,
    -- `open`, `done`, `failed` or `dropped`.
    state TEXT NOT NULL,
    -- Why it could not be recorded the last time, or empty.
    note TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (batch_id, application_id)
);

-- An application is in one open batch at a time, so that no bank gets it twice.
CREATE UNIQUE INDEX batch_rows_one_open ON batch_rows (application_id) WHERE state = 'open';

-- Result files that were uploaded and checked. Their rows take effect when they are confirmed.
CREATE TABLE batch_results (
    id TEXT PRIMARY KEY NOT NULL,
    batch_id TEXT NOT NULL REFERENCES batches (id),
    made_by TEXT NOT NULL REFERENCES staff (id),
    made_at TIMESTAMP NOT NULL,
    -- The checked rows, encrypted.
    content TEXT NOT NULL,
    applied_at TIMESTAMP
);

CREATE INDEX batch_results_by_batch ON batch_results (batch_id);
