DROP TABLE english_names;
