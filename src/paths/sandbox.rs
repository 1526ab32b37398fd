//! The addresses of the sandbox portals. Each province's own paths hang below the prefix of its portal.

/// The portal of the standards: OAuth 2.0 and OpenID Connect.
pub mod standard {
    pub const PORTAL: &str = "/sandbox";
    pub const AUTHORIZE: &str = "/sandbox/authorize";
    pub const TOKEN: &str = "/sandbox/token";
    pub const USERINFO: &str = "/sandbox/userinfo";
    pub const DEVICE_AUTHORIZATION: &str = "/sandbox/device_authorization";
    /// Where one types the code of a device.
    pub const DEVICE: &str = "/sandbox/device";
    pub const DISCOVERY: &str = "/sandbox/.well-known/openid-configuration";
    pub const END_SESSION: &str = "/sandbox/end_session";
}

/// 广东, citizens.
pub mod guangdong {
    pub const PORTAL: &str = "/sandbox/guangdong";
    pub const AUTHORIZE: &str = "/sandbox/guangdong/pscp/sso/connect/page/oauth2/authorize";
    pub const TOKEN: &str = "/sandbox/guangdong/pscp/sso/connect/page/oauth2/access_token";
    pub const USER: &str = "/sandbox/guangdong/pscp/sso/connect/page/oauth2/tokeninfo";
    pub const SIGN_OUT: &str = "/sandbox/guangdong/_tif_sso_logout_/";
    /// Where an account is verified.
    pub const VERIFICATION: &str = "/sandbox/guangdong/pscp/sso/static/manage/realname";
    /// A page of the app, from which our site is opened.
    pub const APP: &str = "/sandbox/guangdong/app";
    /// Exchanges the one-off token of the app.
    pub const APP_USER: &str = "/sandbox/guangdong/ebus/tif/sso/connect/page/oneoffcode2yrzuserinfo";
}

/// 广东, civil servants.
pub mod guangdong_staff {
    pub const PORTAL: &str = "/sandbox/guangdong-staff";
    pub const AUTHORIZE: &str = "/sandbox/guangdong-staff/zwrz/rz/sso/oauth/authorize";
    pub const TOKEN: &str = "/sandbox/guangdong-staff/zwrz/rz/sso/oauth/token";
    pub const USER: &str = "/sandbox/guangdong-staff/zwrz/rz/sso/openapi/user/getuserinfodetail";
    pub const SIGN_OUT: &str = "/sandbox/guangdong-staff/zwrz/rz/sso/logout";
}

/// 浙江, the older interface.
pub mod zhejiang_simple {
    pub const PORTAL: &str = "/sandbox/zhejiang-simple";
    pub const MOBILE: &str = "/sandbox/zhejiang-simple/sso/mobile.do";
    pub const COMPUTER: &str = "/sandbox/zhejiang-simple/sso/usp.do";
    /// Both calls; `method` tells them apart.
    pub const CALL: &str = "/sandbox/zhejiang-simple/sso/servlet/simpleauth";
    pub const SIGN_OUT: &str = "/sandbox/zhejiang-simple/sso/logout";
}

/// 浙江, the present interface.
pub mod zhejiang {
    pub const PORTAL: &str = "/sandbox/zhejiang";
    pub const AUTHORIZE: &str = "/sandbox/zhejiang/uc/sso/login";
    pub const TOKEN: &str = "/sandbox/zhejiang/restapi/prod/uc/sso/access_token";
    pub const USER: &str = "/sandbox/zhejiang/restapi/prod/uc/sso/getUserInfo";
    pub const SIGN_OUT: &str = "/sandbox/zhejiang/uc/unifiedLogout";
}
