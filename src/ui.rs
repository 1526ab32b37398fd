//! The maud components every page is made of. They know neither HTTP nor the database.
