-- The last day on which a rejection can be appealed against, as the candidate was told.
-- The update writes every rejected 资格审核 once: about a second for 100,000.
ALTER TABLE applications ADD COLUMN appeal_until DATE;
UPDATE applications SET appeal_until = (decided_at + INTERVAL '8 hours')::date + 30
    WHERE kind = 'qualification' AND status = 'rejected';

-- Working days in which one can plead against a violation, as the notice told.
ALTER TABLE violations ADD COLUMN plead_days INTEGER NOT NULL DEFAULT 5;
