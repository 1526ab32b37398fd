//! The languages that pages are read in.

/// Chinese everywhere; the public lookup is read in English too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// 简体中文
    #[default]
    Chinese,
    /// For employers abroad.
    English,
}

impl Lang {
    /// The BCP 47 tag of `<html lang>`.
    pub fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }

    /// Whichever is in this language.
    pub fn pick<T>(self, chinese: T, english: T) -> T {
        match self {
            Lang::Chinese => chinese,
            Lang::English => english,
        }
    }

    /// The language that this page is not in.
    pub fn other(self) -> Lang {
        self.pick(Lang::English, Lang::Chinese)
    }
}
