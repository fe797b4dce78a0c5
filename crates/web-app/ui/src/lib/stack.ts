import type { Usage } from '../api/types';
import { addSeries, socketKey } from './energy';

export const TOP = 6;

export interface Layer {
  /** A socket's key, or null for all the others together. */
  key: string | null;
  /** Palette slot; the others always have the last one. */
  color: number;
  values: (number | null)[];
  total: number;
  members: string[];
}

/** The largest sockets of the range in a fixed order, the rest as one layer; the layers' sum is the whole. */
export function stack(usage: Usage, top = TOP): Layer[] {
  const ranked = usage.sockets
    .map((s) => ({ key: socketKey(s.hub, s.socket), values: s.energy_j, total: s.total_j }))
    .sort((a, b) => b.total - a.total || a.key.localeCompare(b.key, 'en', { numeric: true }));
  const layers: Layer[] = ranked
    .slice(0, top)
    .map((s, color) => ({ ...s, color, members: [s.key] }));
  const rest = ranked.slice(top);
  const [only] = rest;
  if (only && rest.length === 1) {
    layers.push({ ...only, color: top, members: [only.key] });
  } else if (rest.length > 1) {
    layers.push({
      key: null,
      color: top,
      values: addSeries(rest.map((s) => s.values), usage.starts.length),
      total: rest.reduce((sum, s) => sum + s.total, 0),
      members: rest.map((s) => s.key),
    });
  }
  return layers;
}

/** Lower and upper edge of every layer in one bucket, bottom first. */
export function edges(layers: readonly Layer[], bucket: number): { color: number; from: number; to: number }[] {
  let from = 0;
  const found = [];
  for (const layer of layers) {
    const value = layer.values[bucket] ?? 0;
    if (value > 0) found.push({ color: layer.color, from, to: from + value });
    from += value;
  }
  return found;
}

export function colorOf(layers: readonly Layer[], key: string): number {
  return layers.find((layer) => layer.members.includes(key))?.color ?? TOP;
}
