//! Characters that people write for one another and that Unicode's NFKC keeps apart.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::people::width;

/// Middle dots of names such as 买买提·艾力, by whichever keyboard or font.
const DOTS: &str = "·•・･‧∙⋅●∘◦᛫⸱⸰⸳․᳟ꞏ·ㆍᆞ⦁˙";

/// Apostrophes, quotation marks and accents that stand for one, and the letters of transcriptions: O’NEIL, T‘ang.
const APOSTROPHES: &str = "'‘’‚‛′‵`´ʹʻʼʽʾʿˈˊˋ՚׳ߴꞋꞌ＇｀";

/// The circles that are typed for the character 〇.
const ZEROS: &str = "○◯⚪";

/// Radicals and strokes, each followed by the ideograph with its shape: `EquivalentUnifiedIdeograph.txt` of
/// Unicode, without those that NFKC replaces. Text copied from a PDF has them in place of ideographs.
const RADICALS: &str = "\
    ⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺇𠘨⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺑𡯂⺒巳⺓幺⺔彑⺕彐⺖忄⺗心⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺠民⺡氵⺢氺⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺩王⺪𤴔\
    ⺫目⺬示⺭礻⺮𥫗⺯糹⺰纟⺱罓⺲罒⺳㓁⺴冗⺵𦉫⺶羊⺷𦍌⺸𦍋⺹耂⺺肀⺻聿⺼肉⺽𦥑⺾艹⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇𧢲⻈讠⻉贝⻊𧾷⻋车⻌辶⻍辶⻎辶⻏邑⻐钅⻑長⻒镸\
    ⻓长⻔门⻕𨸏⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻞𩙿⻟飠⻠饣⻡𩠐⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀㇆𠃌㇏乀㇐一㇑丨㇒丿㇓丿㇔丶㇕𠃍\
    ㇖乛㇗𠃊㇘𠃎㇙𠄌㇚亅㇛𡿨㇜𠃋㇝乀㇞𠃑㇟乚㇠乙㇡𠄎";

/// The ideographs of the private-use code points from [`FIRST_PRIVATE`] on.
///
/// GBK and GB 18030-2000 have 80 rare characters, such as 䶮, at the bytes FE50–FEA0. Unicode lacked most of them, so
/// Windows and GB 18030-2000 mapped these bytes to U+E815–U+E864. GB 18030-2005 and GB 18030-2022 map them
/// to the later code points that stand here, in the order of the bytes.
const PRIVATE: &str = "\
    ⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻";
const FIRST_PRIVATE: u32 = 0xe815;

/// Further private-use code points of GBK (A8BC and A8BF): ḿ and ǹ.
const PRIVATE_LETTERS: [(char, char); 2] = [('\u{e7c7}', '\u{1e3f}'), ('\u{e7c8}', '\u{1f9}')];

static VARIANTS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let sorts = [(DOTS, '·'), (APOSTROPHES, '\''), (ZEROS, '〇')];
    let marks = sorts.into_iter().flat_map(|(all, one)| all.chars().map(move |c| (c, one)));
    let ideographs: Vec<char> = RADICALS.chars().collect();
    let radicals = ideographs.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    marks.chain(radicals).chain(PRIVATE_LETTERS).collect()
});

/// The usual character for a variant; any other character itself.
pub(super) fn usual(c: char) -> char {
    if c.is_ascii() && c != '`' {
        return c;
    }
    if width::is_hyphen(c) {
        return '-';
    }
    let c = assigned(c).unwrap_or(c);
    VARIANTS.get(&c).copied().unwrap_or(c)
}

/// The later code point of a character of [`PRIVATE`].
fn assigned(c: char) -> Option<char> {
    let at = u32::from(c).checked_sub(FIRST_PRIVATE).filter(|at| *at < 80)?;
    PRIVATE.chars().nth(at as usize)
}

/// Characters that change no letter: invisible ones, and selectors of a variant's shape (Unicode's
/// `Default_Ignorable_Code_Point`, as far as names contain it).
pub(super) fn is_ignorable(c: char) -> bool {
    width::is_invisible(c)
        || matches!(c, '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
        || c.is_control() && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_no_gap() {
        assert_eq!(PRIVATE.chars().count(), 80);
        assert_eq!(RADICALS.chars().count(), 2 * 132);
        assert!(PRIVATE.chars().all(|c| !matches!(c, '\u{e000}'..='\u{f8ff}')));
        assert!(VARIANTS.values().all(|one| usual(*one) == *one), "one step reaches the usual character");
    }

    /// The decoder of GB 18030-2022 gives most of the characters for their bytes; it keeps six as they were.
    #[test]
    fn private_code_points_are_those_of_the_standard() {
        let trails = (0x50..=0xa0_u8).filter(|trail| *trail != 0x7f);
        let kept = |(trail, listed): (u8, char)| {
            let bytes = [0xfe, trail];
            let (text, _) = encoding_rs::GB18030.decode_without_bom_handling(&bytes);
            let decoded = text.chars().next().expect("a character");
            let is_private = matches!(decoded, '\u{e000}'..='\u{f8ff}');
            assert!(is_private || decoded == listed, "{trail:x}: {decoded} {listed}");
            is_private
        };
        assert_eq!(trails.zip(PRIVATE.chars()).map(kept).filter(|kept| *kept).count(), 6);
    }
}
