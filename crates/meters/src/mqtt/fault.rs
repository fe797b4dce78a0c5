/// Why a message of a plug says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("its message on {topic} is not what such a plug sends ({reason})")]
    Malformed { topic: String, reason: String },
    #[error("its message on {topic} has no {field}")]
    Missing { topic: String, field: String },
    #[error("its message on {topic} says {value} for {field}, which is no number of a meter")]
    Absurd { topic: String, field: String, value: String },
    #[error(
        "its Total is that of all its channels together; enter SetOption129 1 in its console, or measure by its power \
         with counter = false"
    )]
    Summed,
    #[error("the broker says that it is offline; it has no power or no network")]
    Offline,
}
