//! The exams of sample data.

use std::io::{self, Write};

use crate::demo::english::english;
use crate::demo::exams::{EXAMS, Exam};

pub(super) const SAMPLED: &[Exam] = EXAMS.split_at(3).0;

/// Months of the sittings, the earliest first.
pub(super) const MONTHS: &[&str] = &["201803", "201903", "202103", "202203", "202303", "202403"];

/// Writes the subjects of each exam, then its sittings.
pub fn write(to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "考试代码,考试名称,考试类别,考试英文名称,类别英文名称,级别,专业,级别英文名称,专业英文名称,\
         科目,费用,考试年月,核查开始日期,核查截止日期,考试日期"
    )?;
    for Exam { code, name, category, fee, levels, .. } in SAMPLED {
        let exam = format!("{code},{name},{category},{},{}", english(name), english(category));
        for level in *levels {
            for (specialty, subject) in level.papers() {
                let offered = format!("{},{specialty}", level.name);
                let in_english = format!("{},{}", english(level.name), english(specialty));
                writeln!(to, "{exam},{offered},{in_english},{subject},{}.00,,,,", fee / 100)?;
            }
        }
        for month in MONTHS {
            let year: u32 = month[..4].parse().unwrap_or_default();
            writeln!(to, "{exam},,,,,,,{month},{}-11-01,{year}-01-15,{year}-03-24", year - 1)?;
        }
    }
    to.flush()
}
