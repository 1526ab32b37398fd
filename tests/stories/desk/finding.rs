//! 查找: applications in every state are found by number, by name and by document.

use diesel::prelude::*;
use kaozheng::business::correction;
use kaozheng::casework::business::Application;
use kaozheng::casework::decision;
use kaozheng::people::candidate::{self, Candidate, Identity};
use kaozheng::people::document::{Document, DocumentType};
use kaozheng::people::holder_hash::HolderHash;
use kaozheng::people::name_hash;
use kaozheng::people::staff::Role;
use kaozheng::store::schema::candidates::dsl as c;
use poem::http::StatusCode;

use super::authority::{Authority, document};
use super::pages::{StaffBrowser, next_page, text};

/// Types words into 查找. Returns the address of what is found.
pub async fn search(desk: &StaffBrowser, words: &str) -> String {
    let answer = desk.post("/staff/search", &[("words", words)]).await;
    answer.assert_status(StatusCode::SEE_OTHER);
    answer.0.headers()["location"].to_str().expect("an address").to_owned()
}

async fn found(desk: &StaffBrowser, words: &str) -> String {
    text(desk.get(&search(desk, words).await).await).await
}

impl Authority {
    async fn desk_of(&self, role: Role) -> StaffBrowser {
        let member = self.staff_member(role.label(), &format!("S0000{:02}", role.code().len()), role).await;
        self.browser_of(&member).await
    }

    async fn correct(&self, before: &Candidate, change: impl FnOnce(&mut Candidate)) {
        let (before, mut after) = (before.clone(), before.clone());
        change(&mut after);
        let corrected = self.write(move |tx| {
            after.holder = HolderHash::of(tx.vault, after.document_type, &after.document_number);
            Ok(candidate::correct(tx, &before, &after)?)
        });
        corrected.await.expect("a correction");
    }
}

#[tokio::test]
async fn application_is_found_by_number_name_and_document_in_every_state() {
    let authority = Authority::open().await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    authority.apply(&authority.candidate("李四", "E0000002").await).await;
    let desk = authority.desk_of(Role::Administrator).await;
    for words in [&*number, &number.to_lowercase(), "张小三", " 张　小三 ", "E0000001", "ｅ０００００01"]
    {
        let page = found(&desk, words).await;
        assert_eq!(page.matches("/staff/applications/").count(), 1, "{words}: {page}");
        assert!(page.contains(&*number) && page.contains("张*三") && page.contains("待审核"), "{words}");
        assert!(page.contains("护照 E0****01"), "{page}");
    }
    let id = authority.application(&number).await.id;
    let withdraw = move |tx: &mut kaozheng::store::Tx| {
        let application = Application::by_id(tx, &id)?;
        Ok(decision::withdraw(tx, &application)?)
    };
    authority.write(withdraw).await.expect("a withdrawal");
    let queue = text(desk.get(&format!("/staff/queue?q={number}")).await).await;
    assert!(queue.contains("没有符合条件的申请"), "no list of the queue has it");
    assert!(found(&desk, "张小三").await.contains("已撤销"));
}

#[tokio::test]
async fn former_name_and_document_find_the_candidate() {
    let authority = Authority::open().await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    authority
        .correct(&candidate, |after| {
            after.name = "张大山".to_owned();
            after.document_number = "E0000009".to_owned();
        })
        .await;
    let desk = authority.desk_of(Role::Administrator).await;
    for words in ["张大山", "张小三", "E0000009", "E0000001"] {
        let page = found(&desk, words).await;
        assert!(page.contains(&*number) && page.contains("张*山"), "{words}: {page}");
    }
    // A name that is corrected back is the present one, and found once.
    let renamed =
        Candidate { name: "张大山".into(), document_number: "E0000009".into(), ..candidate.clone() };
    let renamed = Candidate { holder: holder(&authority, "E0000009").await, ..renamed };
    authority.correct(&renamed, |after| after.name = "张小三".to_owned()).await;
    for words in ["张大山", "张小三"] {
        assert_eq!(found(&desk, words).await.matches("/staff/applications/").count(), 1, "{words}");
    }
}

async fn holder(authority: &Authority, number: &'static str) -> HolderHash {
    let holder = move |tx: &mut kaozheng::store::Tx| {
        Ok(HolderHash::of(tx.vault, DocumentType::Passport, document(number).number()))
    };
    authority.write(holder).await.expect("a hash")
}

#[tokio::test]
async fn permit_is_found_by_any_of_its_numbers() {
    let authority = Authority::open().await;
    let enrolled = authority.write(|tx| {
        let number = Document::parse(DocumentType::HkMacaoPermit, "H1234567801", tx.today());
        let document = number.expect("a permit");
        let identity = Identity { name: "陈大文".into(), document, phone: None };
        let id = candidate::enrol(tx, &identity)?;
        Ok(Candidate::load(tx, &id)?.expect("a candidate"))
    });
    let number = authority.apply(&enrolled.await.expect("a candidate")).await;
    let desk = authority.desk_of(Role::Administrator).await;
    for words in ["H1234567801", "h12345678", "H12345678 02", "陈大文"] {
        assert!(found(&desk, words).await.contains(&*number), "{words}");
    }
}

#[tokio::test]
async fn search_says_what_it_cannot_find() {
    let authority = Authority::open().await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let desk = authority.desk_of(Role::Administrator).await;
    for part in ["张", "小三", "E000000", "%", "_小三"] {
        let page = found(&desk, part).await;
        assert!(page.contains("没有找到申请") && page.contains("不能只填一部分"), "{part}: {page}");
    }
    let mut mistyped = number.to_string();
    mistyped.replace_range(16.., if mistyped.ends_with('A') { "B" } else { "A" });
    assert!(found(&desk, &mistyped).await.contains("校验位不对"));
    for words in ["", "   ", &"长".repeat(101)] {
        let refused = desk.post("/staff/search", &[("words", words)]).await;
        refused.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(refused).await;
        assert!(page.contains("aria-invalid") && page.contains(words.trim()), "what was typed stays");
    }
}

#[tokio::test]
async fn search_is_on_record_and_names_nobody() {
    let authority = Authority::open().await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let desk = authority.desk_of(Role::Administrator).await;
    let address = search(&desk, "张小三").await;
    assert!(!address.contains('%'), "the address names nobody");
    desk.get(&address).await.assert_status_is_ok();
    search(&desk, &number).await;
    search(&desk, "没有这个人").await;
    let audited = authority.audited().await;
    let [(first, hash), (list, listed), (second, of_number), (third, other)] = &audited[..] else {
        panic!("{audited:?}")
    };
    assert_eq!([first, second, third, list].map(String::as_str), ["search", "search", "search", "list"]);
    assert!(!hash.contains("张") && hash.len() >= 12 && hash != other, "{audited:?}");
    assert_eq!((&**listed, &**of_number), (&*number, &*number));
    let kept = diesel::sql_query("SELECT words AS number FROM searches");
    let kept: Vec<Words> = authority.write(move |tx| Ok(kept.load(tx.conn)?)).await.expect("searches");
    assert!(kept.iter().all(|row| !row.number.contains("张")) && kept.len() == 3, "words are sealed");
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = diesel::sql_types::Text)]
    number: String,
}

#[tokio::test]
async fn results_belong_to_who_searched_and_to_their_role() {
    let authority = Authority::open().await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let desk = authority.desk_of(Role::Administrator).await;
    let finance = authority.desk_of(Role::Finance).await;
    let address = search(&desk, "张小三").await;
    let others = finance.get(&address).await;
    others.assert_status(StatusCode::NOT_FOUND);
    assert!(!text(others).await.contains(&*number));
    let page = found(&finance, "张小三").await;
    assert!(page.contains("没有找到申请"), "checks of qualification are not the work of finance: {page}");
    authority.pass_hours(13);
    let desk = authority.desk_of(Role::Administrator).await;
    let late = desk.get(&address).await;
    late.assert_status(StatusCode::NOT_FOUND);
    assert!(text(late).await.contains("这次查找已过期"));
}

#[tokio::test]
async fn pages_of_results_show_every_application_once() {
    let authority = Authority::open().await;
    let administrator = authority.staff_member("管理员", "S0000001", Role::Administrator).await;
    let first = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.add_many(&first, &administrator.id, 0, 600).await;
    let desk = authority.browser_of(&administrator).await;
    let (mut next, mut shown) = (Some(search(&desk, "张小三").await), Vec::new());
    while let Some(path) = next {
        let page = text(desk.get(&path).await).await;
        let links = page.split("href=\"/staff/applications/").skip(1);
        shown.extend(links.filter_map(|link| Some(link.split_once('"')?.0.to_owned())));
        next = next_page(&page);
    }
    assert_eq!(shown.len(), 601);
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), 601, "none is shown twice");
}

#[tokio::test]
async fn names_from_an_older_program_are_found_after_the_start() {
    let authority = Authority::open().await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    authority.candidate("李四", "E0000002").await;
    let forget = |tx: &mut kaozheng::store::Tx| {
        let older = (c::name_hash.eq(""), c::portal_name.eq("张三丰"));
        diesel::update(c::candidates.filter(c::name.eq("张小三"))).set(older).execute(tx.conn)?;
        Ok::<_, kaozheng::web::Failure>(name_hash::is_left(tx)?)
    };
    assert!(authority.write(forget).await.expect("an older database"));
    let desk = authority.desk_of(Role::Administrator).await;
    assert!(found(&desk, "张小三").await.contains("没有找到申请"));
    let filled = authority.write(|tx| {
        let filled = name_hash::fill_in(tx)?;
        let ids: Vec<_> = filled.iter().map(|(id, _)| id).collect();
        assert!(correction::former_names(tx, &ids)?.is_empty());
        assert!(name_hash::fill_in(tx)?.is_empty() && !name_hash::is_left(tx)?);
        Ok(filled.len())
    });
    assert_eq!(filled.await.expect("hashes"), 1, "others have theirs");
    for words in ["张小三", "张三丰"] {
        assert!(found(&desk, words).await.contains(&*number), "{words}");
    }
}
