//! The routes of the sandbox portals, which only the demo has.

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route, RouteMethod, get, post};

use crate::demo::sandbox::portal::{Grants, Portal};
use crate::demo::sandbox::standard::device::{self, Devices};
use crate::demo::sandbox::{chooser, guangdong, guangdong_staff, standard, zhejiang, zhejiang_simple};
use crate::paths::sandbox as at;

pub fn urls() -> impl Endpoint<Output = Response> + 'static {
    Route::new()
        .at(at::standard::AUTHORIZE, of(&standard::PORTAL, choice()))
        .at(at::standard::TOKEN, post(standard::exchange))
        .at(at::standard::USERINFO, get(standard::userinfo))
        .at(at::standard::DEVICE_AUTHORIZATION, post(device::authorize))
        .at(at::standard::DEVICE, get(device::show).post(device::choose))
        .at(at::standard::DISCOVERY, get(standard::discovery))
        .at(at::standard::END_SESSION, of(&standard::PORTAL, get(chooser::sign_out).post(chooser::sign_out)))
        .at(at::guangdong::AUTHORIZE, of(&guangdong::PORTAL, choice()))
        .at(at::guangdong::TOKEN, get(guangdong::token))
        .at(at::guangdong::USER, get(guangdong::token_info))
        .at(at::guangdong::SIGN_OUT, of(&guangdong::PORTAL, get(chooser::sign_out)))
        .at(at::guangdong::VERIFICATION, get(guangdong::verification))
        .at(at::guangdong::APP, of(&guangdong::app::PORTAL, get(guangdong::app::show).post(chooser::choose)))
        .at(at::guangdong::APP_USER, post(guangdong::app::account))
        .at(at::guangdong_staff::AUTHORIZE, of(&guangdong_staff::PORTAL, choice()))
        .at(at::guangdong_staff::TOKEN, post(guangdong_staff::token))
        .at(at::guangdong_staff::USER, post(guangdong_staff::user))
        .at(at::guangdong_staff::SIGN_OUT, of(&guangdong_staff::PORTAL, get(chooser::sign_out)))
        .at(at::zhejiang_simple::MOBILE, of(&zhejiang_simple::PORTAL, choice()))
        .at(at::zhejiang_simple::COMPUTER, of(&zhejiang_simple::PORTAL, choice()))
        .at(at::zhejiang_simple::CALL, get(zhejiang_simple::call).post(zhejiang_simple::call))
        .at(at::zhejiang_simple::SIGN_OUT, of(&zhejiang_simple::PORTAL, get(chooser::sign_out)))
        .at(at::zhejiang::AUTHORIZE, of(&zhejiang::PORTAL, choice()))
        .at(at::zhejiang::TOKEN, post(zhejiang::token))
        .at(at::zhejiang::USER, post(zhejiang::user))
        .at(at::zhejiang::SIGN_OUT, of(&zhejiang::PORTAL, get(chooser::sign_out)))
        .data(Arc::new(Grants::default()))
        .data(Arc::new(Devices::default()))
        .map_to_response()
}

fn choice() -> RouteMethod {
    get(chooser::show).post(chooser::choose)
}

/// Handlers of several portals, for one of them.
fn of(portal: &'static Portal, handlers: RouteMethod) -> impl Endpoint<Output = Response> + 'static {
    handlers.data(portal).map_to_response()
}
