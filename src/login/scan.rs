//! Way 2 on the phone that scans the code.

use std::sync::Arc;

use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::handshake::{self, Opened, Status};
use super::{Login, allowance, code, pages};
use crate::settings::Settings;
use crate::store::{Error, Store};
use crate::web::address::{client_address, network};
use crate::web::session::{self, live};
use crate::web::{Failure, Frame, SignedIn, Submission, see_other};

/// `GET /s/{code}`: the first phone that opens a code becomes the handshake's phone.
#[handler]
pub async fn open(
    req: &Request,
    frame: Frame,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    let phone = login.scans.browser(req, &store.ids).await?;
    let id = code::handshake_of(&text).to_owned();
    let (known, checker, scanned) = (id.clone(), login.clone(), store.clock.now());
    let opened = store
        .write(move |tx| {
            handshake::scan(tx, &known, &phone, |handshake| {
                checker.codes.accepts(&text, &handshake.id, handshake.created_at, scanned)
            })
        })
        .await?;
    login.waiters.wake(&id).await;
    Ok(match opened {
        Opened::Ours => see_other(&pages::confirm_path(&id)),
        refused => frame.page_with(pages::status_of(refused), pages::not_scanned(refused)),
    })
}

/// `GET /s/{id}/confirm`: what the phone is about to approve, or what came of it.
#[handler]
pub async fn confirm(
    req: &Request,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let phone = phone_of(req).await?;
    let path = pages::confirm_path(&id);
    let found = store.read(move |tx| handshake::of_phone(tx, &id, &phone)).await?;
    let handshake = found.ok_or(Failure::NotFound)?;
    if handshake.status != Status::Scanned {
        return Ok(frame.page(pages::outcome(&handshake.id, handshake.status)));
    }
    if SignedIn::find(req).await?.is_none() {
        return Ok(frame.go(&pages::portal_path(&path)));
    }
    let own = network(client_address(req));
    Ok(frame.page(pages::confirm(&handshake, &settings.authority, &own, store.clock.now())))
}

/// `POST /s/{id}/number`: the number that was picked decides.
#[handler]
pub async fn pick(
    req: &Request,
    who: SignedIn,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Path(id): Path<String>,
    form: Submission,
) -> Result<Response, Failure> {
    let phone = phone_of(req).await?;
    let number: u32 = form.one("number").parse().map_err(|_| Failure::BadRequest("请点选一个数字"))?;
    let picked = id.clone();
    store
        .write::<_, Error, _>(move |tx| {
            handshake::pick(tx, &picked, &phone, &who.candidate, number)?;
            allowance::allow(tx, &picked, who.staff.as_deref())
        })
        .await?;
    login.waiters.wake(&id).await;
    Ok(see_other(&pages::confirm_path(&id)))
}

/// `POST /s/{id}/decline`: 不是我.
#[handler]
pub async fn decline(
    req: &Request,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let phone = phone_of(req).await?;
    let declined = id.clone();
    if store.write(move |tx| handshake::deny(tx, &declined, &phone)).await? {
        tracing::warn!(handshake = id, "somebody declined a login that is not theirs");
    }
    login.waiters.wake(&id).await;
    Ok(see_other(&pages::confirm_path(&id)))
}

/// `POST /s/{id}/revoke`: 不是我, after the fact. What was approved is not fetched any more,
/// and a screen that has been signed in is signed out.
#[handler]
pub async fn revoke(
    req: &Request,
    who: SignedIn,
    Data(login): Data<&Arc<Login>>,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (phone, settings, revoked) = (phone_of(req).await?, settings.clone(), id.clone());
    store
        .write::<_, Failure, _>(move |tx| {
            handshake::of_phone(tx, &revoked, &phone)?.ok_or(Failure::NotFound)?;
            handshake::deny(tx, &revoked, &phone)?;
            for session in live::of_candidate(tx, &who.candidate, &settings)? {
                if session.who.handshake.as_ref() == Some(&revoked) {
                    live::end(tx, &who.candidate, &session.key)?;
                }
            }
            Ok(())
        })
        .await?;
    tracing::warn!(handshake = id, "somebody revoked a login that they had confirmed");
    login.waiters.wake(&id).await;
    Ok(see_other("/me/devices"))
}

async fn phone_of(req: &Request) -> Result<String, Failure> {
    session::known_device(&session::of(req)).await?.ok_or(Failure::NotFound)
}
