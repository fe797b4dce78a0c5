//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::HubId;
use jiff::civil::Date;

/// Looks after a whole Wattline.
#[derive(Parser)]
#[command(name = "wattline-ctl", version)]
pub(crate) struct Arguments {
    /// A TOML file; `WATTLINE__SECTION__KEY` in the environment wins over it.
    #[arg(long, global = true)]
    pub(crate) config: Option<PathBuf>,
    /// For programs: JSON on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Asks every service of `[services] urls` what it is, whether it is ready, and how far behind it stores. Ends with 1
    /// when one is not.
    Services,
    /// Shows how much waits in the queues and whether anybody takes it. Ends with 1 when something waits for nobody.
    Queues,
    /// Shows how the hubs are: which are there, their versions, what waits in their spools.
    Fleet(Fleet),
    /// Has days rolled up again, as if late ticks had come for each of them.
    Backfill(Backfill),
    /// Writes measurements, and the accounts, into a folder.
    Backup(Backup),
    /// Writes what is in such a folder into the stores, and reads it back.
    Restore(Restore),
    /// Shows the versions of the schemas, brings them up to this program's, or one back.
    Migrate(Migrate),
    /// Shows how long ticks are kept, or sets it. Rollups are kept for ever.
    Retention(Retention),
}

#[derive(Args)]
pub(crate) struct Migrate {
    /// Only this one; without it all that are configured.
    #[arg(long, value_enum)]
    pub(crate) store: Option<Store>,
    #[command(subcommand)]
    pub(crate) step: MigrateStep,
}

#[derive(Subcommand)]
pub(crate) enum MigrateStep {
    /// Looks, and changes nothing.
    Status,
    /// Applies what is missing. Services do so by themselves at their start.
    Up,
    /// Goes back by one version.
    Down {
        /// Without it nothing is done, and it is said what would be.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// The accounts in PostgreSQL.
    Accounts,
    /// The accounts in a file.
    AccountsFile,
    /// The measurements in a file.
    MeasurementsFile,
}

impl Store {
    /// Where it is set which.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Accounts => "accounts.postgres_url",
            Self::AccountsFile => "sqlite.accounts",
            Self::MeasurementsFile => "sqlite.measurements",
        }
    }
}

#[derive(Args)]
pub(crate) struct Retention {
    #[command(subcommand)]
    pub(crate) step: RetentionStep,
}

#[derive(Subcommand)]
pub(crate) enum RetentionStep {
    /// Looks, and changes nothing.
    Show,
    /// Has the store keep ticks for so long.
    Set {
        /// So many days.
        #[arg(long, required_unless_present = "forever", conflicts_with = "forever")]
        days: Option<u32>,
        /// Without an end.
        #[arg(long)]
        forever: bool,
        /// Without it nothing is done, and it is said what would be.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub(crate) struct Fleet {
    /// Only hubs that are so; with this or one of the following the hubs themselves are listed.
    #[arg(long, value_enum)]
    pub(crate) state: Option<HubState>,
    /// Only hubs with this version of the agent.
    #[arg(long)]
    pub(crate) version_of_agent: Option<String>,
    /// Only hubs with so many containers in their spools.
    #[arg(long)]
    pub(crate) waiting: Option<u64>,
    /// The most hubs that are listed.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum HubState {
    Online,
    Offline,
    Silent,
}

impl HubState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Silent => "silent",
        }
    }
}

#[derive(Args)]
pub(crate) struct Backfill {
    /// The first day, in UTC.
    #[arg(long)]
    pub(crate) from: Date,
    /// The last day, in UTC.
    #[arg(long)]
    pub(crate) to: Date,
    /// Only this hub; may be given again. Without it all that measured since the first day.
    #[arg(long)]
    pub(crate) hub: Vec<HubId>,
}

#[derive(Args)]
pub(crate) struct Backup {
    /// A folder that is not there or empty.
    #[arg(long)]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) what: What,
}

#[derive(Args)]
pub(crate) struct Restore {
    #[arg(long)]
    pub(crate) from: PathBuf,
    /// Also when hubs have ticks in the store already: what is in the back-up replaces what is there of the same instant.
    #[arg(long)]
    pub(crate) merge: bool,
    #[command(flatten)]
    pub(crate) what: What,
}

#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct What {
    /// Leaves the accounts alone.
    #[arg(long)]
    pub(crate) without_accounts: bool,
    /// Leaves the measurements alone.
    #[arg(long)]
    pub(crate) only_accounts: bool,
}
