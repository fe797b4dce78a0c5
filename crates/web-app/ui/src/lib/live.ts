import type { Tick, Usage } from '../api/types';
import { socketKey } from './energy';
import { bucketSeconds, ticksOf } from './ticks';

export interface Reading {
  at: number;
  tickSeconds: number;
  watts: number;
}

export interface Change {
  key: string;
  at: number;
  delta: number;
}

export interface HomePoint {
  at: number;
  /** How long the tick was that brought it: the next one comes so much later. */
  seconds: number;
  watts: number;
}

export interface LiveState {
  readings: ReadonlyMap<string, Reading>;
  /** The whole home, at most one point in ten seconds, oldest first, one hour. */
  history: readonly HomePoint[];
  /** Newest first. */
  changes: readonly Change[];
}

export const emptyLive: LiveState = { readings: new Map(), history: [], changes: [] };

const SILENT_TICKS = 3;
/** A hub keeps ticks that bring nothing new for so long. */
const QUIET_S = 30;
const HISTORY_S = 3600;
/** No more points than that can be told apart. Longer ticks have fewer. */
const SLOT_S = 10;
const CHANGE_W = 40;
const CHANGES_KEPT = 6;

export function isSilent(reading: Reading, now: number): boolean {
  return now - (reading.at + reading.tickSeconds) > QUIET_S + SILENT_TICKS * reading.tickSeconds;
}

/** What the home uses at `now`; null when no socket has spoken lately. */
export function homeWatts(readings: ReadonlyMap<string, Reading>, now: number): number | null {
  let sum: number | null = null;
  for (const reading of readings.values()) if (!isSilent(reading, now)) sum = (sum ?? 0) + reading.watts;
  return sum;
}

/** What the sockets of a hub used on average from `at` on, for `seconds`. */
interface Powers {
  hub: string;
  at: number;
  seconds: number;
  watts: Iterable<readonly [socket: string | number, watts: number]>;
}

/** Ticks may come twice, late and out of order: each socket keeps its newest, and a repeated one changes nothing. */
export function applyTick(state: LiveState, { hub, at, tick_s, energy_j }: Tick): LiveState {
  const watts = Object.entries(energy_j).map(([socket, joules]) => [socket, joules / tick_s] as const);
  return applyPowers(state, { hub, at, seconds: tick_s, watts });
}

function applyPowers(state: LiveState, powers: Powers): LiveState {
  const { hub, at, seconds } = powers;
  const readings = new Map(state.readings);
  let changes = state.changes;
  let touched = false;
  for (const [socket, watts] of powers.watts) {
    const key = socketKey(hub, socket);
    const before = readings.get(key);
    if (before && before.at > at) continue;
    if (before && before.at === at && before.watts === watts) continue;
    if (before && before.at < at && !isSilent(before, at)) {
      changes = noteChange(changes, { key, at, delta: watts - before.watts }, seconds);
    }
    readings.set(key, { at, tickSeconds: seconds, watts });
    touched = true;
  }
  if (!touched) return state;
  return { readings, changes, history: addPoint(state.history, readings, at, seconds) };
}

function addPoint(
  history: readonly HomePoint[],
  readings: ReadonlyMap<string, Reading>,
  start: number,
  seconds: number,
): readonly HomePoint[] {
  const at = Math.floor(start / SLOT_S) * SLOT_S;
  const last = history.at(-1);
  if (last && last.at > at) return history;
  const watts = homeWatts(readings, start + seconds);
  if (watts === null) return history;
  const kept = history.filter((point) => point.at > at - HISTORY_S && point.at < at);
  kept.push({ at, seconds, watts });
  return kept;
}

/** A heater that starts in the middle of a tick rises in two steps: neighbouring steps of one sign are one change. */
function noteChange(changes: readonly Change[], change: Change, tickSeconds: number): readonly Change[] {
  const same = changes.find((c) => c.key === change.key);
  const goesOn =
    same && change.at - same.at <= tickSeconds * 2 && Math.sign(same.delta) === Math.sign(change.delta);
  if (Math.abs(change.delta) < CHANGE_W && !(goesOn && Math.abs(change.delta) >= 5)) return changes;
  if (goesOn) {
    return changes.map((c) => (c === same ? { ...c, delta: c.delta + change.delta } : c));
  }
  return [change, ...changes].slice(0, CHANGES_KEPT);
}

/** Replays stored ticks through the same path as live ones, so that both follow the same rules. */
export function seed(usage: Usage, now: number): LiveState {
  let state = emptyLive;
  const seconds = bucketSeconds(usage);
  const rows = usage.sockets.map((row) => ({ ...row, ...ticksOf(usage, row) }));
  for (const [i, at] of usage.starts.entries()) {
    if (at >= now) break;
    const byHub = new Map<string, [number, number][]>();
    for (const row of rows) {
      const power = row.watts[i];
      if (power === null || power === undefined) continue;
      const powers = byHub.get(row.hub) ?? [];
      powers.push([row.socket, power]);
      byHub.set(row.hub, powers);
    }
    for (const [hub, watts] of byHub) state = applyPowers(state, { hub, at, seconds, watts });
  }
  return state;
}
