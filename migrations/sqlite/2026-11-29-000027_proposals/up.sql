-- The assignee who has proposed a decision, while a colleague has not confirmed it. What they propose is in the last
-- event `propose`.
ALTER TABLE applications ADD COLUMN proposed_by TEXT REFERENCES staff (id);

-- The list of applications that wait for a confirmation, in the order of the queue.
CREATE INDEX applications_proposed
    ON applications (kind, (coalesce(due_on, '9999-12-31')), submitted_at, id, title)
    WHERE status = 'in_review' AND proposed_by IS NOT NULL;
