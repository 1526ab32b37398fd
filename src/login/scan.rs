//! Way 2: the phone that scans the code.

use poem::http::StatusCode;
use poem::web::Path;
use poem::{Request, Response, handler};

use super::handshake::{self, Handshake, NumberOutcome, Phone, ScanOutcome, Status};
use super::pages::{self, phone};
use super::{Context, allowance, code, pause, secrets};
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::width;
use crate::settings::Settings;
use crate::store::{CandidateId, Error, Timestamp, Tx};
use crate::web::address::{client_address, network};
use crate::web::session::live::{self, Live};
use crate::web::{Failure, Frame, SignedIn, Submission, Visitor, binding, see_other};

const SECRET_BYTES: usize = 16;

enum Scan {
    Done(ScanOutcome),
    /// The account cannot confirm logins before this time.
    Paused(Timestamp),
}

/// `GET /s/{code}`: binds the first phone that opens the code to its handshake.
#[handler]
pub async fn open(
    req: &Request,
    frame: Frame,
    Context { login, store, settings }: Context<'_>,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    login.scans.check(req)?;
    let (id, https) = (code::handshake_of(&text).to_owned(), settings.is_https());
    let (secret, sent) = (store.ids.token(SECRET_BYTES), secrets::of_phone(req.headers(), &id, https));
    let phone = Phone { sent, fresh: binding::hash(&secret) };
    let who = SignedIn::find(req).await?.map(|who| who.candidate);
    let (known, checker, scanned) = (id.clone(), login.clone(), store.clock.now());
    let scan = store.write(move |tx| {
        scan(tx, &known, &phone, who, |handshake| {
            checker.codes.accepts(&text, &handshake.id, handshake.created_at, scanned)
        })
    });
    let scan = scan.await?;
    login.waiters.wake(&id).await;
    Ok(match scan {
        Scan::Done(ScanOutcome::Bound) => {
            let mut response = see_other(&paths::confirm(&id));
            secrets::give_phone(&mut response, &id, &secret, https);
            response
        }
        Scan::Done(ScanOutcome::Again) => see_other(&paths::confirm(&id)),
        Scan::Done(ScanOutcome::Refused(refusal)) => {
            let (status, page) = phone::not_scanned(refusal);
            frame.page_with(status, page)
        }
        Scan::Paused(until) => paused(&frame, until),
    })
}

fn scan(
    tx: &mut Tx,
    id: &str,
    phone: &Phone,
    candidate: Option<CandidateId>,
    is_genuine: impl FnOnce(&Handshake) -> bool,
) -> Result<Scan, Error> {
    let until = candidate.map_or(Ok(None), |candidate| pause::read(tx, &candidate))?;
    match until {
        Some(until) => Ok(Scan::Paused(until)),
        None => handshake::scan(tx, id, phone, is_genuine).map(Scan::Done),
    }
}

fn paused(frame: &Frame, until: Timestamp) -> Response {
    frame.page_with(StatusCode::TOO_MANY_REQUESTS, phone::paused(until))
}

/// `GET /s/{id}/confirm`: asks for the number, or shows how the handshake was decided.
#[handler]
pub async fn confirm(
    req: &Request,
    frame: Frame,
    context: Context<'_>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    show(req, &frame, context, id, None).await
}

/// A text that was typed as the number and is not two digits.
struct InvalidNumber<'a> {
    typed: &'a str,
    error: &'static str,
}

async fn show(
    req: &Request,
    frame: &Frame,
    Context { login, store, settings }: Context<'_>,
    id: String,
    invalid: Option<InvalidNumber<'_>>,
) -> Result<Response, Failure> {
    let secret = phone_of(req, &id, settings)?;
    let (path, own) = (paths::confirm(&id), network(client_address(req)));
    let load = move |tx: &mut Tx, live: Option<Live>| {
        Ok(read(tx, &id, &secret, live.map(|live| live.who.candidate))?)
    };
    let read = Visitor::of_request(req)?.read(load).await?;
    let PhoneState { handshake, account, paused_until } = read.ok_or(Failure::NotFound)?;
    login.store_expiry(store, &handshake).await;
    match (handshake.status, account, paused_until) {
        (Status::Scanned, None, _) => Ok(frame.go(&pages::portal_path(&path))),
        (Status::Scanned, _, Some(until)) => Ok(paused(frame, until)),
        (Status::Scanned, Some(account), None) => {
            let status = if invalid.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            let view = phone::PhoneView {
                handshake: &handshake,
                account: &account,
                authority: &settings.authority,
                proximity: handshake.network.proximity(&own),
                now: store.clock.now(),
                typed: invalid.as_ref().map_or("", |invalid| invalid.typed),
                error: invalid.as_ref().map(|invalid| invalid.error),
            };
            Ok(frame.page_with(status, phone::confirm(&view)))
        }
        (status, _, paused_until) => Ok(frame.page(phone::outcome(&handshake.id, status, paused_until))),
    }
}

struct PhoneState {
    handshake: Handshake,
    account: Option<Candidate>,
    paused_until: Option<Timestamp>,
}

fn read(
    tx: &mut Tx,
    id: &str,
    phone: &str,
    candidate: Option<CandidateId>,
) -> Result<Option<PhoneState>, Error> {
    let Some(handshake) = handshake::of_phone(tx, id, phone)? else { return Ok(None) };
    let Some(candidate) = candidate else {
        return Ok(Some(PhoneState { handshake, account: None, paused_until: None }));
    };
    let paused_until = pause::read(tx, &candidate)?;
    Ok(Some(PhoneState { handshake, account: Candidate::load(tx, &candidate)?, paused_until }))
}

/// `POST /s/{id}/number`: approves or denies the login by the number that was typed.
#[handler]
pub async fn type_number(
    req: &Request,
    who: SignedIn,
    context: Context<'_>,
    Path(id): Path<String>,
    form: Submission,
) -> Result<Response, Failure> {
    let Context { login, store, settings } = context;
    let (phone, own) = (phone_of(req, &id, settings)?, network(client_address(req)));
    let number = match number(form.one("number")) {
        Ok(number) => number,
        Err(error) => {
            let invalid = InvalidNumber { typed: form.one("number"), error };
            return show(req, &Frame::of(req), context, id, Some(invalid)).await;
        }
    };
    let typed = id.clone();
    let decided = store.write::<_, Failure, _>(move |tx| {
        let account = Candidate::load(tx, &who.candidate)?.ok_or(Failure::NotFound)?;
        if pause::lock_and_read(tx, &account)?.is_some() {
            return Ok(());
        }
        if handshake::type_number(tx, &typed, &phone, &account.id, number)? == NumberOutcome::Denied {
            pause::record_denial(tx, Some(&account.id), &own)?;
        }
        Ok(allowance::allow(tx, &typed, who.staff.as_deref())?)
    });
    decided.await?;
    login.waiters.wake(&id).await;
    Ok(see_other(&paths::confirm(&id)))
}

/// Two digits, also full-width and with spaces. Anything else is an input error and not a wrong number.
fn number(typed: &str) -> Result<u32, &'static str> {
    let digits = width::compact(typed);
    match digits.len() {
        0 => Err("请输入屏幕显示的两位数字"),
        2 if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse().map_err(|_| "请输入两位数字，例如 42")
        }
        _ => Err("请输入两位数字，例如 42"),
    }
}

/// `POST /s/{id}/decline`: 不是我, before the login was confirmed.
#[handler]
pub async fn decline(
    req: &Request,
    Context { login, store, settings }: Context<'_>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (phone, own) = (phone_of(req, &id, settings)?, network(client_address(req)));
    let who = SignedIn::find(req).await?.map(|who| who.candidate);
    let declined = id.clone();
    let denied = store.write::<_, Error, _>(move |tx| {
        let denied = handshake::deny(tx, &declined, &phone)?;
        if denied {
            pause::record_denial(tx, who.as_ref(), &own)?;
        }
        Ok(denied)
    });
    if denied.await? {
        tracing::warn!(handshake = id, "somebody declined a login that is not theirs");
    }
    login.waiters.wake(&id).await;
    Ok(see_other(&paths::confirm(&id)))
}

/// `POST /s/{id}/revoke`: 不是我, after the login was confirmed. An approved handshake is denied, and a
/// screen that is signed in is signed out.
#[handler]
pub async fn revoke(
    req: &Request,
    who: SignedIn,
    Context { login, store, settings }: Context<'_>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let phone = phone_of(req, &id, settings)?;
    let (own, settings, revoked) = (network(client_address(req)), settings.clone(), id.clone());
    store
        .write::<_, Failure, _>(move |tx| {
            handshake::of_phone(tx, &revoked, &phone)?.ok_or(Failure::NotFound)?;
            handshake::deny(tx, &revoked, &phone)?;
            pause::record_denial(tx, Some(&who.candidate), &own)?;
            for session in live::of_candidate(tx, &who.candidate, &settings.sessions)? {
                if session.who.handshake.as_ref() == Some(&revoked) {
                    live::end(tx, &who.candidate, &session.key)?;
                }
            }
            Ok(())
        })
        .await?;
    tracing::warn!(handshake = id, "somebody revoked a login that they had confirmed");
    login.waiters.wake(&id).await;
    Ok(see_other(paths::DEVICES))
}

fn phone_of(req: &Request, handshake: &str, settings: &Settings) -> Result<String, Failure> {
    secrets::of_phone(req.headers(), handshake, settings.is_https()).ok_or(Failure::NotFound)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn two_digits_are_accepted_in_any_width_and_spacing() {
        for typed in ["42", " 42 ", "４２", "4 2", "\u{3000}４ ２\u{200b}"] {
            assert_eq!(number(typed), Ok(42), "{typed:?}");
        }
        for typed in ["", " ", "\u{3000}", "4", "142", "-1", "4x", "四二", "٤٢", "99999999999999999999"] {
            assert!(number(typed).is_err(), "{typed:?}");
        }
    }
}
