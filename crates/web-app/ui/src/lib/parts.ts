import type { Household, Usage } from '../api/types';
import { addSeries, socketKey } from './energy';
import { TOP, type Layer } from './stack';

export type GroupBy = 'socket' | 'room';

/** One row of the table: a socket, a room, or what is hidden. */
export interface Part {
  key: string;
  /** The sockets that are in it. */
  sockets: string[];
  values: (number | null)[];
  total: number;
  cost: number | null;
  peak: number | null;
  coverage: number;
}

/** The key of what its owner does not want to see as a row of its own. */
export const HIDDEN = ':hidden';
const ROOM = 'room:';

export interface Home {
  roomOf: (socket: string) => string | null;
  isHidden: (socket: string) => boolean;
}

export function homeOf(household: Household | null): Home {
  const sockets = (household?.hubs ?? []).flatMap((hub) =>
    hub.sockets.map((socket) => ({ ...socket, key: socketKey(hub.id, socket.number) })),
  );
  const rooms = new Map(sockets.map(({ key, room }) => [key, room ?? null]));
  const hidden = new Set(sockets.filter((socket) => socket.hidden).map(({ key }) => key));
  return { roomOf: (socket) => rooms.get(socket) ?? null, isHidden: (socket) => hidden.has(socket) };
}

/** Null: these sockets are in no room. */
export function roomName(key: string): string | null {
  return key.slice(ROOM.length) || null;
}

/** The rows of an answer, the largest first and the hidden ones last; together they are the whole home. */
export function partsOf(usage: Usage, by: GroupBy, home: Home): Part[] {
  const found = new Map<string, Part[]>();
  for (const row of usage.sockets) {
    const socket = socketKey(row.hub, row.socket);
    const key = home.isHidden(socket) ? HIDDEN : by === 'room' ? `${ROOM}${home.roomOf(socket) ?? ''}` : socket;
    const part: Part = {
      key,
      sockets: [socket],
      values: row.energy_j,
      total: row.total_j,
      cost: row.total_cost_n ?? null,
      peak: row.peak_w ?? null,
      coverage: row.total_coverage,
    };
    found.set(key, [...(found.get(key) ?? []), part]);
  }
  return [...found.values()]
    .map((parts) => together(parts, usage.starts.length))
    .sort((a, b) => rank(a) - rank(b) || b.total - a.total || a.key.localeCompare(b.key, 'en', { numeric: true }));
}

const rank = (part: Part): number => (part.key === HIDDEN ? 1 : 0);

function together(parts: Part[], buckets: number): Part {
  const [first, ...more] = parts;
  if (!first || more.length === 0) return first as Part;
  const costs = parts.map((part) => part.cost).filter((cost) => cost !== null);
  return {
    key: first.key,
    sockets: parts.flatMap((part) => part.sockets),
    values: addSeries(parts.map((part) => part.values), buckets),
    total: parts.reduce((sum, part) => sum + part.total, 0),
    cost: costs.length > 0 ? costs.reduce((sum, cost) => sum + cost, 0) : null,
    // Peaks of different moments do not add up.
    peak: null,
    coverage: parts.reduce((sum, part) => sum + part.coverage, 0) / parts.length,
  };
}

/** The largest in a fixed order of colours, everything else as one layer; the layers' sum is the whole. */
export function layersOf(parts: readonly Part[], top = TOP): Layer[] {
  const layer = (part: Part, color: number): Layer => ({
    key: part.key,
    color,
    values: part.values,
    total: part.total,
    members: [part.key],
  });
  const shown = parts.filter((part) => part.key !== HIDDEN);
  const rest = [...shown.slice(top), ...parts.filter((part) => part.key === HIDDEN)];
  const layers = shown.slice(0, top).map(layer);
  const [only] = rest;
  if (only && rest.length === 1 && only.key !== HIDDEN) layers.push(layer(only, top));
  else if (only) {
    layers.push({
      key: null,
      color: top,
      values: addSeries(rest.map((part) => part.values), only.values.length),
      total: rest.reduce((sum, part) => sum + part.total, 0),
      members: rest.map((part) => part.key),
    });
  }
  return layers;
}
