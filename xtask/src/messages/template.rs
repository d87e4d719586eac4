//! The placeholders of a message: `{path}` for `{}` and `path.display()`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The value of a string literal.
pub(crate) fn text_of(literal: &str) -> Option<String> {
    let is_text = ["\"", "r\"", "r#"]
        .iter()
        .any(|start| literal.starts_with(start));
    let text: Option<syn::LitStr> = is_text.then(|| syn::parse_str(literal).ok()).flatten();
    text.map(|text| text.value())
}

/// The arguments of a macro.
pub(crate) fn arguments(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    tokens
        .split(is_comma)
        .map(<[_]>::to_vec)
        .filter(|argument| !argument.is_empty())
        .collect()
}

/// The names of the unnamed fields after `#[error("…")]`, by their types.
pub(crate) fn unnamed_fields(rest: &[TokenTree]) -> Vec<String> {
    let of_variant = rest.windows(2).find_map(|pair| match pair {
        [TokenTree::Ident(_), TokenTree::Group(group)] => Some(group),
        _ => None,
    });
    let Some(fields) = of_variant.filter(|group| group.delimiter() == Delimiter::Parenthesis)
    else {
        return Vec::new();
    };
    let named = |field: &Vec<TokenTree>| {
        let last = field.iter().rev().find_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        });
        match last.as_deref() {
            None | Some("str" | "String") => "text".to_owned(),
            Some("u8" | "u16" | "u32" | "u64" | "usize" | "i32") => "number".to_owned(),
            Some(name) => snake_case(name),
        }
    };
    arguments(fields.stream()).iter().map(named).collect()
}

/// A template with the names of what it places.
pub(crate) fn named(template: &str, arguments: &[Vec<TokenTree>], fields: &[String]) -> String {
    let names: Vec<_> = arguments.iter().map(|argument| name_of(argument)).collect();
    let mut next = 0;
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let mark = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(mark) {
            text.push_str(mark);
            rest = after;
            continue;
        }
        let (inside, after) = rest.split_once('}').unwrap_or((rest, ""));
        rest = after;
        let name = inside.split(':').next().unwrap_or_default();
        let placed = match name.parse::<usize>() {
            Ok(index) => names.get(index).or(fields.get(index)).cloned(),
            Err(_) if name.is_empty() => {
                next += 1;
                names.get(next - 1).cloned()
            }
            Err(_) => Some(format!("{{{}}}", name.to_lowercase())),
        };
        let placed = placed.unwrap_or_else(|| "{…}".to_owned());
        let is_name = placed.starts_with(['{', '"']);
        match (is_name, placed.strip_prefix('"')) {
            (_, Some(text_placed)) => text.push_str(text_placed.trim_end_matches('"')),
            (true, None) => text.push_str(&placed),
            (false, None) => text.push_str(&format!("{{{placed}}}")),
        }
    }
    text + rest
}

/// The name of an expression: `path` of `escaped(&self.path.display().to_string())`.
fn name_of(expression: &[TokenTree]) -> String {
    if let [TokenTree::Literal(literal)] = expression
        && let Some(text) = text_of(&literal.to_string())
    {
        return format!("\"{text}\"");
    }
    name_in(expression).map_or_else(|| "…".to_owned(), |name| name.to_lowercase())
}

fn name_in(expression: &[TokenTree]) -> Option<String> {
    const CONVERSIONS: [&str; 38] = [
        "as_deref",
        "as_ref",
        "as_str",
        "borrow",
        "chars",
        "clone",
        "cloned",
        "collect",
        "copied",
        "display",
        "escape_debug",
        "first",
        "get",
        "iter",
        "into_iter",
        "join",
        "key",
        "last",
        "len",
        "map",
        "map_or",
        "ok",
        "then",
        "to_hex",
        "to_lowercase",
        "to_owned",
        "to_string",
        "to_string_lossy",
        "to_text",
        "trim",
        "unwrap_or",
        "unwrap_or_default",
        "unwrap_or_else",
        "name",
        "escape_ascii",
        "map_or_else",
        "wrapping_sub",
        "filename",
    ];
    const KEYWORDS: [&str; 9] = [
        "self", "Self", "match", "if", "crate", "super", "mut", "as", "ref",
    ];
    let mut chain: Vec<(String, bool)> = Vec::new();
    for (at, token) in expression.iter().enumerate() {
        let is_call = matches!(expression.get(at + 1), Some(TokenTree::Group(group))
            if group.delimiter() == Delimiter::Parenthesis);
        let is_path = matches!(expression.get(at + 1), Some(TokenTree::Punct(mark))
            if mark.as_char() == ':');
        match token {
            TokenTree::Ident(word) if KEYWORDS.iter().any(|keyword| word == keyword) || is_path => {
            }
            TokenTree::Ident(word) => {
                let is_member = matches!(at.checked_sub(1).map(|at| &expression[at]),
                    Some(TokenTree::Punct(mark)) if mark.as_char() == '.');
                if !chain.is_empty() && !is_member {
                    break;
                }
                chain.push((word.to_string(), is_call && !is_member));
            }
            TokenTree::Group(group) => {
                let is_function = chain.last().is_none_or(|(_, is_function)| *is_function);
                let inside: Vec<_> = group.stream().into_iter().collect();
                if is_function && let Some(name) = name_in(&inside) {
                    return Some(name);
                }
            }
            _ => {}
        }
    }
    let named = chain
        .iter()
        .rev()
        .find(|(name, _)| !CONVERSIONS.contains(&name.as_str()));
    named.or(chain.first()).map(|(name, _)| name.clone())
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
