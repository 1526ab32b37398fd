//! The rooms of the desk: the links of its navigation, and the roles that see each.

use std::fmt::Display;

use crate::paths;
use crate::people::staff::Role;
use crate::ui::DeskLink;

/// A room: its label, the address of its first page, and whether a role works there.
type Room = (&'static str, &'static str, fn(Role) -> bool);

const ROOMS: &[Room] = &[
    ("待办", paths::QUEUE, |_| true),
    ("查找", paths::SEARCH, |_| true),
    ("统计", paths::FIGURES, |role| matches!(role, Role::Reviewer | Role::Administrator)),
    ("批量办理", paths::BATCHES, |_| true),
    ("查看记录", paths::STAFF_AUDIT, |role| role == Role::Administrator),
    ("证书", paths::STAFF_CERTIFICATES, |role| role == Role::Administrator),
    ("领取情况", paths::ASSIGNMENTS, |role| role == Role::Administrator),
    ("管理", paths::ADMIN, |role| role == Role::Administrator),
];

/// The links of a role. The first one shows how many applications wait.
pub(super) fn links(role: Role, waiting: impl Display) -> Vec<DeskLink> {
    let open = ROOMS.iter().filter(|(.., is_open_to)| is_open_to(role));
    let label = |label: &str, path| match path {
        paths::QUEUE => format!("{label} {waiting}"),
        _ => label.to_owned(),
    };
    open.map(|(name, path, _)| DeskLink { label: label(name, *path), path }).collect()
}
