//! Reports of what was looked up or checked, as PDF.

use poem::Response;

use super::code_pages::Verdict;
use crate::exams::certificate::PublicCertificate;
use crate::exams::code::claims::{Claims, Part};
use crate::pages::paper_file::paper_file;
use crate::paper::{Section, Sheet};
use crate::store::{Timestamp, clock};
use crate::ui::Lang;
use crate::web::{Failure, log};

/// The report of a checked code.
pub(super) async fn of_code(
    lang: Lang,
    authority: &str,
    claims: &Claims,
    (verdict, code): (Verdict, &str),
    now: Timestamp,
) -> Result<Response, Failure> {
    let (title, body) = verdict.words(lang);
    let mut facts = vec![(lang.pick("核验结果", "Result").to_owned(), title.to_owned())];
    let label = |part: Part| lang.pick(part.label(), part.english()).to_owned();
    facts.extend(claims.facts.iter().map(|(part, fact)| (label(*part), fact.clone())));
    facts.push((lang.pick("使用期限", "For use until").into(), clock::china(claims.expires_at)));
    let section = Section { heading: String::new(), facts };
    let mut sheet = sheet(lang, authority, vec![section], now);
    sheet.notes.insert(0, body.to_owned());
    if let (true, Some(at)) = (verdict == Verdict::Valid, code.find("KZ1:")) {
        sheet.attached = Some(code[at..].to_owned());
    }
    send(lang, sheet).await
}

/// The report of a lookup that found certificates.
pub(super) async fn of_lookup(
    lang: Lang,
    authority: &str,
    exam: &str,
    found: &[PublicCertificate],
    now: Timestamp,
) -> Result<Response, Failure> {
    let sections = found.iter().map(|certificate| section(lang, exam, certificate)).collect();
    send(lang, sheet(lang, authority, sections, now)).await
}

fn section(lang: Lang, exam: &str, certificate: &PublicCertificate) -> Section {
    let label = |part: Part| lang.pick(part.label(), part.english()).to_owned();
    let state = match certificate.annulment() {
        None => lang.pick("有效", "Valid").to_owned(),
        Some(annulment) => {
            format!("{} {} {}", lang.pick("已撤销", "Annulled"), annulment.on, annulment.decision)
        }
    };
    let mut facts = vec![
        (lang.pick("状态", "State").to_owned(), state),
        (label(Part::Name), certificate.masked_name()),
        (label(Part::Document), certificate.document_mask.clone()),
        (label(Part::Level), certificate.level.clone()),
        (label(Part::Specialty), certificate.specialty.clone()),
    ];
    let numbers = certificate.numbers().into_iter();
    facts.extend(numbers.map(|(kind, number)| (label(Part::of(kind)), number.to_owned())));
    facts.extend([
        (label(Part::ApprovedOn), certificate.approved_on.to_string()),
        (label(Part::IssuingBody), certificate.issuing_body.clone()),
    ]);
    Section { heading: exam.to_owned(), facts }
}

fn sheet(lang: Lang, authority: &str, sections: Vec<Section>, now: Timestamp) -> Sheet {
    let time = clock::china_to_the_second(now);
    let id = log::request_id().unwrap_or_default();
    Sheet {
        above: authority.to_owned(),
        title: lang.pick("证书核验报告", "Report on a certificate").into(),
        sections,
        notes: vec![
            lang.pick(
                format!("查询编号 {id}，{time}。结果以查询时为准。"),
                format!("Query number {id}, {time} (UTC+8), valid as of this time."),
            ),
            lang.pick(
                "本报告不是证书，没有电子签名；请在考试机构的网站重新查询以核实。",
                "This report is no certificate and is not signed; repeat the query on the authority's site to confirm it.",
            )
            .into(),
        ],
        ..Sheet::new(now, lang.tag())
    }
}

async fn send(lang: Lang, sheet: Sheet) -> Result<Response, Failure> {
    paper_file(lang.pick("证书核验报告.pdf", "certificate-report.pdf"), sheet).await
}
