//! The English reasons why a file cannot be imported, in Chinese.

/// Beginnings of whole reasons.
const WHOLE: &[(&str, &str)] = &[
    ("the file is empty", "文件是空的"),
    (
        "this is an old or an encrypted workbook",
        "这是旧格式或加密的工作簿，请另存为不带密码的 .xlsx，或者 CSV",
    ),
    ("this is UTF-16", "文件是 UTF-16 编码，请另存为“CSV UTF-8”"),
    ("this is a PDF", "这是 PDF，不是表格"),
    ("the first row has more than", "第一行超过 64 KB 或 256 栏：可能有一个引号没有成对，或者这不是 CSV"),
    ("this is no workbook", "打不开这个工作簿，请用 Excel 或 WPS 打开后重新保存"),
    ("the workbook has no visible sheet", "工作簿里没有可见的工作表"),
    ("the file was changed", "读取时文件有变动，请重新上传"),
];

/// Parts of reasons about the header, which name columns of the file.
const PARTS: &[(&str, &str)] = &[
    ("in the sheet ", "工作表"),
    ("unknown column ", "不认识的列"),
    (" is there twice", "出现了两次"),
    (" has no name", "没有名称"),
    (" is missing", "没有找到"),
    ("column ", "列 "),
    ("; ", "；"),
    (", ", "，"),
];

pub(super) fn chinese(reason: &str) -> String {
    if let Some((_, told)) = WHOLE.iter().find(|(start, _)| reason.starts_with(start)) {
        return (*told).to_owned();
    }
    if reason.contains("is too large unpacked") {
        return "工作表解开后太大，请把这张表另存为 CSV".to_owned();
    }
    PARTS.iter().fold(reason.to_owned(), |text, (english, told)| text.replace(english, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_about_files_are_chinese() {
        let table = [
            ("the file is empty", "文件是空的"),
            ("this is UTF-16; save it as “CSV UTF-8”", "文件是 UTF-16 编码，请另存为“CSV UTF-8”"),
            ("unknown column “甲”", "不认识的列“甲”"),
            ("column “姓名” (name) is missing", "列 “姓名” (name)没有找到"),
            ("in the sheet “表一”, column 3 has no name", "工作表“表一”，列 3没有名称"),
        ];
        for (english, told) in table {
            assert_eq!(chinese(english), told, "{english}");
        }
    }
}
