//! `kaozheng portal`: an operator connects a portal.

use clap::{Args, Subcommand};

use super::{Stop, list, log};
use crate::login::portal::steps::call::Moment;
use crate::login::portal::{AttemptSecrets, Portal as Client};
use crate::settings::{self, PortalSettings, RawPortal, SiteAddress, Variables};
use crate::store::{Clock, Ids};

/// Connect a government portal
#[derive(Subcommand)]
pub(super) enum Portal {
    Check(Check),
}

/// Check a portal's profile: print what would be sent, reach what can be reached, and try one sign-in
///
/// Secrets and what belongs to a person are masked. Open the printed address, sign in at the portal, and copy the code
/// from the address to which the browser returns. Then pass it, with the printed attempt, before it expires:
///
///   kaozheng portal check --code CODE --attempt ATTEMPT
///
/// While the site serves, its own callback uses the code up. Check before it does, or stop it.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Check {
    /// The address people type, e.g. `https://exam.example.gov.cn`
    #[arg(long, env = "KAOZHENG_PUBLIC_URL")]
    public_url: Option<String>,
    /// The portals
    #[command(flatten)]
    portal: RawPortal,
    /// Check the portal of staff
    #[arg(long)]
    staff: bool,
    /// Exchange this code
    #[arg(long, requires = "attempt")]
    code: Option<String>,
    /// The attempt that was printed with the address
    #[arg(long, requires = "code", value_parser = attempt_of)]
    attempt: Option<AttemptSecrets>,
}

impl Portal {
    pub(super) async fn run(self, variables: &Variables) -> Result<(), Stop> {
        match self {
            Portal::Check(check) => check.run(variables).await,
        }
    }
}

impl Check {
    async fn run(self, variables: &Variables) -> Result<(), Stop> {
        log::begin(log::Lines::Plain);
        let raw = RawPortal { variables: variables.values(), ..self.portal.clone() };
        let checked = settings::check_portals(&self.public_url, &raw).map_err(|problems| list(&problems))?;
        let portal = match (self.staff, checked.staff_portal) {
            (false, _) => checked.portal,
            (true, Some(portal)) => portal,
            (true, None) => return Err("KAOZHENG_STAFF_PORTAL is not set".into()),
        };
        self.report(checked.address, portal).await
    }

    async fn report(self, address: SiteAddress, portal: PortalSettings) -> Result<(), Stop> {
        let client = Client::new(address, portal)?;
        let moment = Moment { now: Clock::system().now(), ids: Ids::random() };
        if let (Some(code), Some(attempt)) = (&self.code, self.attempt) {
            println!("{}", client.try_code(code, attempt, &moment).await.join("\n"));
            return Ok(());
        }
        let (plan, attempt) = client.plan(&moment).await?;
        let AttemptSecrets { state, verifier, nonce } = attempt;
        println!("{}\nattempt                 {state}:{verifier}:{nonce}\n", plan.join("\n"));
        println!("{}", client.reach().await.join("\n"));
        Ok(())
    }
}

/// The attempt that the check has printed.
fn attempt_of(text: &str) -> Result<AttemptSecrets, &'static str> {
    let parts: Vec<String> = text.split(':').map(str::to_owned).collect();
    let [state, verifier, nonce] =
        parts.try_into().map_err(|_| "expected the three parts that `kaozheng portal check` has printed")?;
    Ok(AttemptSecrets { state, verifier, nonce })
}
