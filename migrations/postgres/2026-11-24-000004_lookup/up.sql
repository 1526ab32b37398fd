-- What the public lookup of certificates needs.

-- The newest certificate of each exam, without reading all of them.
CREATE INDEX certificates_exam_id_approved_on ON certificates (exam_id, approved_on);

-- Links by which a holder lets somebody verify one certificate.
CREATE TABLE certificate_links (
    id TEXT PRIMARY KEY NOT NULL,
    certificate_id TEXT NOT NULL REFERENCES certificates (id),
    token TEXT NOT NULL, -- sealed: its holder may see it again
    token_hash TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX certificate_links_certificate_id ON certificate_links (certificate_id);

-- When a link was opened, to the minute: however often it is, a minute is one row.
CREATE TABLE certificate_link_views (
    link_id TEXT NOT NULL REFERENCES certificate_links (id),
    minute TIMESTAMP NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (link_id, minute)
);

-- How often somebody has looked up, as the processes tell each other.
CREATE TABLE lookup_counts (
    id TEXT PRIMARY KEY NOT NULL, -- a keyed hash of who and when, so no address and no number
    count INTEGER NOT NULL,
    told_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL
);
CREATE INDEX lookup_counts_told_at ON lookup_counts (told_at);
