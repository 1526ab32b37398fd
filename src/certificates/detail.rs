//! `/certificates/{id}`: one certificate, for the screen and for print (manual 图4.4.2).

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::{inquiries, links};
use crate::exams::held::{self, Certificate};
use crate::exams::month_label;
use crate::pages::links as links_to;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::document::Gender;
use crate::people::mask;
use crate::settings::Settings;
use crate::store::Tx;
use crate::ui::{self, Fact, Lang, Look, Page, Tab, Tone};
use crate::web::{Failure, Frame, Visitor, host};

#[handler]
pub async fn show(
    req: &Request,
    visitor: Visitor,
    frame: Frame,
    Data(settings): Data<&Arc<Settings>>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let held = held::own(tx, &candidate.holder, &id)?.ok_or(Failure::NotFound)?;
        let link = links::last_to_expire(tx, &candidate, &held.id)?;
        Ok((candidate, held, link))
    };
    let (candidate, held, link) = as_candidate(&visitor, load).await?;
    let link = links::panel(&held.id, link.as_ref(), &settings.base_for(host(req)));
    let bar = html! {
        @if held.annulment().is_none() { (ui::link_button(&paths::copies(&held.id), "电子证书", Look::Plain)) }
        (ui::print_button("打印"))
        @if let Some(posting) = links_to::posting(&held) { (ui::link_button(&posting.href, posting.label, Look::Primary)) }
    };
    let page = Page::new("证书详情", view(&candidate, &held, link))
        .about(&held.exam)
        .own_heading()
        .back(paths::CERTIFICATES);
    Ok(frame.page(page.tab(Tab::Certificates).bar(bar)))
}

fn view(candidate: &Candidate, held: &Certificate, link: Markup) -> Markup {
    html! {
        section.panel.certificate {
            div.head {
                (ui::heading("职业资格证书", &held.exam, &held.summary()))
                @match held.annulment() {
                    Some(_) => (ui::seal("rejected", "已撤销", "不再有效")),
                    None => (ui::seal("approved", "有效", "已登记")),
                }
            }
            @if let Some(portrait) = &candidate.profile.portrait_id {
                img src=(paths::file(portrait)) alt="证件照" width="100" height="140";
            }
            (ui::facts(&facts(candidate, held)))
        }
        (paper(held))
        (link)
        (inquiries::door(&held.id))
    }
}

/// Where the paper is, or why there is none.
fn paper(held: &Certificate) -> Markup {
    if let Some(annulment) = held.annulment() {
        let words = format!(
            "这本证书已由 {} 号决定撤销，不再有效。证书查询和核验链接都会显示已撤销。",
            annulment.decision
        );
        return ui::banner(
            Tone::Danger,
            "证书已撤销",
            html! {
                p { (words) }
                p { "对决定不服的，可以依法申请行政复议或者提起行政诉讼。" }
            },
        );
    }
    if held.is_electronic() {
        return ui::panel(
            "领取",
            html! {
                p { "这是电子证书，没有纸质证书。电子证书与纸质证书具有同等效力，可以生成带签名码的 PDF，或生成核验链接给用人单位核验。" }
            },
        );
    }
    ui::panel(
        "领取",
        ui::facts(&[Fact { label: "状态", value: ui::tag(held.delivery.state(), held.delivery.label()) }]),
    )
}

fn facts(candidate: &Candidate, held: &Certificate) -> Vec<Fact> {
    let document = match held.document_mask.as_str() {
        "" => mask::number(&candidate.document_number),
        shown => shown.to_owned(),
    };
    let mut facts = vec![
        Fact::of("姓名", &held.holder_name),
        Fact::of("性别", held.gender().map_or("", Gender::label)),
        Fact::of("证件号码", document),
        Fact::of("考试年月", month_label(&held.month)),
        Fact::of("级别", &held.level),
        Fact::of("专业", &held.specialty),
    ];
    let numbers = held.numbers().into_iter();
    facts.extend(numbers.map(|(kind, number)| Fact::number(Lang::Chinese, kind.label(), number)));
    facts.extend([
        Fact::of("批准日期", held.approved_on.to_string()),
        Fact::of("签发日期", held.issued_on.to_string()),
        Fact::of("发证机关", &held.issuing_body),
    ]);
    if let Some(annulment) = held.annulment() {
        facts.push(Fact::of("撤销日期", annulment.on.to_string()));
        facts.push(Fact::of("撤销决定文号", annulment.decision));
    }
    facts
}
