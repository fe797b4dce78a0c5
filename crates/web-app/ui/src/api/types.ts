export type Role = 'owner' | 'member' | 'guest';
export type Bucket = 'tick' | '15m' | '1h' | '1d';

export interface Person {
  id: string;
  email: string;
  name: string;
}

export interface HouseholdRef {
  id: string;
  name: string;
  zone: string;
  role: Role;
}

export interface Session {
  person: Person;
  households: HouseholdRef[];
  expires_at: string;
}

export interface Socket {
  number: number;
  name: string;
  room: string | null;
  icon: string | null;
}

export interface Hub {
  id: string;
  name: string;
  sockets: Socket[];
}

export interface Household extends HouseholdRef {
  hubs: Hub[];
}

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
