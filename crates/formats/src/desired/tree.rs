//! A parsed document of any syntax: values with their places.

/// A line and a column, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// A value and the place at which it starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node<P = Place> {
    pub(super) place: P,
    pub(super) value: Value<P>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<P = Place> {
    Null,
    Bool(bool),
    Integer(i64),
    /// A value that no field takes, such as a date or a number with a fraction.
    Other(String),
    Text(String),
    List(Vec<Node<P>>),
    Table(Vec<(Name<P>, Node<P>)>),
}

/// The name of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name<P = Place> {
    pub(super) place: P,
    pub(super) text: String,
}

impl<P> Node<P> {
    /// The same, with places of another kind.
    pub(super) fn map<Q>(self, place: &dyn Fn(P) -> Q) -> Node<Q> {
        let value = match self.value {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Integer(value) => Value::Integer(value),
            Value::Other(value) => Value::Other(value),
            Value::Text(value) => Value::Text(value),
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| item.map(place)).collect())
            }
            Value::Table(fields) => {
                let fields = fields.into_iter().map(|(name, node)| {
                    let name = Name {
                        place: place(name.place),
                        text: name.text,
                    };
                    (name, node.map(place))
                });
                Value::Table(fields.collect())
            }
        };
        Node {
            place: place(self.place),
            value,
        }
    }
}

impl Node {
    /// The value with an article, for messages.
    pub(super) fn kind(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Integer(value) => format!("the number {value}"),
            Value::Other(value) => format!("the value {value}"),
            Value::Text(value) => format!("{value:?}"),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }

    /// The value in JSON.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Integer(value) => (*value).into(),
            Value::Other(value) | Value::Text(value) => value.clone().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(fields) => fields
                .iter()
                .map(|(name, node)| (name.text.clone(), node.to_json()))
                .collect(),
        }
    }
}
