//! Who may do what in a household, in one place. What is not said here is not allowed.

use domain::access::{Role, Scope};

/// Something that can be done in a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    /// To see what the home is and what it is told.
    See,
    /// To change labels, prices and other settings, and to say that an alert was seen.
    Change,
    /// To take hubs into the household and to give them up, and to change its name and zone.
    ChangeHome,
    /// To see who else is in the household.
    SeePeople,
    /// To invite, change and remove people.
    ManagePeople,
    /// To see who did what.
    SeeAudit,
    /// Not to be in it any more.
    Leave,
    /// To have a copy of all that is known of it.
    TakeAlong,
    /// To end it for everybody.
    EndHome,
}

impl Right {
    #[cfg(test)]
    const ALL: [Self; 9] = [
        Self::See,
        Self::Change,
        Self::ChangeHome,
        Self::SeePeople,
        Self::ManagePeople,
        Self::SeeAudit,
        Self::Leave,
        Self::TakeAlong,
        Self::EndHome,
    ];

    pub(super) const fn is_of(self, role: Role) -> bool {
        match (self, role) {
            (_, Role::Owner)
            | (Self::See | Self::Change | Self::SeePeople | Self::Leave | Self::TakeAlong, Role::Member)
            | (Self::See | Self::Leave, Role::Guest) => true,
            (_, Role::Member | Role::Guest) => false,
        }
    }

    /// The scope that a personal token needs; `None`: no token is enough.
    pub(super) const fn scope(self) -> Option<Scope> {
        match self {
            Self::See => Some(Scope::Usage),
            Self::Change | Self::ChangeHome => Some(Scope::Manage),
            Self::SeePeople
            | Self::ManagePeople
            | Self::SeeAudit
            | Self::Leave
            | Self::TakeAlong
            | Self::EndHome => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rights_are_these() {
        let table: Vec<String> = Right::ALL
            .into_iter()
            .map(|right| {
                let of = |role| if right.is_of(role) { role.as_str() } else { "-" };
                let scope = right.scope().map_or("no token", Scope::as_str);
                format!("{right:?}: {} {} {}, {scope}", of(Role::Owner), of(Role::Member), of(Role::Guest))
            })
            .collect();
        assert_eq!(
            table,
            [
                "See: owner member guest, usage",
                "Change: owner member -, manage",
                "ChangeHome: owner - -, manage",
                "SeePeople: owner member -, no token",
                "ManagePeople: owner - -, no token",
                "SeeAudit: owner - -, no token",
                "Leave: owner member guest, no token",
                "TakeAlong: owner member -, no token",
                "EndHome: owner - -, no token",
            ]
        );
    }
}
