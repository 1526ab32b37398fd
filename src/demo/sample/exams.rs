//! The exams of the sample files.

use std::io::{self, Write};

use crate::demo::exams::{EXAMS, Exam};

pub(super) const SAMPLED: &[Exam] = EXAMS.split_at(3).0;

/// The months of their sittings, in order.
pub(super) const MONTHS: &[&str] = &["201803", "201903", "202103", "202203", "202303", "202403"];

/// Writes the subjects first, then the sittings.
pub fn write(to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "考试代码,考试名称,考试类别,级别,专业,科目,费用,考试年月,核查开始日期,核查截止日期,考试日期"
    )?;
    for Exam { code, name, category, fee, levels, .. } in SAMPLED {
        let exam = format!("{code},{name},{category}");
        for level in *levels {
            for (specialty, subject) in level.papers() {
                writeln!(to, "{exam},{},{specialty},{subject},{}.00,,,,", level.name, fee / 100)?;
            }
        }
        for month in MONTHS {
            let year: u32 = month[..4].parse().unwrap_or_default();
            writeln!(to, "{exam},,,,,{month},{}-11-01,{year}-01-15,{year}-03-24", year - 1)?;
        }
    }
    to.flush()
}
