//! Applications in every state, each with a history that could have happened: made by the
//! same functions that candidates and staff use, at times in the past.

use chrono::{Duration, NaiveDateTime};
use image::{ImageFormat, Rgb, RgbImage};

use crate::business::ALL;
use crate::casework::business::{self, Business};
use crate::casework::decision::{self, Verdict};
use crate::casework::history::Mark;
use crate::casework::record::{Application, Filter};
use crate::casework::sheet::{Sheet, Step, Which};
use crate::casework::{materials, submission};
use crate::exams::Sitting;
use crate::files::storage::Storage;
use crate::login::sandbox::people::PEOPLE;
use crate::people::candidate::{self, Candidate};
use crate::people::document::{Document, Gender};
use crate::people::staff::{self, Role, StaffMember};
use crate::store::{Clock, Store, Tx};
use crate::web::form::SentFile;
use crate::web::{Failure, Submission};

/// What somebody did, a day after the step before.
enum Act {
    /// Fills the form in and leaves it.
    Draft,
    /// Submits it, with so many years in the profession.
    Submit(&'static str),
    Withdraw,
    Take,
    Return(&'static [(&'static str, &'static str)]),
    Reject(&'static str),
    Approve(&'static str),
    /// Appeals, with this reason.
    Appeal(&'static str),
    /// The reviewer takes the appeal and decides it.
    Uphold(&'static str),
    Dismiss(&'static str),
}

/// Whose application, for which exam, at which level and specialty, and what happened.
struct Story {
    person: usize,
    exam: &'static str,
    level: &'static str,
    specialty: &'static str,
    acts: &'static [Act],
}

const fn story(
    person: usize,
    exam: &'static str,
    level: &'static str,
    specialty: &'static str,
    acts: &'static [Act],
) -> Story {
    Story { person, exam, level, specialty, acts }
}

const TOO_SHORT: &str = "从事专业工作年限不满足报考条件，详见考试公告第二条。";
const MARKS: &[(&str, &str)] =
    &[("diploma", "照片反光，看不清证书编号"), ("years", "与社保记录相差 1 年，请核对")];

const STORIES: &[Story] = &[
    story(
        0,
        "08",
        "中级",
        "人力资源管理",
        &[Act::Submit("6"), Act::Take, Act::Approve("材料齐全，符合条件。")],
    ),
    story(0, "03", "一级", "土木建筑工程", &[Act::Submit("6"), Act::Take, Act::Return(MARKS)]),
    story(0, "04", "全国", "土木建筑工程", &[Act::Submit("3"), Act::Take, Act::Reject(TOO_SHORT)]),
    story(0, "12", "二级", "英语", &[Act::Submit("6"), Act::Withdraw]),
    story(1, "07", "全国", "药学", &[Act::Submit("5")]),
    story(1, "09", "初级", "不分专业", &[Act::Submit("5"), Act::Take]),
    story(2, "12", "二级", "英语", &[Act::Submit("4"), Act::Take, Act::Return(MARKS), Act::Submit("3")]),
    story(
        2,
        "08",
        "初级",
        "金融",
        &[
            Act::Submit("2"),
            Act::Take,
            Act::Reject(TOO_SHORT),
            Act::Appeal("社保记录缺少 2019 年在外地缴纳的部分，现补充证明，请重新核定年限。"),
        ],
    ),
    story(
        3,
        "09",
        "中级",
        "不分专业",
        &[
            Act::Submit("5"),
            Act::Take,
            Act::Reject(TOO_SHORT),
            Act::Appeal("工作年限从取得初级证书当年起算，应为六年，附单位证明。"),
            Act::Uphold("补充材料属实，按六年认定。"),
        ],
    ),
    story(
        4,
        "12",
        "二级",
        "日语",
        &[
            Act::Submit("1"),
            Act::Take,
            Act::Reject(TOO_SHORT),
            Act::Appeal("在校期间的兼职工作也应当计入从业年限。"),
            Act::Dismiss("在校兼职不计入从业年限，见报考条件说明。"),
        ],
    ),
    story(4, "02", "二级", "建筑工程", &[Act::Draft]),
];

/// Plays every story, so that the last act of each was yesterday or before.
pub(super) async fn load(store: &Store, files: &Storage) -> Result<(), Failure> {
    for story in STORIES {
        let mut at = store.clock.now() - Duration::days(story.acts.len() as i64);
        for act in story.acts {
            play(&at_time(store, at), files, story, act).await?;
            at += Duration::days(1);
        }
    }
    Ok(())
}

/// The same store at another time.
fn at_time(store: &Store, at: NaiveDateTime) -> Store {
    let mut past = store.clone();
    past.clock = Clock::manual(at);
    past
}

async fn play(
    store: &Store,
    files: &Storage,
    story: &'static Story,
    act: &'static Act,
) -> Result<(), Failure> {
    match act {
        Act::Draft => fill_in(store, files, story, "6", false).await,
        Act::Submit(years) => fill_in(store, files, story, years, true).await,
        Act::Appeal(reason) => store.write(move |tx| appeal(tx, story, reason)).await,
        _ => store.write(move |tx| review(tx, story, act)).await,
    }
}

fn candidate(tx: &mut Tx, story: &Story) -> Result<Candidate, Failure> {
    let person = &PEOPLE[story.person];
    let holder = candidate::holder(tx.vault, person.document_type, person.document_number);
    Candidate::with_holder(tx, &holder)?.ok_or(Failure::NotFound)
}

fn business(slug: &str) -> Result<&'static Business, Failure> {
    business::find(ALL, slug).ok_or(Failure::NotFound)
}

/// The latest application of the story's candidate for its exam, or the appeal against it.
fn current(tx: &mut Tx, story: &Story, kind: &str) -> Result<Option<Application>, Failure> {
    let candidate = candidate(tx, story)?;
    let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
    let name = super::find_exam(story.exam)?.name;
    let all = Application::list(tx, &candidate.id, &filter)?;
    Ok(all.into_iter().find(|application| application.title.starts_with(name)))
}

/// One reviewer does them all.
fn reviewer(tx: &mut Tx) -> Result<StaffMember, Failure> {
    let member = staff::list(tx)?
        .into_iter()
        .find(|member| member.role.does(Role::Reviewer))
        .ok_or(Failure::NotFound)?;
    Ok(StaffMember { id: member.id, name: member.name, role: member.role, candidate: String::new() })
}

fn review(tx: &mut Tx, story: &Story, act: &Act) -> Result<(), Failure> {
    let kind = if matches!(act, Act::Uphold(_) | Act::Dismiss(_)) { "appeal" } else { "qualification" };
    let staff = reviewer(tx)?;
    let application = current(tx, story, kind)?.ok_or(Failure::NotFound)?;
    let verdict = match act {
        Act::Take => return decision::take(tx, ALL, &staff, &application),
        Act::Withdraw => return decision::withdraw(tx, business(kind)?, &application),
        Act::Return(marks) => Verdict::Return(
            marks
                .iter()
                .map(|(name, reason)| Mark { name: (*name).into(), reason: (*reason).into() })
                .collect(),
        ),
        Act::Reject(note) | Act::Dismiss(note) => Verdict::Reject((*note).into()),
        Act::Approve(note) | Act::Uphold(note) => Verdict::Approve(0, (*note).into()),
        Act::Draft | Act::Submit(_) | Act::Appeal(_) => return Ok(()),
    };
    if kind == "appeal" {
        decision::take(tx, ALL, &staff, &application)?;
    }
    let taken = Application::by_id(tx, &application.id)?;
    decision::decide(tx, ALL, &staff, &taken, taken.version, verdict)
}

fn appeal(tx: &mut Tx, story: &Story, reason: &str) -> Result<(), Failure> {
    let candidate = candidate(tx, story)?;
    let rejected = current(tx, story, "qualification")?.ok_or(Failure::NotFound)?;
    let which = Which::Appeal(rejected.shown_number().to_owned());
    let sent = submission(&[("reason", reason), ("phone", &candidate.phone)]);
    let mut sheet = Sheet::load(tx, business("qualification")?, candidate, &which)?;
    sheet.save(tx, &sent, &Step::Submit, Vec::new())?;
    submission::submit(tx, &sheet).map(drop)
}

async fn fill_in(
    store: &Store,
    files: &Storage,
    story: &'static Story,
    years: &'static str,
    submit: bool,
) -> Result<(), Failure> {
    let qualification = business("qualification")?;
    let (received, refused) = materials::receive(store, files, qualification.materials, documents()).await?;
    debug_assert!(refused.is_empty(), "{refused:?}");
    store
        .write(move |tx| {
            let candidate = candidate(tx, story)?;
            let which = match current(tx, story, "qualification")? {
                Some(returned) => Which::Edit(returned.shown_number().to_owned()),
                None => Which::New,
            };
            let sent = answers(tx, story, years, &candidate)?;
            let mut sheet = Sheet::load(tx, qualification, candidate, &which)?;
            sheet.save(tx, &sent, &Step::Submit, received)?;
            if submit { submission::submit(tx, &sheet).map(drop) } else { Ok(()) }
        })
        .await
}

fn answers(tx: &mut Tx, story: &Story, years: &str, candidate: &Candidate) -> Result<Submission, Failure> {
    let exam = super::find_exam(story.exam)?;
    let sittings = Sitting::open_for_check(tx, tx.today())?;
    let sitting = sittings.iter().find(|sitting| sitting.exam == exam.name).ok_or(Failure::NotFound)?;
    let subjects = exam.levels.iter().find(|level| level.name == story.level).map_or(&[][..], |l| l.subjects);
    let document = Document::parse(candidate.document_type, &candidate.document_number, tx.today());
    let gender = document.ok().and_then(|document| document.gender()).map_or("女", Gender::label);
    let mut sent = submission(&[
        ("sitting", &sitting.id),
        ("level", story.level),
        ("specialty", story.specialty),
        ("area", "市直考区"),
        ("gender", gender),
        ("phone", &candidate.phone),
        ("education", "本科"),
        ("degree", "工学学士"),
        ("school", "示范大学"),
        ("major", "工程管理"),
        ("graduated_on", "2015-06-30"),
        ("employer", "示范建设工程有限公司"),
        ("years", years),
        ("began_work_on", "2015-07-15"),
        ("promise", "yes"),
    ]);
    sent.values.insert("subjects".into(), subjects.iter().map(|subject| (*subject).to_owned()).collect());
    Ok(sent)
}

fn submission(values: &[(&str, &str)]) -> Submission {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]));
    Submission { values: values.collect(), files: Vec::new() }
}

/// Pictures of nothing, in the shapes that are asked for.
fn documents() -> Vec<SentFile> {
    [
        ("id_front", "身份证正面.jpg", (640, 404), [196, 214, 222]),
        ("id_back", "身份证反面.jpg", (640, 404), [214, 222, 196]),
        ("diploma", "毕业证书.jpg", (720, 510), [222, 206, 196]),
        ("work_proof", "工作年限证明.jpg", (510, 720), [228, 228, 220]),
        ("portrait", "证件照.jpg", (300, 420), [150, 180, 210]),
    ]
    .into_iter()
    .map(|(slot, name, size, colour)| SentFile {
        field: format!("file.{slot}"),
        name: name.to_owned(),
        bytes: picture(size, colour),
    })
    .collect()
}

/// A sheet with a frame and lines, like a form seen from afar.
fn picture((width, height): (u32, u32), colour: [u8; 3]) -> Option<Vec<u8>> {
    let dark = colour.map(|shade| shade / 2);
    let drawn = RgbImage::from_fn(width, height, |x, y| {
        let frame = x < 8 || y < 8 || x >= width - 8 || y >= height - 8;
        let line = y % 48 < 4 && x > width / 6 && x < width * 5 / 6;
        Rgb(if frame || line { dark } else { colour })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    drawn.write_to(&mut bytes, ImageFormat::Jpeg).ok()?;
    Some(bytes.into_inner())
}
