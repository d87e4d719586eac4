//! The modules of a crate and their imports from each other, read from the sources.
//!
//! Every path counts, in a `use` item or inline, and is followed through re-exports to the module
//! that defines the item. A module consists of its submodules, so using, declaring or re-exporting
//! their items is no import; their use of its items is one. Code that is compiled for tests only is
//! skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Expr, ExprLit, Item, Lit, Meta, UseTree, Visibility};

/// A path from the root of the crate, without `crate`.
type ModulePath = Vec<String>;

/// The files of a crate, and for each the files it imports from.
pub(crate) type Imports = BTreeMap<String, BTreeSet<String>>;

/// Reads the crate whose root module is `root`. Files are named relative to its folder.
pub(crate) fn imports(root: &Path) -> Imports {
    let mut reader = Reader::default();
    reader.read_file(root, &[]);
    let folder = root.parent().expect("a folder");
    let name = |file: &Path| {
        let name = file.strip_prefix(folder).expect("a file of the crate");
        name.display().to_string().replace('\\', "/")
    };
    let mut imports = Imports::new();
    for (path, module) in &reader.modules {
        let imported = imports.entry(name(&module.file)).or_default();
        for used in &module.paths {
            let target = reader.resolve(used, 0);
            // A module consists of its submodules.
            let file = &reader.modules[target].file;
            if !target.starts_with(path) && *file != module.file {
                imported.insert(name(file));
            }
        }
    }
    imports
}

struct Module {
    file: PathBuf,
    /// The names that its `use` items bring in from this crate, and which of them it passes on.
    names: BTreeMap<String, (ModulePath, bool)>,
    /// The modules whose public items it passes on, all of them.
    globs: Vec<ModulePath>,
    defined: BTreeSet<String>,
    /// Each path into this crate that it spells out.
    paths: BTreeSet<ModulePath>,
}

#[derive(Default)]
struct Reader {
    modules: BTreeMap<ModulePath, Module>,
}

impl Reader {
    fn read_file(&mut self, file: &Path, path: &[String]) {
        let text = std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("{} does not parse: {error}", file.display()));
        self.read_items(file, path, &parsed.items);
    }

    fn read_items(&mut self, file: &Path, path: &[String], items: &[Item]) {
        let items: Vec<_> = items
            .iter()
            .filter(|item| !for_tests_only(attributes(item)))
            .collect();
        let mut module = Module {
            file: file.to_owned(),
            names: BTreeMap::new(),
            globs: Vec::new(),
            defined: items.iter().filter_map(|item| defined(item)).collect(),
            paths: BTreeSet::new(),
        };
        let children: BTreeSet<_> = items
            .iter()
            .filter_map(|item| match item {
                Item::Mod(child) => Some(child.ident.to_string()),
                _ => None,
            })
            .collect();
        for item in &items {
            if let Item::Use(item) = item {
                let passed_on = !matches!(item.vis, Visibility::Inherited);
                module.read_use(&item.tree, Vec::new(), path, &children, passed_on);
            }
        }
        let mut scanner = Scanner {
            module: path,
            children: &children,
            names: &module.names,
            found: BTreeSet::new(),
        };
        for item in &items {
            match item {
                Item::Mod(_) | Item::Use(_) => {}
                item => scanner.scan(item.to_token_stream()),
            }
        }
        module.paths.append(&mut scanner.found);
        self.modules.insert(path.to_vec(), module);

        for item in &items {
            let Item::Mod(child) = item else { continue };
            let below = [path, &[child.ident.to_string()]].concat();
            match &child.content {
                Some((_, items)) => self.read_items(file, &below, items),
                None => {
                    let elsewhere = path_attribute(&child.attrs);
                    let named = |path: String| file.with_file_name(path);
                    let child = elsewhere.map_or_else(|| file_of(file, &below), named);
                    self.read_file(&child, &below);
                }
            }
        }
    }

    /// The module that defines the item of a path.
    fn resolve(&self, path: &[String], depth: usize) -> &[String] {
        let mut at: &[String] = &[];
        for (index, segment) in path.iter().enumerate() {
            let below = [at, std::slice::from_ref(segment)].concat();
            if let Some((below, _)) = self.modules.get_key_value(&below) {
                at = below;
                continue;
            }
            let module = &self.modules[at];
            if module.defined.contains(segment) || depth > 8 {
                break;
            }
            let rest = &path[index..];
            if let Some((target, true)) = module.names.get(segment) {
                return self.resolve(&[target, &rest[1..]].concat(), depth + 1);
            }
            for target in &module.globs {
                let from = self.modules.get(target);
                if from.is_some_and(|from| from.defined.contains(segment)) {
                    return self.resolve(&[target, rest].concat(), depth + 1);
                }
            }
            break;
        }
        at
    }
}

/// The value of `#[path = "…"]`.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|it| it.path().is_ident("path"))?;
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    match &meta.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(path),
            ..
        }) => Some(path.value()),
        _ => None,
    }
}

impl Module {
    fn read_use(
        &mut self,
        tree: &UseTree,
        mut prefix: Vec<String>,
        path: &[String],
        children: &BTreeSet<String>,
        passed_on: bool,
    ) {
        let (last, name) = match tree {
            UseTree::Path(tree) => {
                prefix.push(tree.ident.to_string());
                return self.read_use(&tree.tree, prefix, path, children, passed_on);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.read_use(tree, prefix.clone(), path, children, passed_on);
                }
                return;
            }
            UseTree::Name(tree) => (Some(tree.ident.to_string()), Some(tree.ident.to_string())),
            UseTree::Rename(tree) => (Some(tree.ident.to_string()), Some(tree.rename.to_string())),
            UseTree::Glob(_) => (None, None),
        };
        prefix.extend(last.filter(|last| last != "self"));
        let name = name
            .filter(|name| name != "self")
            .or(prefix.last().cloned());
        let Some(target) = absolute(&prefix, path, children, &BTreeMap::new()) else {
            return;
        };
        self.paths.insert(target.clone());
        match tree {
            UseTree::Glob(_) if passed_on => self.globs.push(target),
            UseTree::Glob(_) => {}
            _ => {
                self.names
                    .insert(name.expect("a name"), (target, passed_on));
            }
        }
    }
}

/// Finds the paths into the crate among the tokens of one module's items.
struct Scanner<'a> {
    module: &'a [String],
    children: &'a BTreeSet<String>,
    names: &'a BTreeMap<String, (ModulePath, bool)>,
    found: BTreeSet<ModulePath>,
}

impl Scanner<'_> {
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(word) if word == "pub" => {
                    // A visibility is no import.
                    at += usize::from(is_group(tokens.get(at + 1), Delimiter::Parenthesis));
                }
                TokenTree::Ident(_) if at == 0 || !is_colon(tokens.get(at - 1)) => {
                    at = self.path(&tokens, at, Vec::new());
                    continue;
                }
                TokenTree::Group(group) => self.scan(group.stream()),
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads the path that begins at a token, `use` trees with braces too, and returns its end.
    fn path(&mut self, tokens: &[TokenTree], mut at: usize, mut path: Vec<String>) -> usize {
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(word)) => path.push(word.to_string()),
                Some(TokenTree::Group(group))
                    if !path.is_empty() && group.delimiter() == Delimiter::Brace =>
                {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    for branch in inner.split(is_comma) {
                        self.path(branch, 0, path.clone());
                    }
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
            if !(is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))) {
                break;
            }
            at += 2;
        }
        if path.len() > 1
            && let Some(path) = absolute(&path, self.module, self.children, self.names)
        {
            self.found.insert(path);
        }
        at
    }
}

/// A path from the root of the crate, if it is inside the crate.
fn absolute(
    path: &[String],
    module: &[String],
    children: &BTreeSet<String>,
    names: &BTreeMap<String, (ModulePath, bool)>,
) -> Option<ModulePath> {
    let (first, rest) = path.split_first()?;
    let mut rest = rest;
    let mut from = match first.as_str() {
        "crate" => Vec::new(),
        "self" => module.to_vec(),
        "super" => module[..module.len().checked_sub(1)?].to_vec(),
        child if children.contains(child) => [module, std::slice::from_ref(first)].concat(),
        name => names.get(name)?.0.clone(),
    };
    while let Some(("super", below)) = rest.split_first().map(|(first, rest)| (&**first, rest)) {
        from.pop()?;
        rest = below;
    }
    from.extend(rest.iter().cloned());
    Some(from)
}

/// Where the module at `path` is written, if `parent` declares it.
fn file_of(parent: &Path, path: &[String]) -> PathBuf {
    let name = path.last().expect("a name");
    let folder = parent.parent().expect("a folder");
    let stem = parent.file_stem().expect("a name").to_string_lossy();
    let folder = match &*stem {
        "lib" | "main" | "mod" => folder.to_owned(),
        stem => folder.join(stem),
    };
    let flat = folder.join(format!("{name}.rs"));
    if flat.exists() {
        return flat;
    }
    folder.join(name).join("mod.rs")
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':')
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',')
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

fn for_tests_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute.meta.to_token_stream().to_string();
        text.replace(' ', "") == "cfg(test)"
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
