-- Columns whose comment says "sealed" hold AES-256-GCM text; "_hash" columns
-- hold a keyed hash that can be searched but not read back. Times are UTC.

CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE number_sequences (
    name TEXT PRIMARY KEY NOT NULL,
    last BIGINT NOT NULL
);

-- People ---------------------------------------------------------------

CREATE TABLE candidates (
    id TEXT PRIMARY KEY NOT NULL,
    document_type TEXT NOT NULL,
    document_number TEXT NOT NULL, -- sealed
    document_hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    phone TEXT NOT NULL, -- sealed
    created_at TIMESTAMP NOT NULL,
    signed_in_at TIMESTAMP NOT NULL
);

CREATE TABLE staff (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    document_hash TEXT NOT NULL UNIQUE,
    document_mask TEXT NOT NULL,
    role TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE audit_entries (
    id TEXT PRIMARY KEY NOT NULL,
    at TIMESTAMP NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    action TEXT NOT NULL,
    target TEXT NOT NULL
);
CREATE INDEX audit_entries_target ON audit_entries (target, at);

-- Sessions and login ---------------------------------------------------

CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL, -- SHA-256 of the cookie's value
    data TEXT NOT NULL,
    candidate_id TEXT REFERENCES candidates (id),
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
CREATE INDEX sessions_candidate_id ON sessions (candidate_id);

CREATE TABLE login_handshakes (
    id TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    browser TEXT NOT NULL, -- token of the session that may wait and redeem
    phone TEXT, -- token of the session that scanned first
    number INTEGER NOT NULL, -- shown on the waiting screen
    numbers TEXT NOT NULL, -- the three offered on the phone
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    stale_scans INTEGER NOT NULL,
    candidate_id TEXT REFERENCES candidates (id),
    next_path TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL
);
CREATE INDEX login_handshakes_changed_at ON login_handshakes (changed_at);
CREATE INDEX login_handshakes_expires_at ON login_handshakes (expires_at);

-- Exams ----------------------------------------------------------------

CREATE TABLE announcements (
    id TEXT PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL
);

CREATE TABLE exams (
    id TEXT PRIMARY KEY NOT NULL,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    category TEXT NOT NULL
);

CREATE TABLE exam_subjects (
    id TEXT PRIMARY KEY NOT NULL,
    exam_id TEXT NOT NULL REFERENCES exams (id),
    level TEXT NOT NULL,
    specialty TEXT NOT NULL,
    subject TEXT NOT NULL,
    fee INTEGER NOT NULL, -- fen
    position INTEGER NOT NULL,
    UNIQUE (exam_id, level, specialty, subject)
);

CREATE TABLE sittings (
    id TEXT PRIMARY KEY NOT NULL,
    exam_id TEXT NOT NULL REFERENCES exams (id),
    month TEXT NOT NULL, -- yyyymm
    check_opens_on DATE NOT NULL,
    check_closes_on DATE NOT NULL,
    held_on DATE NOT NULL,
    UNIQUE (exam_id, month)
);

CREATE TABLE registrations (
    id TEXT PRIMARY KEY NOT NULL,
    holder_hash TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    sitting_id TEXT NOT NULL REFERENCES sittings (id),
    ticket_number TEXT NOT NULL UNIQUE,
    level TEXT NOT NULL,
    specialty TEXT NOT NULL,
    order_number TEXT NOT NULL,
    paid_at TIMESTAMP,
    result TEXT NOT NULL
);
CREATE INDEX registrations_holder_hash ON registrations (holder_hash);

CREATE TABLE registration_subjects (
    id TEXT PRIMARY KEY NOT NULL,
    registration_id TEXT NOT NULL REFERENCES registrations (id),
    subject TEXT NOT NULL,
    fee INTEGER NOT NULL, -- fen
    result TEXT NOT NULL
);
CREATE INDEX registration_subjects_registration_id ON registration_subjects (registration_id);

CREATE TABLE certificates (
    id TEXT PRIMARY KEY NOT NULL,
    holder_hash TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    exam_id TEXT NOT NULL REFERENCES exams (id),
    sitting_month TEXT NOT NULL,
    level TEXT NOT NULL,
    specialty TEXT NOT NULL,
    management_number TEXT NOT NULL UNIQUE,
    print_number TEXT NOT NULL,
    approved_on DATE NOT NULL,
    issued_on DATE NOT NULL,
    issuing_body TEXT NOT NULL,
    delivery TEXT NOT NULL
);
CREATE INDEX certificates_holder_hash ON certificates (holder_hash);

CREATE TABLE violations (
    id TEXT PRIMARY KEY NOT NULL,
    holder_hash TEXT NOT NULL,
    sitting_id TEXT NOT NULL REFERENCES sittings (id),
    subject TEXT NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    place TEXT NOT NULL,
    fact TEXT NOT NULL,
    clause TEXT NOT NULL,
    proposed_decision TEXT NOT NULL,
    served_on DATE NOT NULL
);
CREATE INDEX violations_holder_hash ON violations (holder_hash);

CREATE TABLE integrity_records (
    id TEXT PRIMARY KEY NOT NULL,
    holder_hash TEXT NOT NULL,
    category TEXT NOT NULL,
    fact TEXT NOT NULL,
    decision_number TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL
);
CREATE INDEX integrity_records_holder_hash ON integrity_records (holder_hash);

-- Casework -------------------------------------------------------------

CREATE TABLE applications (
    id TEXT PRIMARY KEY NOT NULL,
    number TEXT UNIQUE, -- given at the first submission
    kind TEXT NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    parent_id TEXT NOT NULL, -- the application an appeal is about, else ''
    subject TEXT NOT NULL, -- what it is about: at most one open application each
    title TEXT NOT NULL, -- exam and sitting, as lists show it
    summary TEXT NOT NULL, -- level and specialty, as lists show it
    status TEXT NOT NULL,
    version INTEGER NOT NULL, -- optimistic lock, one more at every change
    round INTEGER NOT NULL, -- how often it was submitted
    form TEXT, -- sealed: what was submitted last
    working TEXT, -- sealed: what the candidate is writing and has not submitted
    assignee_id TEXT REFERENCES staff (id),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    submitted_at TIMESTAMP, -- first submission
    decided_at TIMESTAMP,
    due_on DATE -- whose turn it is has until then
);
CREATE INDEX applications_candidate_id ON applications (candidate_id, kind, created_at);
CREATE INDEX applications_status ON applications (status, submitted_at);
CREATE UNIQUE INDEX applications_one_draft ON applications (candidate_id, kind, parent_id)
    WHERE status = 'draft';
CREATE UNIQUE INDEX applications_one_open ON applications (candidate_id, kind, subject)
    WHERE status IN ('submitted', 'in_review', 'returned');

CREATE TABLE application_events (
    id TEXT PRIMARY KEY NOT NULL,
    application_id TEXT NOT NULL REFERENCES applications (id),
    position INTEGER NOT NULL, -- the application's version after this event
    at TIMESTAMP NOT NULL,
    action TEXT NOT NULL,
    from_status TEXT NOT NULL,
    to_status TEXT NOT NULL,
    staff_id TEXT REFERENCES staff (id), -- none: the candidate
    content TEXT NOT NULL, -- sealed: note, marks, and the form as submitted
    UNIQUE (application_id, position)
);

CREATE TABLE attachments (
    id TEXT PRIMARY KEY NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    application_id TEXT REFERENCES applications (id), -- none: uploaded, nowhere used yet
    slot TEXT NOT NULL,
    name TEXT NOT NULL, -- sealed
    mime TEXT NOT NULL,
    size BIGINT NOT NULL,
    width INTEGER NOT NULL, -- 0 for what is not an image
    height INTEGER NOT NULL,
    storage_key TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    submitted_at TIMESTAMP -- since then part of the history, never removed
);
CREATE INDEX attachments_application_id ON attachments (application_id);
CREATE INDEX attachments_strays ON attachments (created_at) WHERE application_id IS NULL;
