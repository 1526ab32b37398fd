//! English names of the demo's exams, and of their categories, levels and specialties.

/// Empty if there is none.
pub(super) fn english(chinese: &str) -> &'static str {
    NAMES.iter().find(|(name, _)| *name == chinese).map_or("", |(_, english)| english)
}

const NAMES: &[(&str, &str)] = &[
    // categories
    ("专业技术人员职业资格", "Professional qualifications"),
    ("专业技术资格", "Professional titles"),
    // exams
    ("一级建造师", "Constructor (Class 1)"),
    ("二级建造师", "Constructor (Class 2)"),
    ("一级造价工程师", "Cost Engineer (Class 1)"),
    ("监理工程师", "Supervising Engineer"),
    ("中级注册安全工程师", "Registered Safety Engineer (Intermediate)"),
    ("一级注册消防工程师", "Registered Fire Protection Engineer (Class 1)"),
    ("执业药师", "Licensed Pharmacist"),
    ("经济专业技术资格", "Economist"),
    ("社会工作者职业资格", "Social Worker"),
    ("会计专业技术资格", "Accountant"),
    ("注册城乡规划师", "Registered Urban and Rural Planner"),
    ("翻译专业资格", "Translator and Interpreter"),
    // levels
    ("一级", "Class 1"),
    ("二级", "Class 2"),
    ("三级", "Class 3"),
    ("全国", "National"),
    ("初级", "Junior"),
    ("中级", "Intermediate"),
    // specialties
    ("不分专业", "No specialty"),
    ("建筑工程", "Building Engineering"),
    ("市政公用工程", "Municipal and Public Works"),
    ("机电工程", "Mechanical and Electrical Engineering"),
    ("水利水电工程", "Water Resources and Hydropower Engineering"),
    ("公路工程", "Highway Engineering"),
    ("土木建筑工程", "Civil Engineering"),
    ("安装工程", "Installation Engineering"),
    ("交通运输工程", "Transportation Engineering"),
    ("水利工程", "Water Conservancy Engineering"),
    ("建筑施工安全", "Construction Safety"),
    ("化工安全", "Chemical Safety"),
    ("道路运输安全", "Road Transport Safety"),
    ("其他安全", "Other Safety"),
    ("药学", "Pharmacy"),
    ("中药学", "Chinese Pharmacy"),
    ("工商管理", "Business Administration"),
    ("人力资源管理", "Human Resource Management"),
    ("金融", "Finance"),
    ("财政税收", "Public Finance and Taxation"),
    ("英语", "English"),
    ("日语", "Japanese"),
    ("法语", "French"),
];

#[cfg(test)]
mod tests {
    use super::english;
    use crate::demo::exams::EXAMS;

    #[test]
    fn everything_in_the_demo_has_an_english_name() {
        for exam in EXAMS {
            let levels = exam.levels.iter().flat_map(|level| [&[level.name], level.specialties].concat());
            for chinese in [exam.category, exam.name].into_iter().chain(levels) {
                let name = english(chinese);
                assert!(!name.is_empty() && !name.contains(','), "{chinese}: a sample file has commas");
            }
        }
    }
}
