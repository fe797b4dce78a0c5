// Short names for what the services' OpenAPI files say; `npm run generate` writes the originals.
import type { components as AuthService } from './generated/auth';
import type { components as ReadService } from './generated/read';

type Auth = AuthService['schemas'];
type Read = ReadService['schemas'];

export type Person = Auth['Person'];
export type HouseholdRef = Auth['HouseholdReference'];
export type Session = Auth['Session'];
export type Socket = Auth['Socket'];
export type Hub = Auth['Hub'];
export type Household = Auth['Household'];

export type Usage = Read['UsageAnswer'];
export type SocketUsage = Read['SocketAnswer'];
/** A socket is known by its hub and its number there. */
export type SocketId = Pick<SocketUsage, 'hub' | 'socket'>;
export type TotalUsage = Read['TotalAnswer'];
/** What one hub measured in one tick. */
export type Tick = Read['LiveTick'];
export type Problem = Read['Problem'];

/** The description names these four; the schema says only "string". */
export type Bucket = 'tick' | '15m' | '1h' | '1d';
