-- What an exam refunds for a reason. No exam: every exam that has no rule of its own for the reason.
CREATE TABLE refund_rules (
    id TEXT PRIMARY KEY NOT NULL,
    exam_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    closes_before INTEGER, -- days before the exam; none: at any time
    share INTEGER NOT NULL, -- of a hundred; 0: nothing
    UNIQUE (exam_id, reason)
);
