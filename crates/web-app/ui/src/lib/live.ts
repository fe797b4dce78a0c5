import type { Tick, Usage } from '../api/types';
import { socketKey } from './energy';

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
  watts: number;
}

export interface LiveState {
  readings: ReadonlyMap<string, Reading>;
  /** The whole home, one point per ten seconds, oldest first, one hour. */
  history: readonly HomePoint[];
  /** Newest first. */
  changes: readonly Change[];
}

export const emptyLive: LiveState = { readings: new Map(), history: [], changes: [] };

const SILENT_TICKS = 3;
/** A hub keeps ticks that bring nothing new for so long. */
const QUIET_S = 30;
const HISTORY_S = 3600;
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

/** Ticks may come twice, late and out of order: each socket keeps its newest, and a repeated one changes nothing. */
export function applyTick(state: LiveState, tick: Tick): LiveState {
  const readings = new Map(state.readings);
  let changes = state.changes;
  let touched = false;
  for (const [socket, joules] of Object.entries(tick.energy_j)) {
    const key = socketKey(tick.hub, socket);
    const before = readings.get(key);
    if (before && before.at > tick.at) continue;
    const watts = joules / tick.tick_s;
    if (before && before.at === tick.at && before.watts === watts) continue;
    if (before && before.at < tick.at && !isSilent(before, tick.at)) {
      changes = noteChange(changes, { key, at: tick.at, delta: watts - before.watts }, tick.tick_s);
    }
    readings.set(key, { at: tick.at, tickSeconds: tick.tick_s, watts });
    touched = true;
  }
  if (!touched) return state;
  return { readings, changes, history: addPoint(state.history, readings, tick) };
}

function addPoint(
  history: readonly HomePoint[],
  readings: ReadonlyMap<string, Reading>,
  tick: Tick,
): readonly HomePoint[] {
  const at = Math.floor(tick.at / SLOT_S) * SLOT_S;
  const last = history.at(-1);
  if (last && last.at > at) return history;
  const watts = homeWatts(readings, tick.at + tick.tick_s);
  if (watts === null) return history;
  const kept = history.filter((point) => point.at > at - HISTORY_S && point.at < at);
  kept.push({ at, watts });
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
  for (let i = 0; i < usage.starts.length; i++) {
    const at = usage.starts[i];
    if (at === undefined || at >= now) break;
    const byHub = new Map<string, Record<string, number>>();
    for (const row of usage.sockets) {
      const joules = row.energy_j[i];
      if (joules === null || joules === undefined) continue;
      const energy = byHub.get(row.hub) ?? {};
      energy[row.socket] = joules;
      byHub.set(row.hub, energy);
    }
    for (const [hub, energy_j] of byHub) state = applyTick(state, { hub, at, tick_s: SLOT_S, energy_j });
  }
  return state;
}
