import type { components } from './generated/auth';

type Auth = components['schemas'];

export type Person = Auth['PersonBody'];
export type HouseholdRef = Auth['HouseholdReference'];
export type Session = Auth['SessionBody'];
export type Socket = Auth['SocketBody'];
export type Hub = Auth['HubBody'];
export type Household = Auth['HouseholdBody'];

export type Bucket = 'tick' | '15m' | '1h' | '1d';

export interface SocketUsage {
  hub: string;
  socket: number;
  energy_j: (number | null)[];
  coverage: number[];
  total_j: number;
  total_coverage: number;
  peak_w: number | null;
}

export interface TotalUsage {
  energy_j: (number | null)[];
  coverage: number[];
  total_j: number;
  total_coverage: number;
}

export interface Usage {
  household: string;
  zone: string;
  bucket: Bucket;
  from: string;
  to: string;
  starts: number[];
  sockets: SocketUsage[];
  total: TotalUsage;
}

/** What one hub measured in one tick; `at` is the tick's start in unix seconds. */
export interface Tick {
  hub: string;
  at: number;
  tick_s: number;
  energy_j: Record<string, number>;
}

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string | null;
}
