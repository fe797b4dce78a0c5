import type { SocketId } from '../api/types';

export const JOULES_PER_KWH = 3_600_000;
export const JOULES_PER_WH = 3600;

/** Sums whole joules; a gap adds nothing because it is unknown, not because it is zero. */
export function sumJoules(values: Iterable<number | null>): number {
  let sum = 0;
  for (const value of values) if (value !== null) sum += value;
  return sum;
}

/** Element-wise sum; a bucket is a gap only where every part has a gap. */
export function addSeries(rows: readonly (readonly (number | null)[])[], length: number): (number | null)[] {
  const sum: (number | null)[] = new Array<number | null>(length).fill(null);
  for (const row of rows) {
    for (let i = 0; i < length; i++) {
      const value = row[i];
      if (value !== null && value !== undefined) sum[i] = (sum[i] ?? 0) + value;
    }
  }
  return sum;
}

export function kwh(joules: number): number {
  return joules / JOULES_PER_KWH;
}

export function socketKey(hub: string, socket: number | string): string {
  return `${hub}:${socket}`;
}

export function parseKey(key: string): SocketId {
  const at = key.lastIndexOf(':');
  return { hub: key.slice(0, at), socket: Number(key.slice(at + 1)) };
}
