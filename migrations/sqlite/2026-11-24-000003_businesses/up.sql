-- What the other businesses, certificates and their posting need.

-- What the portal told last. It overwrites what we know only when it tells something new,
-- so that a correction outlives the next sign-in.
ALTER TABLE candidates ADD COLUMN portal_name TEXT NOT NULL DEFAULT '';
ALTER TABLE candidates ADD COLUMN portal_phone TEXT NOT NULL DEFAULT ''; -- sealed
ALTER TABLE candidates ADD COLUMN gender TEXT NOT NULL DEFAULT '';
ALTER TABLE candidates ADD COLUMN born_on DATE;
ALTER TABLE candidates ADD COLUMN education TEXT NOT NULL DEFAULT '';
ALTER TABLE candidates ADD COLUMN portrait_id TEXT; -- of an attachment
UPDATE candidates SET portal_name = name, portal_phone = phone;

-- Documents that a candidate had before a correction: signing in works by either.
CREATE TABLE former_documents (
    document_hash TEXT PRIMARY KEY NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    replaced_at TIMESTAMP NOT NULL
);
CREATE INDEX former_documents_candidate_id ON former_documents (candidate_id);

ALTER TABLE registrations ADD COLUMN receipt_id TEXT; -- the application that got it its receipt
ALTER TABLE registration_subjects ADD COLUMN refund_id TEXT; -- the application that got it refunded
ALTER TABLE violations ADD COLUMN outcome TEXT NOT NULL DEFAULT ''; -- of an appeal

-- "lookup_hash" is a keyed hash of name and document number as the paper shows them.
ALTER TABLE certificates ADD COLUMN lookup_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN document_mask TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN gender TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN mailing_id TEXT; -- the application by which it is posted
CREATE INDEX certificates_lookup_hash ON certificates (lookup_hash);

-- Print numbers that a reissue made void.
CREATE TABLE voided_prints (
    id TEXT PRIMARY KEY NOT NULL,
    certificate_id TEXT NOT NULL REFERENCES certificates (id),
    print_number TEXT NOT NULL,
    voided_on DATE NOT NULL
);
CREATE INDEX voided_prints_certificate_id ON voided_prints (certificate_id);

-- What a state is called where it has no name of its own, such as 部分成立 or 已退款.
ALTER TABLE applications ADD COLUMN result TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN notice_version TEXT NOT NULL DEFAULT ''; -- agreed to
ALTER TABLE applications ADD COLUMN agreed_at TIMESTAMP;

-- What is approved and still has to be carried out is open too.
DROP INDEX applications_one_open;
CREATE UNIQUE INDEX applications_one_open ON applications (candidate_id, kind, subject)
    WHERE status IN ('submitted', 'in_review', 'returned')
    OR (status = 'approved' AND kind IN ('refund', 'reissue', 'receipt', 'mailing'));
