// Short names for what the services' OpenAPI files say; `npm run generate` writes the originals.
import type { components as AuthService } from './generated/auth';
import type { components as ReadService } from './generated/read';

type Auth = AuthService['schemas'];
type Read = ReadService['schemas'];

export type Person = Auth['PersonBody'];
export type HouseholdRef = Auth['HouseholdReference'];
export type Session = Auth['SessionBody'];
export type Socket = Auth['SocketBody'];
export type Hub = Auth['HubBody'];
export type Household = Auth['HouseholdBody'];

export type Usage = Read['UsageAnswer'];
export type SocketUsage = Read['SocketAnswer'];
export type TotalUsage = Read['TotalAnswer'];
/** What one hub measured in one tick. */
export type Tick = Read['LiveTick'];
export type Problem = Read['Problem'];

/** The description names these four; the schema says only "string". */
export type Bucket = 'tick' | '15m' | '1h' | '1d';
