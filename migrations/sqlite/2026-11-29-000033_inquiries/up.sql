-- Who asked about a certificate. One row for each asker and day, so that a page that is opened again and again adds none.
CREATE TABLE certificate_inquiries (
    certificate_id TEXT NOT NULL REFERENCES certificates (id),
    day DATE NOT NULL, -- in China
    way TEXT NOT NULL,
    asker TEXT NOT NULL, -- id of the link, code or organisation; empty for a list without an account
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (certificate_id, day, way, asker)
);
