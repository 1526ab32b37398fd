-- What the site tells candidates. The tables are new, so nothing of them is locked.
-- A message outlives what it is about, so `subject` references no table.
CREATE TABLE messages (
    id TEXT PRIMARY KEY NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    topic TEXT NOT NULL, -- code of what it tells, such as a return
    kind TEXT NOT NULL, -- slug of the business, or empty
    subject TEXT NOT NULL, -- key of the application, certificate or record that it is about, or empty
    body TEXT NOT NULL, -- sealed; without numbers of documents and phones
    once TEXT, -- of a reminder: what it reminds of, so that each is sent once
    created_at TIMESTAMP NOT NULL,
    read_at TIMESTAMP,
    texted_at TIMESTAMP -- when the SMS gateway took it
);
CREATE UNIQUE INDEX messages_once ON messages (once);
CREATE INDEX messages_listed ON messages (candidate_id, created_at, id);
CREATE INDEX messages_unread ON messages (candidate_id) WHERE read_at IS NULL;
CREATE INDEX messages_created_at ON messages (created_at);

-- Messages that are still to be sent as SMS. A row is deleted once the gateway has taken it.
CREATE TABLE sms_outbox (
    message_id TEXT PRIMARY KEY NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    state TEXT NOT NULL, -- waiting or dead
    queued_at TIMESTAMP NOT NULL, -- when it was written, or when an administrator sent it again
    due_at TIMESTAMP NOT NULL, -- the next try; while a process tries it, the end of its lease
    lease TEXT NOT NULL, -- names the try of the process that has it
    tries INTEGER NOT NULL,
    failure TEXT NOT NULL, -- code of why the last try failed, or empty
    template TEXT NOT NULL, -- name and version of the text
    facts TEXT NOT NULL -- sealed JSON: the values of the text's placeholders
);
CREATE INDEX sms_outbox_due ON sms_outbox (state, due_at);

-- Finds the rejections whose period for an appeal ends soon. Building it reads applications once, and PostgreSQL keeps writes
-- waiting meanwhile: about a second for a million.
CREATE INDEX applications_appeal_until ON applications (appeal_until) WHERE appeal_until IS NOT NULL;

-- Candidates who want by SMS only what they must hear of.
CREATE TABLE sms_opt_outs (
    candidate_id TEXT PRIMARY KEY NOT NULL REFERENCES candidates (id),
    at TIMESTAMP NOT NULL
);
