// Short names for what the services' OpenAPI files say; `npm run generate` writes the originals.
import type { components as AuthService } from './generated/auth';
import type { components as ReadService } from './generated/read';

type Auth = AuthService['schemas'];
type Read = ReadService['schemas'];

/** Where the description calls a field optional because it may be null: these answers always have it. */
type Told<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

export type Person = Auth['Person'];
export type HouseholdRef = Auth['HouseholdReference'];
export type Session = Auth['Session'];
export type Socket = Auth['Socket'];
export type Hub = Auth['Hub'];
export type Household = Auth['Household'];
export type HubLabels = Auth['HubLabels'];

/** Money in billionths of the currency's unit. */
export type Nano = number;

/** Its currency is left out where nobody asked for costs, and never null. */
export type Usage = Omit<Read['UsageAnswer'], 'currency'> & { currency?: string };
export type SocketUsage = Read['SocketAnswer'];
export type TotalUsage = Read['TotalAnswer'];
export type RoomUsage = Read['RoomAnswer'];
export type UsageComparison = Read['CompareAnswer'];
/** A socket is known by its hub and its number there. */
export type SocketId = Pick<SocketUsage, 'hub' | 'socket'>;
/** What one hub measured in one tick. */
export type Tick = Read['LiveTick'];
/** Whether a hub is there. */
export type HubState = Pick<Read['LiveHub'], 'hub' | 'at' | 'online'>;
export type Problem = Read['Problem'];

/** The description names these; the schema says only "string". */
export type Bucket = 'tick' | '15m' | '1h' | '1d' | '1w' | '1mo' | '1y';
export type Group = 'socket' | 'room' | 'home';
export type Compare = 'previous' | 'year';

export type SocketFacts = Told<Read['SocketOverview']>;
export type SocketsAnswer = Told<Omit<Read['SocketsAnswer'], 'sockets'>> & { sockets: SocketFacts[] };

export type MonthBill = Told<Read['MonthAnswer']>;
export type Forecast = Told<Read['ForecastAnswer']>;
export type Bills = Told<Omit<Read['BillsAnswer'], 'months' | 'sockets' | 'forecast'>> & {
  months: MonthBill[];
  forecast: Forecast | null;
  sockets: Told<Read['SocketBill']>[];
};
export type Duration = Read['DurationAnswer'];
export type TodayFigures = Told<Read['TodayAnswer']>;

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
export type Band = Auth['Band'];
export type Tariff = Auth['Tariff'];
export type Succession = Auth['Succession'];
export type HomeSettings = Auth['Settings'];

export type AlertsAnswer = Auth['Alerts'];
export type Alert = Auth['Alert'];
export type AlertKind = Alert['kind'];
export type AlertSettings = Auth['AlertSettings'];
export type LeftOn = Auth['LeftOn'];
export type Mute = Auth['Mute'];

export type AccessToken = Auth['PersonalToken'];
export type Scope = AccessToken['scopes'][number];
/** As it is made; the token itself is told this once. */
export type NewAccessToken = Auth['NewPersonalToken'];
export type TokenWish = Auth['PersonalTokenRequest'];

export type Role = Auth['Role'];
export type CurrentPerson = Auth['CurrentPerson'];
export type Provider = Auth['Provider'];
export type Identity = Auth['Identity'];
export type OpenSession = Auth['OpenSession'];
/** A letter is on its way; its link is told in a demonstration only. */
export type Sent = Auth['Sent'];
export type NewSecondFactor = Auth['NewSecondFactor'];
export type Members = Auth['Members'];
export type Member = Auth['MemberBody'];
export type MemberChange = Auth['MemberChange'];
export type Invitation = Auth['InvitationBody'];
export type Invited = Auth['Invited'];
export type InvitationView = Auth['InvitationView'];
export type AuditEntry = Auth['AuditEntry'];
export type AuditPage = Auth['AuditPage'];

export type HubTime = Auth['HubTime'];
export type GoingHousehold = Auth['GoingHousehold'];
export type DeletionPreview = Auth['DeletionPreview'];
export type HouseholdDeletionPreview = Auth['HouseholdDeletionPreview'];

/** The web-app's own. */
export interface ArchiveProgress {
  state: 'running' | 'complete' | 'cancelled' | 'broken';
  /** Of the measurements, from 0 to 1. */
  done: number;
}
