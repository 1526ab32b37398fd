//! 人员名单: who works at the desk, and in which role.

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::business::Registry;
use crate::casework::question::Problems;
use crate::casework::roster;
use crate::paths;
use crate::people::document::{Document, DocumentType};
use crate::people::name;
use crate::people::staff::{self, Duty, Kinds, Member, Role, StaffMember};
use crate::store::Tx;
use crate::ui::{self, Choice, Control, Fact, FormField, Icon, ListRow, Look, Page, TextMode, Tone};
use crate::web::{Failure, Submission};

/// Most characters of a name.
const NAME: usize = 200;
/// Most characters of a document number.
const NUMBER: usize = 40;

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, reader: &StaffMember| {
        let (members, taken) = (staff::list(tx)?, roster::taken(tx)?);
        let rows: Vec<ListRow> = members.iter().map(|member| row(member, &taken, reader)).collect();
        let main = html! {
            div.head {
                (ui::heading("", "人员名单", "名单上的人用本人的证件登录后进入审核台。"))
                (ui::link_button(paths::NEW_ROSTER_ENTRY, "增加人员", Look::Primary))
            }
            @if rows.is_empty() { (ui::empty(Icon::File, "名单上没有人", "请增加工作人员。", None)) }
            @else { (ui::rows(&rows)) }
        };
        Ok(Page::new("人员名单", main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}

fn row(member: &Member, taken: &[(String, i64)], reader: &StaffMember) -> ListRow {
    let taken = taken.iter().find(|(id, _)| *id == member.id).map_or(0, |(_, count)| *count);
    let taken = (taken > 0).then(|| format!("领取了 {taken} 件"));
    let own = (member.id == reader.id).then(|| "本人".to_owned());
    let limited =
        (!member.kinds.slugs().is_empty()).then(|| format!("只办理 {} 项业务", member.kinds.slugs().len()));
    let facts = [Some(member.document.clone()), limited, taken, own];
    ListRow {
        title: html! { (member.name) },
        detail: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        href: paths::roster_entry(&member.id),
        trailing: ui::tag("", member.role.label()),
    }
}

/// What a form of the roster sends.
#[derive(Clone, Default)]
struct Typed {
    name: String,
    document_type: String,
    number: String,
    role: String,
    kinds: Vec<String>,
}

impl Typed {
    fn of(sent: &Submission) -> Typed {
        let text = |name: &str| sent.one(name).trim().to_owned();
        Typed {
            name: text("name"),
            document_type: text("document_type"),
            number: text("number"),
            role: text("role"),
            kinds: sent.all("kinds").to_vec(),
        }
    }

    /// The checked name and duty, or what is wrong with them.
    fn person(&self, registry: Registry) -> Result<(String, Duty), Problems> {
        let mut problems = Problems::new();
        let name = name::given(&self.name);
        if name.is_none() {
            problems.push(("name".to_owned(), "请填写姓名".to_owned()));
        }
        let role = Role::from_code(&self.role);
        if role.is_none() {
            problems.push(("role".to_owned(), "请选择岗位".to_owned()));
        }
        let known = self.kinds.iter().filter(|slug| registry.find(slug).is_some()).cloned();
        let duty = role.map(|role| Duty { role, kinds: Kinds::of(known) });
        name.zip(duty).ok_or(problems)
    }

    fn document(&self, tx: &Tx) -> Result<Document, Problems> {
        let Some(kind) = DocumentType::from_code(&self.document_type) else {
            return Err(vec![("document_type".to_owned(), "请选择证件类型".to_owned())]);
        };
        let parsed = Document::parse(kind, &self.number, tx.today());
        parsed.map_err(|why| vec![("number".to_owned(), why.to_owned())])
    }
}

#[handler]
pub async fn blank(request: AdminRequest) -> Result<Response, Failure> {
    request.show(|tx, _| Ok(new_page(Registry::of(tx), &Typed::default(), &Trouble::default()))).await
}

#[handler]
pub async fn add(request: AdminRequest, sent: Submission) -> Result<Response, Failure> {
    let typed = Typed::of(&sent);
    let entered = typed.clone();
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let (person, document) = (entered.person(Registry::of(tx)), entered.document(tx));
        let ((name, duty), document) = match (person, document) {
            (Ok(person), Ok(document)) => (person, document),
            (person, document) => {
                let problems = [person.err(), document.err()];
                return Ok(Err(problems.into_iter().flatten().flatten().collect()));
            }
        };
        roster::enter(tx, staff, &name, &document, &duty)?;
        Ok(Ok(saved(paths::ROSTER)))
    };
    request.settle(work, move |tx, _, trouble| Ok(new_page(Registry::of(tx), &typed, trouble))).await
}

fn new_page(registry: Registry, typed: &Typed, trouble: &Trouble) -> Page {
    let types: Vec<Choice> =
        DocumentType::ALL.into_iter().map(|kind| Choice::new(kind.code(), kind.label())).collect();
    let number = Control::Text { value: &typed.number, mode: TextMode::IdNumber, max: NUMBER, suffix: "" };
    let main = html! {
        (ui::heading("人员名单", "增加人员", ""))
        (trouble.show())
        form method="post" action=(paths::NEW_ROSTER_ENTRY) novalidate {
            (ui::panel("", html! {
                (name_field(&typed.name, trouble))
                (ui::field(&FormField {
                    error: trouble.of("document_type"),
                    ..FormField::new(
                        "document_type",
                        "证件类型",
                        Control::Select { options: &types, value: &typed.document_type },
                    )
                }))
                (ui::field(&FormField {
                    hint: "与政务服务平台登记的一致，保存后只显示部分数字。",
                    error: trouble.of("number"),
                    ..FormField::new("number", "证件号码", number)
                }))
                (role_field(&typed.role, trouble))
                (kinds_field(registry, &typed.kinds))
            }))
            div.actions {
                (ui::link_button(paths::ROSTER, "返回", Look::Plain))
                (ui::submit("action", "save", "增加", Look::Primary))
            }
        }
    };
    Page::new("增加人员", main).own_heading().back(paths::ROSTER)
}

fn name_field(value: &str, trouble: &Trouble) -> Markup {
    let control = Control::Text { value, mode: TextMode::Text, max: NAME, suffix: "" };
    ui::field(&FormField {
        hint: "考生在办理过程中会看到。",
        error: trouble.of("name"),
        ..FormField::new("name", "姓名", control)
    })
}

fn role_field(value: &str, trouble: &Trouble) -> Markup {
    let choice =
        |role: Role| Choice { hint: duties(role).to_owned(), ..Choice::new(role.code(), role.label()) };
    let roles = Role::ALL.map(choice);
    ui::field(&FormField {
        error: trouble.of("role"),
        ..FormField::new("role", "岗位", Control::Radios { options: &roles, value })
    })
}

/// The businesses to which somebody is limited.
fn kinds_field(registry: Registry, values: &[String]) -> Markup {
    let kinds: Vec<Choice> =
        registry.iter().map(|business| Choice::new(business.slug, business.label)).collect();
    ui::field(&FormField {
        hint: "都不选就办理岗位的全部业务。管理员不受限制。",
        optional: true,
        ..FormField::new("kinds", "只办理这些业务", Control::Checks { options: &kinds, values })
    })
}

fn duties(role: Role) -> &'static str {
    match role {
        Role::Reviewer => "审核申请",
        Role::Dispatcher => "寄送证书",
        Role::Finance => "办理退款和票据",
        Role::Administrator => "办理全部事项，管理名单和设置",
    }
}

#[handler]
pub async fn show(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    request.show(move |tx, reader| entry_page(tx, reader, &id, None, &Trouble::default())).await
}

#[handler]
pub async fn change(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    let typed = Typed::of(&sent);
    let (entered, changed) = (typed.clone(), id.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let (name, duty) = match entered.person(Registry::of(tx)) {
            Ok(person) => person,
            Err(problems) => return Ok(Err(problems)),
        };
        let (seen_name, seen_duty) = seen(&sent)?;
        roster::change(tx, staff, (&changed, (&seen_name, &seen_duty)), (&name, &duty))?;
        Ok(Ok(saved(paths::ROSTER)))
    };
    let again = move |tx: &mut Tx, reader: &StaffMember, trouble: &Trouble| {
        entry_page(tx, reader, &id, Some(&typed), trouble)
    };
    request.settle(work, again).await
}

/// The entry as the page showed it.
fn seen(sent: &Submission) -> Result<(String, Duty), Failure> {
    let role = Role::from_code(sent.one("seen_role")).ok_or(Failure::BadRequest("请求的内容不完整"))?;
    let duty = Duty { role, kinds: Kinds::parse(sent.one("seen_kinds")) };
    Ok((sent.one("seen_name").to_owned(), duty))
}

fn hidden_seen(member: &Member) -> Markup {
    html! {
        input type="hidden" name="seen_name" value=(member.name);
        input type="hidden" name="seen_role" value=(member.role.code());
        input type="hidden" name="seen_kinds" value=(member.kinds.slugs().join(","));
    }
}

fn entry(tx: &mut Tx, id: &str) -> Result<Member, Failure> {
    staff::entry(tx, id)?.ok_or(Failure::NotFound)
}

fn entry_page(
    tx: &mut Tx,
    reader: &StaffMember,
    id: &str,
    typed: Option<&Typed>,
    trouble: &Trouble,
) -> Result<Page, Failure> {
    let member = entry(tx, id)?;
    let taken = roster::taken_by(tx, id)?;
    let stored = Typed {
        name: member.name.clone(),
        role: member.role.code().to_owned(),
        kinds: member.kinds.slugs().to_vec(),
        ..Typed::default()
    };
    let typed = typed.unwrap_or(&stored);
    let own = member.id == reader.id;
    let main = html! {
        (ui::heading("人员名单", &member.name, &member.document))
        (trouble.show())
        (consequence(taken))
        form method="post" action=(paths::roster_entry(id)) novalidate {
            (hidden_seen(&member))
            (ui::panel("", html! {
                @if typed.name != member.name || typed.role != member.role.code() {
                    p.muted { "现在保存的是：" (member.name) " · " (member.role.label()) }
                }
                (name_field(&typed.name, trouble))
                @if own {
                    input type="hidden" name="role" value=(member.role.code());
                    (ui::facts(&[Fact::of("岗位", format!("{}（本人的岗位由另一位管理员更改）", member.role.label()))]))
                } @else { (role_field(&typed.role, trouble)) }
                (kinds_field(Registry::of(tx), &typed.kinds))
            }))
            div.actions {
                (ui::link_button(paths::ROSTER, "返回", Look::Plain))
                (ui::submit("action", "save", "保存", Look::Primary))
            }
        }
        @if !own { p { a.text-button href=(paths::leave_roster(id)) { "停用 " (member.name) } } }
    };
    Ok(Page::new("更改人员", main).about(member.name).own_heading().back(paths::ROSTER))
}

/// What becomes of the applications that somebody has taken.
fn consequence(taken: i64) -> Markup {
    html! {
        @if taken > 0 {
            (ui::banner(Tone::Info, &format!("领取了 {taken} 件申请"), html! {
                p { "改为不办理这些业务的岗位或停用后，它们立即放回队列，由其他人领取；已填写而没有提交的意见不保留。" }
            }))
        }
    }
}

#[handler]
pub async fn confirm_leave(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    request.show(move |tx, _| leave_page(tx, &id, &Trouble::default())).await
}

#[handler]
pub async fn leave(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    let leaving = id.clone();
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let (name, duty) = seen(&sent)?;
        roster::leave(tx, staff, &leaving, (&name, &duty))?;
        Ok(Ok(saved(paths::ROSTER)))
    };
    request.settle(work, move |tx, _, trouble| leave_page(tx, &id, trouble)).await
}

fn leave_page(tx: &mut Tx, id: &str, trouble: &Trouble) -> Result<Page, Failure> {
    let (member, taken) = (entry(tx, id)?, roster::taken_by(tx, id)?);
    let main = html! {
        (ui::heading("人员名单", &format!("停用 {}？", member.name), &member.document))
        (trouble.show())
        (consequence(taken))
        (ui::panel("", html! {
            p { "停用后立即不能进入审核台，已登录的也一样。办理过的记录保留，以后可以重新增加。" }
            form method="post" action=(paths::leave_roster(id)) novalidate {
                (hidden_seen(&member))
                div.actions {
                    (ui::link_button(&paths::roster_entry(id), "返回", Look::Plain))
                    (ui::submit("action", "leave", "停用", Look::Danger))
                }
            }
        }))
    };
    Ok(Page::new("停用人员", main).about(member.name).own_heading().back(paths::roster_entry(id)))
}
