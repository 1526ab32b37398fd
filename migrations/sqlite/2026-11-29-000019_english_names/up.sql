-- English names of exams and of their categories, levels and specialties, for the English pages. A name belongs to
-- the Chinese words that it translates.
CREATE TABLE english_names (
    id TEXT PRIMARY KEY NOT NULL,
    exam_id TEXT NOT NULL REFERENCES exams (id),
    part TEXT NOT NULL, -- category, exam, level or specialty
    chinese TEXT NOT NULL,
    english TEXT NOT NULL,
    UNIQUE (exam_id, part, chinese)
);
