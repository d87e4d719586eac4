//! The values of a key by their names, in any case.

use std::collections::HashMap;

use super::found::Value;

/// A key has a few values as a rule, and they are compared one by one. If a key has more than this,
/// they are looked up.
const FEW: usize = 16;

/// The values of a key.
#[derive(Debug, Default)]
pub(super) struct ValueMap<'a> {
    values: Vec<Value<'a>>,
    /// Where the values of these names are, in lower case; none for a few values.
    places: Option<HashMap<String, usize>>,
}

impl<'a> ValueMap<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds a value. If there is one of its name, it is returned with the line of that one.
    pub(super) fn insert(&mut self, value: Value<'a>) -> Result<(), (Value<'a>, Option<u64>)> {
        if let Some(earlier) = self.get(&value.name) {
            let line = earlier.line;
            return Err((value, line));
        }
        if self.values.len() >= FEW {
            let names = self
                .values
                .iter()
                .map(|value| value.name.to_ascii_lowercase());
            let places = self.places.get_or_insert_with(|| names.zip(0..).collect());
            places.insert(value.name.to_ascii_lowercase(), self.values.len());
        }
        if self.values.is_empty() {
            self.values.reserve(FEW / 2);
        }
        self.values.push(value);
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.values.get(self.place(name)?)
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let place = self.place(name)?;
        let removed = self.values.swap_remove(place);
        if let Some(places) = &mut self.places {
            places.remove(&removed.name.to_ascii_lowercase());
            if let Some(moved) = self.values.get(place) {
                places.insert(moved.name.to_ascii_lowercase(), place);
            }
        }
        Some(removed)
    }

    /// The values, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Value<'a>> {
        self.values.iter()
    }

    /// The values, in the order of their names in lower case.
    pub(super) fn in_order(&self) -> std::vec::IntoIter<&Value<'a>> {
        let mut values: Vec<_> = self.values.iter().collect();
        values.sort_by_cached_key(|value| value.name.to_ascii_lowercase());
        values.into_iter()
    }

    fn place(&self, name: &str) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(&name.to_ascii_lowercase()).copied(),
            None => {
                let is_named = |value: &Value<'_>| value.name.eq_ignore_ascii_case(name);
                self.values.iter().position(is_named)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::Data;
    use super::*;

    fn value(name: String, line: u64) -> Value<'static> {
        Value {
            name: name.into(),
            data: Data::dword(0),
            line: Some(line),
        }
    }

    #[test]
    fn values_are_found_by_name_whatever_their_number() {
        for count in [1, 8, 16, 17, 200] {
            let mut map = ValueMap::default();
            for number in 0..count {
                assert!(
                    map.insert(value(format!("Value{number:03}"), number))
                        .is_ok()
                );
            }
            let again = map.insert(value("VALUE000".to_owned(), 900));
            assert_eq!(again.map_err(|(_, line)| line), Err(Some(0)));
            let last = format!("vAlue{:03}", count - 1);
            assert_eq!(map.get(&last).unwrap().line, Some(count - 1));
            assert!(map.remove("value000").is_some());
            assert!(map.remove("value000").is_none());
            let lines: Vec<_> = map.in_order().filter_map(|value| value.line).collect();
            assert_eq!(lines, (1..count).collect::<Vec<_>>());
            for number in 1..count {
                let name = format!("VALUE{number:03}");
                assert_eq!(map.get(&name).unwrap().line, Some(number), "{count}");
            }
            assert!(map.insert(value("Value000".to_owned(), 7)).is_ok());
            assert_eq!(map.get("value000").unwrap().line, Some(7));
        }
    }
}
