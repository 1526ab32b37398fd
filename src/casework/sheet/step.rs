//! What a form is sent for.

/// What a press of a button or a change of an answer asks for. Every one keeps what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormStep {
    /// Keep it and go.
    Draft,
    /// Judge it and go on to 核对信息.
    Review,
    /// Judge it and submit it.
    Submit,
    /// Another answer was picked: offer what goes with it.
    Choose,
    /// Files were chosen.
    Upload,
    /// The file of this id is not wanted any more.
    Remove(String),
    /// Judge the field of this name.
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
            None if action == "upload" => FormStep::Upload,
            Some(("remove", id)) => FormStep::Remove(id.to_owned()),
            Some(("check", name)) => FormStep::Check(name.to_owned()),
            _ => return None,
        })
    }
}
