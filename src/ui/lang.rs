//! The languages of pages.

/// All pages are in Chinese. Those of the public lookup are in English too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    Chinese,
    English,
}

impl Lang {
    /// The BCP 47 tag of `<html lang>`.
    pub fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }

    pub fn pick<T>(self, chinese: T, english: T) -> T {
        match self {
            Lang::Chinese => chinese,
            Lang::English => english,
        }
    }

    /// The `lang` attribute of Chinese words: on an English page they name their language.
    pub fn of_chinese(self) -> Option<&'static str> {
        self.pick(None, Some(Lang::Chinese.tag()))
    }

    pub fn other(self) -> Lang {
        self.pick(Lang::English, Lang::Chinese)
    }
}
