import { describe, expect, it } from 'vitest';
import { sumJoules } from '../src/lib/energy';
import { colorOf, edges, stack } from '../src/lib/stack';
import { usageOf } from './usage';

const rows = Array.from({ length: 34 }, (_, socket) =>
  Array.from({ length: 96 }, (_, i) => (i >= 40 && i < 43 ? null : ((socket * 7919 + i * 104_729) % 90_001) + socket)),
);
const usage = usageOf(rows);
const layers = stack(usage);

describe('stacking', () => {
  it('shows the six largest and all others as one', () => {
    expect(layers).toHaveLength(7);
    expect(layers.at(-1)?.key).toBeNull();
    expect(layers.at(-1)?.members).toHaveLength(28);
    const totals = layers.slice(0, 6).map((layer) => layer.total);
    expect(totals).toEqual([...totals].sort((a, b) => b - a));
  });
  it('has parts that add up to the total, to the joule', () => {
    expect(sumJoules(layers.map((layer) => layer.total))).toBe(usage.total.total_j);
    for (let i = 0; i < 96; i++) {
      const parts = sumJoules(layers.map((layer) => layer.values[i] ?? null));
      expect(parts).toBe(usage.total.energy_j[i] ?? 0);
      expect(edges(layers, i).at(-1)?.to ?? 0).toBe(usage.total.energy_j[i] ?? 0);
    }
  });
  it('keeps a bucket in which nothing was measured a gap', () => {
    expect(layers.map((layer) => layer.values[41])).toEqual(new Array(7).fill(null));
    expect(edges(layers, 41)).toEqual([]);
  });
  it('gives a seventh socket its own name instead of calling it the others', () => {
    const seven = stack(usageOf(rows.slice(0, 7)));
    expect(seven).toHaveLength(7);
    expect(seven.every((layer) => layer.key !== null)).toBe(true);
  });
  it('colours every socket like the layer it is part of', () => {
    const [first] = layers;
    expect(colorOf(layers, first?.key ?? '')).toBe(0);
    expect(colorOf(layers, layers.at(-1)?.members[0] ?? '')).toBe(6);
  });
});
