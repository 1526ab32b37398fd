//! The buttons of a form.

/// The button or the changed answer that sends a form. The answers are saved in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormStep {
    /// Save it and leave.
    Draft,
    /// Check it and go on to 核对信息.
    Review,
    /// Check it and submit it.
    Submit,
    /// Go on to the part of this index.
    Next(usize),
    /// An answer changed on which other questions depend.
    Choose,
    /// Upload the chosen files.
    Upload,
    /// Remove the file of this id.
    Remove(String),
    /// Keep the chosen ones of the answers that differ between two windows.
    Merge,
    /// Check the question of this name.
    Check(String),
}

impl FormStep {
    /// Reads the form's `action`.
    pub fn parse(action: &str) -> Option<FormStep> {
        Some(match action.split_once(':') {
            None if action == "draft" => FormStep::Draft,
            None if action == "review" => FormStep::Review,
            None if action == "submit" => FormStep::Submit,
            None if action == "choose" => FormStep::Choose,
            None if action == "merge" => FormStep::Merge,
            None if action == "upload" => FormStep::Upload,
            Some(("next", part)) => FormStep::Next(part.parse().ok()?),
            Some(("remove", id)) => FormStep::Remove(id.to_owned()),
            Some(("check", name)) => FormStep::Check(name.to_owned()),
            _ => return None,
        })
    }
}
