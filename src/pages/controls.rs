//! Conversions from the data of a business to the types of `ui`. `casework` does not know `ui`.

use crate::casework::business::Icon;
use crate::casework::format::TextMode;
use crate::casework::question::Choice;
use crate::ui;

pub fn icon(icon: Icon) -> ui::Icon {
    match icon {
        Icon::Clipboard => ui::Icon::Clipboard,
        Icon::File => ui::Icon::File,
        Icon::Mail => ui::Icon::Mail,
        Icon::Pencil => ui::Icon::Pencil,
        Icon::Receipt => ui::Icon::Receipt,
        Icon::Refund => ui::Icon::Refund,
        Icon::Reissue => ui::Icon::Reissue,
        Icon::Scales => ui::Icon::Scales,
        Icon::Shield => ui::Icon::Shield,
    }
}

pub fn text_mode(mode: TextMode) -> ui::TextMode {
    match mode {
        TextMode::Text => ui::TextMode::Text,
        TextMode::Tel => ui::TextMode::Tel,
        TextMode::Email => ui::TextMode::Email,
        TextMode::Number => ui::TextMode::Number,
        TextMode::Name => ui::TextMode::Name,
        TextMode::IdNumber => ui::TextMode::IdNumber,
        TextMode::Street => ui::TextMode::Street,
        TextMode::Postcode => ui::TextMode::Postcode,
    }
}

pub fn choices(offered: &[Choice]) -> Vec<ui::Choice> {
    let choice = |Choice { value, label, hint }: &Choice| ui::Choice {
        value: value.clone(),
        label: label.clone(),
        hint: hint.clone(),
    };
    offered.iter().map(choice).collect()
}
