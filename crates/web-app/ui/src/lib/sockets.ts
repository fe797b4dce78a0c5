import type { Household } from '../api/types';
import { socketKey } from './energy';
import { isSilent, type Reading } from './live';

export interface SocketInfo {
  key: string;
  name: string;
  room: string | null;
  icon: string;
}

export interface SocketNow extends SocketInfo {
  watts: number;
  /** End of the last tick it spoke in; null when it was never heard. */
  heard: number | null;
}

export interface Groups {
  using: SocketNow[];
  idle: SocketNow[];
  silent: SocketNow[];
}

export const USING_W = 5;

export type NameSocket = (number: string) => string;

/** Every configured socket, and those that speak without being configured. */
export function describe(household: Household, seen: Iterable<string>, unnamed: NameSocket): Map<string, SocketInfo> {
  const found = new Map<string, SocketInfo>();
  for (const hub of household.hubs) {
    for (const socket of hub.sockets) {
      const key = socketKey(hub.id, socket.number);
      found.set(key, { key, name: together(socket.name), room: socket.room ?? null, icon: socket.icon ?? 'plug' });
    }
  }
  for (const key of seen) {
    if (!found.has(key)) {
      found.set(key, { key, name: unnamed(key.slice(key.lastIndexOf(':') + 1)), room: null, icon: 'plug' });
    }
  }
  return found;
}

/** What somebody may choose from: keys and names, with the room where there is one. */
export function choices(infos: ReadonlyMap<string, SocketInfo>, without: { has(key: string): boolean }): [string, string][] {
  return byName([...infos.values()].filter(({ key }) => !without.has(key)).map(({ key, name, room }) => [key, room ? `${name} · ${room}` : name]));
}

export function byName(sockets: [string, string][]): [string, string][] {
  return sockets.sort(([, a], [, b]) => a.localeCompare(b, undefined, { numeric: true }));
}

/** The number of "Monitor 2" stays on the line of its word. */
function together(name: string): string {
  return name.replace(/ (?=\d+$)/, '\u00a0');
}

export function group(
  infos: ReadonlyMap<string, SocketInfo>,
  readings: ReadonlyMap<string, Reading>,
  now: number,
): Groups {
  const groups: Groups = { using: [], idle: [], silent: [] };
  for (const info of infos.values()) {
    const reading = readings.get(info.key);
    if (!reading || isSilent(reading, now)) {
      groups.silent.push({ ...info, watts: 0, heard: reading ? reading.at + reading.tickSeconds : null });
    } else {
      const row = { ...info, watts: reading.watts, heard: reading.at + reading.tickSeconds };
      (reading.watts >= USING_W ? groups.using : groups.idle).push(row);
    }
  }
  groups.idle.sort((a, b) => b.watts - a.watts || a.name.localeCompare(b.name));
  return groups;
}
