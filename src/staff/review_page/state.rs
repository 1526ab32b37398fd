//! What the page of a case is rendered from.

use crate::casework::answers::Answers;
use crate::casework::business::Task;
use crate::casework::materials::Attachment;
use crate::casework::question::Problems;
use crate::paths;
use crate::staff::case::{Case, Standing};
use crate::staff::case_request::OpenedCase;
use crate::staff::typed::Typed;
use crate::web::Submission;

/// A case with what was typed and the problems of it.
pub(in crate::staff) struct ReviewPage<'a> {
    pub opened: &'a OpenedCase,
    pub case: &'a Case,
    pub typed: &'a Typed,
    pub problems: &'a [(String, String)],
    /// Id of the attachment in the viewer; any other text shows the first one.
    pub material: Option<&'a str>,
    /// Why the last request had no effect.
    pub stopped: Option<Stopped>,
    pub tried: Option<TriedTask<'a>>,
    /// An amendment that had no effect.
    pub amended: Option<TriedTask<'a>>,
    /// Whether the full number of the document is shown.
    pub uncovered: bool,
    /// The form whose request had no effect, so that none of its text is lost.
    pub sent: Option<&'a Submission>,
}

pub(in crate::staff) struct TriedTask<'a> {
    pub task: &'static Task,
    pub noted: &'a Answers,
    pub problems: &'a Problems,
}

/// Why a request had no effect.
pub(in crate::staff) enum Stopped {
    /// Somebody put the case back, handed it over or decided it after the page was shown.
    Overtaken,
    /// A rule forbids it, as this sentence says.
    Refused(String),
}

impl<'a> ReviewPage<'a> {
    /// The page with what the reader has typed and saved.
    pub fn of(opened: &'a OpenedCase) -> ReviewPage<'a> {
        ReviewPage {
            opened,
            case: &opened.case,
            typed: &opened.working,
            problems: &[],
            material: None,
            stopped: None,
            tried: None,
            amended: None,
            uncovered: false,
            sent: None,
        }
    }

    pub fn number(&self) -> &str {
        self.case.file.application.shown_number()
    }

    pub fn path(&self) -> String {
        paths::case(self.number())
    }

    pub fn may_decide(&self) -> bool {
        self.case.standing == Standing::Mine
            && self.case.file.application.held_at.is_none()
            && !self.case.file.application.business.verdicts.approve.is_empty()
    }

    pub fn problem(&self, control: &str) -> Option<&str> {
        self.problems.iter().find(|(name, _)| name == control).map(|(_, text)| text.as_str())
    }
}

/// Address of a case with a file in the viewer.
pub fn view_path(case: &str, file: &Attachment) -> String {
    format!("{case}?material={}", file.id)
}

/// Id of the element around a control. A colon would need escaping in CSS selectors.
pub fn anchor(control: &str) -> String {
    format!("f-{}", control.replace(':', "-"))
}
