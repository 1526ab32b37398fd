-- The portal of an attempt: candidates' or staff's.
ALTER TABLE portal_attempts ADD COLUMN door TEXT NOT NULL DEFAULT 'candidates';
