//! The words that netsh prints for on and off.
//!
//! Only the English words are known from hosts; a French host was seen to print them in English.
//! The others are words that Windows uses elsewhere in that language, and have not been confirmed
//! on a host. The meaning of an unlisted word is never guessed.

use serde::{Deserialize, Serialize};

use super::field::Shape;

/// The four words of a display language.
///
/// A listing in a language that the reader does not know can be read by naming its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locale {
    /// `Enabled` in English.
    pub enabled: String,
    /// `Disabled` in English.
    pub disabled: String,
    /// `Set` in English.
    pub set: String,
    /// `Not Set` in English.
    pub not_set: String,
}

impl Locale {
    fn of(row: &[&str; 4]) -> Self {
        let [enabled, disabled, set, not_set] = row.map(String::from);
        Self {
            enabled,
            disabled,
            set,
            not_set,
        }
    }

    /// The word for on or off in a line of this shape.
    pub(super) fn word(&self, shape: Shape, on: bool) -> &str {
        match (shape, on) {
            (Shape::Set, true) => &self.set,
            (Shape::Set, false) => &self.not_set,
            (_, true) => &self.enabled,
            (_, false) => &self.disabled,
        }
    }

    fn meaning(&self, shape: Shape, word: &str) -> Option<bool> {
        [true, false]
            .into_iter()
            .find(|on| same_word(self.word(shape, *on), word))
    }
}

impl Default for Locale {
    /// The English words.
    fn default() -> Self {
        Self::of(&LANGUAGES[0])
    }
}

/// The meaning of `word` in a line of this shape: by `named` words if there are any, else in any
/// language of the table.
pub(super) fn meaning(named: Option<&Locale>, shape: Shape, word: &str) -> Option<bool> {
    named
        .and_then(|words| words.meaning(shape, word))
        .or_else(|| listed(shape, word).map(|(on, _)| on))
}

/// The counterpart of `word` in its language: the off to its on, or the on to its off.
pub(super) fn counterpart(named: Option<&Locale>, shape: Shape, word: &str) -> Option<String> {
    if let Some(words) = named
        && let Some(on) = words.meaning(shape, word)
    {
        return Some(words.word(shape, !on).to_owned());
    }
    listed(shape, word).map(|(_, other)| other.to_owned())
}

/// The meaning of a word of the table, and its counterpart.
fn listed(shape: Shape, word: &str) -> Option<(bool, &'static str)> {
    LANGUAGES.iter().find_map(|row| {
        let (on, off) = match shape {
            Shape::Set => (row[2], row[3]),
            _ => (row[0], row[1]),
        };
        if same_word(on, word) {
            Some((true, off))
        } else {
            same_word(off, word).then_some((false, on))
        }
    })
}

/// Whether two words are equal, without regard to case.
fn same_word(a: &str, b: &str) -> bool {
    let lower = |text| str::chars(text).flat_map(char::to_lowercase);
    a == b || lower(a).eq(lower(b))
}

/// Enabled, disabled, set, not set.
const LANGUAGES: &[[&str; 4]] = &[
    ["Enabled", "Disabled", "Set", "Not Set"],
    ["Aktiviert", "Deaktiviert", "Festgelegt", "Nicht festgelegt"],
    ["Aktiv", "Inaktiv", "Gesetzt", "Nicht gesetzt"],
    ["Activé", "Désactivé", "Défini", "Non défini"],
    ["Activée", "Désactivée", "Définie", "Non définie"],
    [
        "Habilitado",
        "Deshabilitado",
        "Establecido",
        "No establecido",
    ],
    [
        "Habilitada",
        "Deshabilitada",
        "Establecida",
        "No establecida",
    ],
    ["Activado", "Desactivado", "Configurado", "No configurado"],
    ["Abilitato", "Disabilitato", "Impostato", "Non impostato"],
    ["Abilitata", "Disabilitata", "Impostata", "Non impostata"],
    ["Attivato", "Disattivato", "Configurato", "Non configurato"],
    [
        "Ingeschakeld",
        "Uitgeschakeld",
        "Ingesteld",
        "Niet ingesteld",
    ],
    ["Habilitado", "Desabilitado", "Definido", "Não definido"],
    ["Ativado", "Desativado", "Definido", "Não Definido"],
    ["Włączone", "Wyłączone", "Ustawione", "Nie ustawione"],
    ["Włączony", "Wyłączony", "Ustawiono", "Nie ustawiono"],
    ["Povoleno", "Zakázáno", "Nastaveno", "Nenastaveno"],
    ["Включено", "Отключено", "Задано", "Не задано"],
    ["Включен", "Отключен", "Установлено", "Не установлено"],
    ["Aktiverad", "Inaktiverad", "Angiven", "Inte angiven"],
    ["Aktiverat", "Inaktiverat", "Angivet", "Inte angivet"],
    ["Aktiveret", "Deaktiveret", "Angivet", "Ikke angivet"],
    ["Aktivert", "Deaktivert", "Angitt", "Ikke angitt"],
    ["Käytössä", "Ei käytössä", "Määritetty", "Ei määritetty"],
    ["Engedélyezve", "Letiltva", "Beállítva", "Nincs beállítva"],
    ["Etkin", "Devre Dışı", "Ayarlı", "Ayarlanmadı"],
    [
        "Etkinleştirildi",
        "Devre dışı bırakıldı",
        "Ayarlandı",
        "Ayarlanmamış",
    ],
    [
        "Ενεργοποιημένο",
        "Απενεργοποιημένο",
        "Ορίστηκε",
        "Δεν ορίστηκε",
    ],
    ["已启用", "已禁用", "已设置", "未设置"],
    ["启用", "禁用", "设置", "未设置"],
    ["已啟用", "已停用", "已設定", "未設定"],
    ["啟用", "停用", "設定", "未設定"],
    ["有効", "無効", "設定", "未設定"],
    ["有効", "無効", "設定済み", "設定されていません"],
    ["사용", "사용 안 함", "설정됨", "설정되지 않음"],
    ["사용함", "사용 안 함", "설정", "설정 안 함"],
];
