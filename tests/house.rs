//! The law of the house: imports only go down the table of rooms in `src/lib.rs`, and no two files
//! import each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::buffer::{Cursor, TokenBuffer};
use syn::visit::{self, Visit};

/// The modules of `src` by their path, such as `casework::business::parts`.
struct House {
    modules: BTreeMap<String, Module>,
}

#[derive(Default)]
struct Module {
    /// Paths that the module names, from the root of the crate.
    named: BTreeSet<String>,
    /// Names that it hands on with `pub use`, and what each stands for.
    handed_on: BTreeMap<String, String>,
}

impl House {
    fn read() -> House {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        collect(&src, &mut files);
        let modules = files.iter().map(|file| {
            let name = module_name(file.strip_prefix(&src).expect("a file below src"));
            let text = fs::read_to_string(file).expect("a source file");
            let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let mut reader = Reader { at: name.clone(), module: Module::default() };
            reader.visit_file(&parsed);
            (name, reader.module)
        });
        House { modules: modules.collect() }
    }

    /// The module that defines what a path names, through what modules hand on.
    fn home_of(&self, path: &str) -> Option<&str> {
        let mut end = path.len();
        let (module, rest) = loop {
            if let Some((known, _)) = self.modules.get_key_value(&path[..end]) {
                break (known, path[end..].trim_start_matches("::"));
            }
            end = path[..end].rfind("::")?;
        };
        let name = rest.split("::").next().unwrap_or_default();
        match self.modules[module].handed_on.get(name) {
            Some(real) if real != path => self.home_of(real).or(Some(module)),
            _ => Some(module),
        }
    }

    /// Every import of one file by another.
    fn imports(&self) -> BTreeSet<(&str, &str)> {
        let of = |(name, module): (&'_ String, &'_ Module)| {
            let name = self.modules.get_key_value(name).expect("a module").0.as_str();
            module.named.iter().filter_map(move |path| Some((name, self.home_of(path)?))).collect::<Vec<_>>()
        };
        self.modules.iter().flat_map(of).filter(|(from, to)| from != to).collect()
    }
}

/// Collects what one file names.
struct Reader {
    at: String,
    module: Module,
}

impl Reader {
    /// A path from the root of the crate, if it begins with `crate`, `self` or `super`.
    fn absolute_path(&self, segments: &[String]) -> Option<String> {
        let (first, rest) = segments.split_first()?;
        let base = match first.as_str() {
            "crate" | "kaozheng" => String::new(),
            "self" => self.at.clone(),
            "super" => self.at.rsplit_once("::").map_or(String::new(), |(parent, _)| parent.to_owned()),
            _ => return None,
        };
        let ups = rest.iter().take_while(|segment| *segment == "super").count();
        let base = (0..ups)
            .fold(base, |base, _| base.rsplit_once("::").map_or(String::new(), |(up, _)| up.to_owned()));
        let parts = std::iter::once(base).chain(rest[ups..].iter().cloned()).filter(|part| !part.is_empty());
        Some(parts.collect::<Vec<_>>().join("::"))
    }

    fn use_tree(&mut self, tree: &syn::UseTree, before: &[String], handed_on: bool) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&path.tree, &with(&path.ident), handed_on),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.use_tree(tree, before, handed_on));
            }
            syn::UseTree::Name(name) if name.ident == "self" => self.used(before, None, handed_on),
            syn::UseTree::Name(name) => {
                self.used(&with(&name.ident), Some(name.ident.to_string()), handed_on)
            }
            syn::UseTree::Rename(name) => {
                self.used(&with(&name.ident), Some(name.rename.to_string()), handed_on)
            }
            syn::UseTree::Glob(_) => self.used(before, None, handed_on),
        }
    }

    fn used(&mut self, path: &[String], name: Option<String>, handed_on: bool) {
        // A module's own children need no `self`.
        let absolute = self.absolute_path(path).or_else(|| {
            let own = [self.at.as_str(), &path.join("::")].join("::");
            handed_on.then_some(own.trim_start_matches("::").to_owned())
        });
        let child = [std::slice::from_ref(&"self".to_owned()), path].concat();
        let Some(path) = absolute.or_else(|| self.absolute_path(&child)) else { return };
        match name.filter(|_| handed_on) {
            Some(name) => drop(self.module.handed_on.insert(name, path)),
            None if handed_on => {}
            None => drop(self.module.named.insert(path)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let handed_on = !matches!(item.vis, syn::Visibility::Inherited);
        self.use_tree(&item.tree, &[], handed_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(path) = self.absolute_path(&segments) {
            self.module.named.insert(path);
        }
        visit::visit_path(self, path);
    }

    /// `pub(super)` and `pub(in crate::store)` name a module without importing it.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    /// Markup names paths inside of macros.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let text = item.tokens.to_string().replace(" :: ", "::");
        for found in text.split("crate::").skip(1) {
            let end =
                found.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(found.len());
            self.module.named.insert(found[..end].trim_end_matches(':').to_owned());
        }
        visit::visit_macro(self, item);
    }

    /// Tests beside the code stand outside of the house.
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(item) {
            visit::visit_item_mod(self, item);
        }
    }
}

fn is_test(item: &syn::ItemMod) -> bool {
    item.attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|ident| ident == "test")
    })
}

/// Collects the string literals of a file, also those inside of macros, without its unit tests.
#[derive(Default)]
struct Literals(Vec<String>);

impl Literals {
    fn of(file: &Path) -> Vec<String> {
        let text = fs::read_to_string(file).expect("a source file");
        let mut literals = Literals::default();
        literals.visit_file(&syn::parse_file(&text).expect("Rust"));
        literals.0
    }

    fn of_tokens(&mut self, mut rest: Cursor) {
        while let Some((_, next)) = rest.token_tree() {
            if let Some((inside, _, _, _)) = rest.any_group() {
                self.of_tokens(inside);
            } else if let Some((literal, _)) = rest.literal()
                && let syn::Lit::Str(text) = syn::Lit::new(literal)
            {
                self.0.push(text.value());
            }
            rest = next;
        }
    }
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.0.push(literal.value());
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.of_tokens(TokenBuffer::new2(item.tokens.clone()).begin());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(item) {
            visit::visit_item_mod(self, item);
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

/// `casework/business.rs` is `casework::business`; `lib.rs` is the root.
fn module_name(file: &Path) -> String {
    let name = file.with_extension("").display().to_string().replace('/', "::");
    if name == "lib" { String::new() } else { name }
}

/// The floor of each room, as the table in `src/lib.rs` says it.
fn floors() -> BTreeMap<String, usize> {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("src/lib.rs");
    let row = |line: &str| {
        let mut cells = line.strip_prefix("//! |")?.split('|').map(str::trim);
        let floor = cells.next()?.parse().ok()?;
        Some((cells.next()?.trim_matches(['[', ']', '`']).to_owned(), floor))
    };
    text.lines().filter_map(row).collect()
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

#[test]
fn every_room_is_in_the_table() {
    let (house, floors) = (House::read(), floors());
    let rooms: BTreeSet<&str> = house.modules.keys().map(|module| room(module)).collect();
    let rooms: BTreeSet<&str> = rooms.into_iter().filter(|room| !matches!(*room, "" | "main")).collect();
    assert_eq!(rooms, floors.keys().map(String::as_str).collect());
}

#[test]
fn imports_go_down_the_table_of_rooms() {
    let (house, floors) = (House::read(), floors());
    let mut wrong = Vec::new();
    for (from, to) in house.imports() {
        let (above, below) = (room(from), room(to));
        if matches!(above, "main" | "") || above == below || below.is_empty() {
            continue;
        }
        if floors[above] <= floors[below] {
            wrong.push(format!("{from} imports {to}: {above} is not above {below}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_knows_no_http() {
    let house = House::read();
    let domain = ["casework", "business", "people", "exams"];
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for module in house.modules.keys().filter(|module| domain.contains(&room(module))) {
        let text =
            fs::read_to_string(src.join(module.replace("::", "/")).with_extension("rs")).expect("a file");
        for word in ["poem", "maud", "crate::web", "crate::ui", "crate::paths", "StatusCode"] {
            assert!(!text.contains(word), "{module} names {word}");
        }
    }
}

#[test]
fn no_two_files_import_each_other() {
    let house = House::read();
    let imports = house.imports();
    let circles: Vec<String> = imports
        .iter()
        .filter(|(from, to)| from < to && imports.contains(&(*to, *from)))
        .map(|(from, to)| format!("{from} and {to}"))
        .collect();
    assert!(circles.is_empty(), "these import each other:\n{}", circles.join("\n"));
}

#[test]
fn only_the_paths_write_addresses() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    let (paths, others): (Vec<PathBuf>, Vec<PathBuf>) = files
        .into_iter()
        .partition(|file| room(&module_name(file.strip_prefix(&src).expect("a file below src"))) == "paths");
    let patterns = paths.iter().flat_map(|file| Literals::of(file)).filter(|text| text.starts_with('/'));
    let addresses: BTreeSet<String> = patterns
        .map(|pattern| pattern.split("/:").next().unwrap_or_default().trim_end_matches('/').to_owned())
        .collect();
    let is_address = |text: &str| {
        addresses.iter().any(|address| match text.strip_prefix(address.as_str()) {
            Some(rest) if address.is_empty() => rest == "/",
            Some(rest) => rest.is_empty() || rest.starts_with(['/', '?', '#']),
            None => false,
        })
    };
    let mut wrong = Vec::new();
    for file in others {
        let module = module_name(file.strip_prefix(&src).expect("a file below src"));
        let literals = Literals::of(&file).into_iter().filter(|text| is_address(text));
        wrong.extend(literals.map(|text| format!("{module} writes {text:?}")));
    }
    assert!(wrong.is_empty(), "use src/paths.rs instead:\n{}", wrong.join("\n"));
}
