import { describe, expect, it } from 'vitest';
import { exportUrl } from '../src/api/client';

const span = { from: 1_796_000_400, to: 1_796_086_800 };
const queryOf = (url: string): Record<string, string> => Object.fromEntries(new URL(url, 'http://localhost').searchParams);

describe('the address of an export', () => {
  it('is of everything, and asks for nothing more than it was told', () => {
    const url = exportUrl('h 1', { ...span, bucket: '1h', format: 'csv', only: undefined, cost: false, gaps: false });
    expect(url.startsWith('/api/households/h%201/export?')).toBe(true);
    expect(queryOf(url)).toEqual({ from: '2026-11-30T01:00:00Z', to: '2026-12-01T01:00:00Z', bucket: '1h', format: 'csv' });
  });
  it('names one socket by its hub and number, number 0 too', () => {
    const { hub, socket } = queryOf(exportUrl('h', { ...span, bucket: '1d', format: 'json', only: { hub: 'a', socket: 0 } }));
    expect([hub, socket]).toEqual(['a', '0']);
  });
  it('asks for costs and gaps', () => {
    const { cost, gaps } = queryOf(exportUrl('h', { ...span, bucket: '15m', format: 'csv', cost: true, gaps: true }));
    expect([cost, gaps]).toEqual(['true', 'true']);
  });
});
