import type { Household, SocketFacts, SocketsAnswer, Succession } from '../api/types';
import { socketKey } from './energy';
import { hiddenKeys, labelOf } from './labels';
import { isSilent, type Reading } from './live';
import { USING_W, type SocketInfo } from './sockets';

export type Sort = 'cost' | 'standby' | 'name';

export type Doing = 'on' | 'idle' | 'silent';

export interface SocketState {
  doing: Doing;
  watts: number;
}

export interface SocketEntry extends SocketInfo {
  hidden: boolean;
  facts: SocketFacts | null;
}

export interface Room {
  name: string | null;
  sockets: SocketEntry[];
  /** What it costs in a year, null where no tariff was valid. */
  cost: number | null;
  joules: number;
}

export interface Rooms {
  rooms: Room[];
  hidden: SocketEntry[];
}

export function stateOf(readings: ReadonlyMap<string, Reading>, key: string, now: number): SocketState {
  const reading = readings.get(key);
  if (!reading || isSilent(reading, now)) return { doing: 'silent', watts: 0 };
  return { doing: reading.watts >= USING_W ? 'on' : 'idle', watts: reading.watts };
}

/** The sockets by room, the most of what one sorts by first; those without a room come last. */
export function arrange(
  infos: ReadonlyMap<string, SocketInfo>,
  household: Household,
  answer: SocketsAnswer | null,
  successions: readonly Succession[],
  sort: Sort,
): Rooms {
  const facts = new Map((answer?.sockets ?? []).map((one) => [socketKey(one.hub, one.socket), one]));
  const left = hiddenKeys(household, successions);
  const entries = [...infos.values()].map((info) => ({
    ...info,
    hidden: labelOf(household, info.key)?.hidden ?? false,
    facts: facts.get(info.key) ?? null,
  }));
  const rooms = new Map<string | null, Room>();
  for (const entry of entries.filter((one) => !left.has(one.key)).sort(comparing(sort))) {
    const name = entry.room || null;
    const room = rooms.get(name) ?? { name, sockets: [], cost: null, joules: 0 };
    room.sockets.push(entry);
    room.joules += entry.facts?.energy_year_j ?? 0;
    if (entry.facts?.cost_year_n != null) room.cost = (room.cost ?? 0) + entry.facts.cost_year_n;
    rooms.set(name, room);
  }
  return {
    rooms: [...rooms.values()].sort(comparingRooms(sort)),
    hidden: entries.filter((one) => left.has(one.key)).sort(comparing('name')),
  };
}

const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name, undefined, { numeric: true });

const costOf = (entry: SocketEntry): number => entry.facts?.cost_year_n ?? entry.facts?.energy_year_j ?? -1;
const standbyOf = (entry: SocketEntry): number => entry.facts?.standby_w ?? -1;

function comparing(sort: Sort): (a: SocketEntry, b: SocketEntry) => number {
  if (sort === 'name') return byName;
  const value = sort === 'cost' ? costOf : standbyOf;
  return (a, b) => value(b) - value(a) || byName(a, b);
}

function comparingRooms(sort: Sort): (a: Room, b: Room) => number {
  const value = (room: Room): number =>
    sort === 'cost' ? (room.cost ?? room.joules) : room.sockets.reduce((sum, one) => sum + Math.max(0, standbyOf(one)), 0);
  return (a, b) => {
    if ((a.name === null) !== (b.name === null)) return a.name === null ? 1 : -1;
    if (sort === 'name') return (a.name ?? '').localeCompare(b.name ?? '');
    return value(b) - value(a) || (a.name ?? '').localeCompare(b.name ?? '');
  };
}

const YEAR_DAYS = 365;
/** From here on it is called a year. */
const NEARLY_A_YEAR = 360;

/** How many days of the last 365 were measured, where most were; null when that is a year. */
export function measuredDays(sockets: readonly { coverage_year: number }[]): number | null {
  const most = Math.max(0, ...sockets.map((one) => one.coverage_year));
  const days = Math.max(1, Math.round(most * YEAR_DAYS));
  return days < NEARLY_A_YEAR ? days : null;
}
