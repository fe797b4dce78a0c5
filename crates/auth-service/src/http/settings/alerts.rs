//! What a household wants to be told, in JSON. Named as in `domain`, like the other settings.

use domain::alerts::{AlertKind, AlertSettings, LeftOn, Mute};
use domain::{HubId, SocketNumber};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{SchemaType, Type};

/// What a household wants to be told, and where.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertSettings)]
pub(super) struct AlertSettingsBody {
    /// Minutes without anything from a hub. Null: it is not told.
    #[schema(required = true, minimum = 5, maximum = 1_440)]
    hub_offline_mins: Option<u16>,
    /// Minutes without anything from a socket while its hub measures others. Null: it is not told.
    #[schema(required = true, minimum = 15, maximum = 1_440)]
    socket_silent_mins: Option<u16>,
    /// Sockets that should not be on for long; each is there once.
    #[schema(max_items = 100)]
    left_on: Vec<LeftOnBody>,
    /// Whether unusual hours are told.
    unusual: bool,
    /// Whether it is told that the month will cost more than the budget.
    budget: bool,
    #[schema(max_items = 200)]
    mutes: Vec<MuteBody>,
    /// Whether owners and members get an e-mail.
    by_email: bool,
    /// Where each alert is sent as JSON. Null for those who may not change the settings, also when there is one.
    #[schema(
        required = true,
        max_length = 500,
        pattern = "^https?://",
        example = "https://example.org/alerts"
    )]
    webhook: Option<String>,
    /// Of the e-mails.
    #[schema(schema_with = languages)]
    language: String,
}

/// A socket that should not be on for long.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeftOn)]
struct LeftOnBody {
    #[schema(value_type = uuid::Uuid)]
    hub: HubId,
    #[schema(value_type = u8, maximum = 63)]
    socket: SocketNumber,
    /// What draws that much is on.
    #[schema(minimum = 1, maximum = 20_000)]
    above_w: u16,
    /// How long it may be on.
    #[schema(minimum = 15, maximum = 1_440, multiple_of = 15)]
    mins: u16,
}

/// What is not told, for a time.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mute)]
struct MuteBody {
    #[schema(schema_with = any_kind, required = true)]
    kind: Option<AlertKind>,
    /// Null stands for all.
    #[schema(value_type = Option<uuid::Uuid>, required = true)]
    hub: Option<HubId>,
    /// One of the hub; null stands for all.
    #[schema(value_type = Option<u8>, required = true, maximum = 63)]
    socket: Option<SocketNumber>,
    /// In Unix seconds, not included. Null: for ever.
    #[schema(required = true)]
    until: Option<i64>,
}

fn languages() -> utoipa::openapi::Schema {
    crate::http::openapi::one_of(["en", "de"]).into()
}

fn any_kind() -> utoipa::openapi::Schema {
    let kinds = AlertKind::ALL.into_iter().map(Some).chain([None]);
    crate::http::openapi::one_of(kinds)
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("Null stands for all."))
        .into()
}

impl From<AlertSettings> for AlertSettingsBody {
    fn from(settings: AlertSettings) -> Self {
        let AlertSettings {
            hub_offline_mins,
            socket_silent_mins,
            left_on,
            unusual,
            budget,
            mutes,
            by_email,
            webhook,
            language,
        } = settings;
        let left_on = left_on.into_iter().map(LeftOnBody::from).collect();
        let mutes = mutes.into_iter().map(MuteBody::from).collect();
        Self {
            hub_offline_mins,
            socket_silent_mins,
            left_on,
            unusual,
            budget,
            mutes,
            by_email,
            webhook,
            language,
        }
    }
}

impl From<AlertSettingsBody> for AlertSettings {
    fn from(body: AlertSettingsBody) -> Self {
        let AlertSettingsBody {
            hub_offline_mins,
            socket_silent_mins,
            left_on,
            unusual,
            budget,
            mutes,
            by_email,
            webhook,
            language,
        } = body;
        let left_on = left_on.into_iter().map(LeftOn::from).collect();
        let mutes = mutes.into_iter().map(Mute::from).collect();
        Self {
            hub_offline_mins,
            socket_silent_mins,
            left_on,
            unusual,
            budget,
            mutes,
            by_email,
            webhook,
            language,
        }
    }
}

impl From<LeftOn> for LeftOnBody {
    fn from(rule: LeftOn) -> Self {
        let LeftOn { hub, socket, above_w, mins } = rule;
        Self { hub, socket, above_w, mins }
    }
}

impl From<LeftOnBody> for LeftOn {
    fn from(body: LeftOnBody) -> Self {
        let LeftOnBody { hub, socket, above_w, mins } = body;
        Self { hub, socket, above_w, mins }
    }
}

impl From<Mute> for MuteBody {
    fn from(mute: Mute) -> Self {
        let Mute { kind, hub, socket, until } = mute;
        Self { kind, hub, socket, until }
    }
}

impl From<MuteBody> for Mute {
    fn from(body: MuteBody) -> Self {
        let MuteBody { kind, hub, socket, until } = body;
        Self { kind, hub, socket, until }
    }
}
