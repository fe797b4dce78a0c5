import type { SocketUsage, Usage } from '../src/api/types';

/** A usage answer from rows of joules; each row is one socket of the hub "hub". */
export function usageOf(rows: (number | null)[][], step = 900, start = 0): Usage {
  const ticks = step <= 60;
  const length = rows[0]?.length ?? 0;
  const sockets: SocketUsage[] = rows.map((energy_j, socket) => ({
    hub: 'hub',
    socket,
    energy_j,
    coverage: energy_j.map((j) => (j === null ? 0 : 1)),
    total_j: energy_j.reduce<number>((sum, j) => sum + (j ?? 0), 0),
    total_coverage: 1,
    peak_w: null,
  }));
  const columns = Array.from({ length }, (_, i) => rows.map((row) => row[i] ?? null));
  return {
    household: 'home',
    zone: 'UTC',
    bucket: ticks ? 'tick' : '15m',
    ...(ticks ? { bucket_s: step } : {}),
    from: new Date(start * 1000).toISOString(),
    to: new Date((start + step * length) * 1000).toISOString(),
    starts: Array.from({ length }, (_, i) => start + i * step),
    sockets,
    total: {
      energy_j: columns.map((c) => (c.every((j) => j === null) ? null : c.reduce<number>((s, j) => s + (j ?? 0), 0))),
      coverage: columns.map((c) => c.filter((j) => j !== null).length / rows.length),
      total_j: sockets.reduce((sum, s) => sum + s.total_j, 0),
      total_coverage: 1,
    },
  };
}
