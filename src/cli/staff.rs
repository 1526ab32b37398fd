//! `kaozheng staff`: the staff members.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Subcommand, ValueEnum};

use super::{Stop, database};
use crate::business::ALL;
use crate::casework::roster;
use crate::people::document::{Document, DocumentType};
use crate::people::name;
use crate::people::staff::{self, Duty, Kinds, Role};
use crate::settings::RawSettings;
use crate::store::{Clock, clock};

/// Add, list or remove staff members
///
/// Staff sign in at the same portal as candidates; the roster identifies them by their identity
/// document. A change takes effect at once, also in existing sessions, and is recorded in the audit.
/// Applications of a staff member who may not decide them any more go back into the queue.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(super) enum Staff {
    /// Add a staff member, or change the name or role of one
    Add(Add),
    /// List the staff members
    List(RawSettings),
    /// Remove a staff member; their decisions stay in the history
    Remove(Remove),
}

#[derive(Args)]
pub(super) struct Add {
    /// Full name; candidates see it in their timeline
    #[arg(long)]
    name: String,
    /// What they do
    #[arg(long, value_enum, default_value = "reviewer")]
    role: Role,
    /// Limits them to these businesses, separated by commas [default: all that the role does]
    #[arg(long, value_delimiter = ',', value_parser = kinds())]
    kinds: Vec<String>,
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    raw: RawSettings,
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(
        ALL.iter().map(|business| PossibleValue::new(business.slug).help(business.label)),
    )
}

#[derive(Args)]
pub(super) struct Remove {
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    raw: RawSettings,
}

#[derive(Args)]
struct DocumentArgs {
    /// Kind of identity document
    #[arg(long, default_value = "resident", value_enum)]
    document_type: DocumentType,
    /// Number of the identity document, as the portal reports it
    #[arg(long)]
    document_number: String,
}

impl ValueEnum for DocumentType {
    fn value_variants<'a>() -> &'a [Self] {
        &DocumentType::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.code()).help(self.label()))
    }
}

impl DocumentArgs {
    fn parse(&self) -> Result<Document, Stop> {
        let today = clock::china_date(Clock::system().now());
        Ok(Document::parse(self.document_type, &self.document_number, today)?)
    }
}

impl Staff {
    pub(super) async fn run(self) -> Result<(), Stop> {
        match self {
            Staff::Add(add) => add.run().await,
            Staff::List(raw) => list(&raw).await,
            Staff::Remove(remove) => remove.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> Result<(), Stop> {
        let document = self.document.parse()?;
        let name = name::given(&self.name).ok_or("--name has no visible characters, or more than 200")?;
        let store = database::open_current(&self.raw).await?;
        let (role, duty) = (self.role, Duty { role: self.role, kinds: Kinds::of(self.kinds) });
        let released = store.write(move |tx| roster::add(tx, &name, &document, &duty)).await?;
        println!("Done: they are on the roster as {}.", role.label());
        print_released(released);
        Ok(())
    }
}

async fn list(raw: &RawSettings) -> Result<(), Stop> {
    let members = database::open_current(raw).await?.read(staff::list).await?;
    for member in &members {
        let kinds = member.kinds.slugs().join(",");
        println!("{}\t{}\t{}\t{kinds}", member.name, member.role.label(), member.document);
    }
    if members.is_empty() {
        println!("Nobody is on the roster; see `kaozheng staff add --help`.");
    }
    Ok(())
}

impl Remove {
    async fn run(self) -> Result<(), Stop> {
        let document = self.document.parse()?;
        let store = database::open_current(&self.raw).await?;
        let released = store.write(move |tx| roster::remove(tx, &document)).await?;
        let released = released.ok_or("nobody on the roster has this document")?;
        println!("Done: they are off the roster, also where they are signed in.");
        print_released(released);
        Ok(())
    }
}

fn print_released(released: usize) {
    if released > 0 {
        println!("{released} cases whose reviewers do not decide them any more are back in the queue.");
    }
}
