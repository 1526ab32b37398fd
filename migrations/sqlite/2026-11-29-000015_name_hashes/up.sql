-- "person_hash" replaces "lookup_hash": a keyed hash of the name in its normal form and of the hash of the document,
-- both as the paper shows them. It is computed from stored values, so that a later change of the normal form can
-- compute it anew. `kaozheng migrate` and `kaozheng serve` fill it in; until then it is empty.
-- "lookup_hash" stays for programs that still run during the update. A later migration removes it.
ALTER TABLE certificates ADD COLUMN person_hash TEXT NOT NULL DEFAULT '';
CREATE INDEX certificates_person_hash ON certificates (person_hash);

-- The certificates that are still to be filled in.
CREATE INDEX certificates_without_person_hash ON certificates (id) WHERE person_hash = '';
