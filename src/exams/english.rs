//! English names of exams and of their categories, levels and specialties. Only English pages read them.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::store::schema::{english_names as n, exams};
use crate::store::{Error, Tx};

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Category,
    Exam,
    Level,
    Specialty,
}

impl Part {
    /// Stored in `english_names.part`.
    pub const fn code(self) -> &'static str {
        match self {
            Part::Category => "category",
            Part::Exam => "exam",
            Part::Level => "level",
            Part::Specialty => "specialty",
        }
    }
}

/// The English names that belong to one exam.
#[derive(Clone, Debug, Default)]
pub struct EnglishNames(Vec<EnglishName>);

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = n)]
struct EnglishName {
    part: String,
    chinese: String,
    english: String,
}

impl EnglishNames {
    /// Those of the exam with this code. An unknown exam has none.
    pub fn of_exam(tx: &mut Tx, code: &str) -> Result<EnglishNames, Error> {
        let own = n::table.inner_join(exams::table).filter(exams::code.eq(code));
        Ok(EnglishNames(own.select(EnglishName::as_select()).load(tx.conn)?))
    }

    /// The names of exams and categories, by the code of the exam.
    pub fn of_all_exams(tx: &mut Tx) -> Result<HashMap<String, EnglishNames>, Error> {
        let listed = n::part.eq_any([Part::Category.code(), Part::Exam.code()]);
        let rows = n::table.inner_join(exams::table).filter(listed);
        let rows: Vec<(String, EnglishName)> =
            rows.select((exams::code, EnglishName::as_select())).load(tx.conn)?;
        let mut names: HashMap<String, EnglishNames> = HashMap::new();
        for (code, name) in rows {
            names.entry(code).or_default().0.push(name);
        }
        Ok(names)
    }

    /// The English name for Chinese words. Empty if there is none.
    pub fn of(&self, part: Part, chinese: &str) -> &str {
        let mut names = self.0.iter();
        let name = names.find(|name| name.part == part.code() && name.chinese == chinese);
        name.map_or("", |name| &name.english)
    }
}
