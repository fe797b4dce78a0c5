import type { SocketId, Succession } from '../api/types';
import { socketKey } from './energy';
import type { Reading } from './live';

export const sourceOf = (one: Succession): string => socketKey(one.hub, one.socket);
export const targetOf = (one: Succession): string => socketKey(one.into_hub, one.into_socket);

/** Sockets that are part of another one for ever, and that one's key. */
export function merged(successions: readonly Succession[]): Map<string, string> {
  const next = new Map(successions.filter((one) => one.until === null).map((one) => [sourceOf(one), targetOf(one)]));
  const end = (key: string): string => {
    let at = key;
    for (let i = 0; i < next.size; i++) at = next.get(at) ?? at;
    return at;
  };
  return new Map([...next.keys()].map((key) => [key, end(key)]));
}

/** Live readings as the history has them: what a merged socket uses now is its target's. */
export function mergeReadings(
  readings: ReadonlyMap<string, Reading>,
  successions: readonly Succession[],
): ReadonlyMap<string, Reading> {
  const into = merged(successions);
  if (into.size === 0) return readings;
  const found = new Map<string, Reading>();
  for (const [key, reading] of readings) {
    const owner = into.get(key) ?? key;
    const other = found.get(owner);
    if (!other) found.set(owner, reading);
    else if (other.at === reading.at) found.set(owner, { ...other, watts: other.watts + reading.watts });
    else if (other.at < reading.at) found.set(owner, reading);
  }
  return found;
}

/** Whether `from` could be carried on by `into` without a circle, and is not already carried on. */
export function mayFollow(successions: readonly Succession[], from: SocketId, into: SocketId): boolean {
  const source = socketKey(from.hub, from.socket);
  if (successions.some((one) => sourceOf(one) === source)) return false;
  let at: string | undefined = socketKey(into.hub, into.socket);
  for (let i = 0; i <= successions.length && at !== undefined; i++) {
    if (at === source) return false;
    const here: string = at;
    const next = successions.find((one) => sourceOf(one) === here);
    at = next ? targetOf(next) : undefined;
  }
  return true;
}

/** The next whole quarter hour at or before a moment; successions begin on one. */
export function quarterBefore(unix: number): number {
  return Math.floor(unix / 900) * 900;
}
