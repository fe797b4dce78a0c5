import type { Bucket } from '../api/types';
import { addDays, addMonths, dayOf, firstOfMonth, startOf, wallClock } from './days';
import { momentOf, type Kind, type Period } from './periods';

/** What one bar of the chart stands for. */
export type Bar = '15m' | '1h' | '3h' | '6h' | '1d' | '1w' | '1mo';

const SECONDS: Record<Bar, number> = {
  '15m': 900,
  '1h': 3600,
  '3h': 10_800,
  '6h': 21_600,
  '1d': 86_400,
  '1w': 604_800,
  '1mo': 2_629_746,
};
const BARS: Bar[] = ['15m', '1h', '3h', '6h', '1d', '1w', '1mo'];
const FEWEST = 20;
const MOST = 100;
const OF_KIND: Record<Exclude<Kind, 'range'>, Bar> = { day: '15m', week: '1h', month: '1d', year: '1mo' };

/** The finest bar of which a free range has at most a hundred; where that leaves too few, the one that misses by less. */
export function barOf(period: Period): Bar {
  if (period.kind !== 'range') return OF_KIND[period.kind];
  const length = period.to - period.from;
  const at = BARS.findIndex((bar) => length / SECONDS[bar] <= MOST + 0.5);
  const found = BARS[at] ?? '1mo';
  const finer = BARS[at - 1];
  const count = length / SECONDS[found];
  return finer && count < FEWEST && length / SECONDS[finer] / MOST < FEWEST / count ? finer : found;
}

/** What the service is asked for: it knows no bars of several hours, and its weeks would reach beyond the range. */
export function bucketOf(bar: Bar): Bucket {
  if (bar === '3h' || bar === '6h') return '1h';
  return bar === '1w' ? '1d' : bar;
}

/** The service answers in whole buckets: what is shown as the range is the range that it answers. */
export function widen(period: Period, bar: Bar, zone: string): Period {
  if (period.kind !== 'range' || bar === '15m') return period;
  const { from, to } = { from: edge(period.from, bar, zone, 0), to: edge(period.to - 1, bar, zone, 1) };
  return { ...period, from, to, first: momentOf(from, zone), end: momentOf(to, zone) };
}

function edge(unix: number, bar: Bar, zone: string, next: 0 | 1): number {
  const day = dayOf(unix, zone);
  if (bar === '1mo') return startOf(next === 0 ? firstOfMonth(day) : addMonths(day, 1), zone);
  if (bar === '1d' || bar === '1w') return startOf(addDays(day, next), zone);
  // Offsets are whole quarter hours: the full hour of the wall clock is found among them.
  const quarter = Math.floor(unix / 900) * 900;
  return quarter - (Math.floor(wallClock(quarter, zone).minute / 15) * 900) + next * 3600;
}

/** What a bar leads to when it is opened; nothing where it is the finest already. */
export function opens(bar: Bar, kind: Kind): Exclude<Kind, 'range'> | null {
  if (bar === '1mo') return 'month';
  if (bar === '1w') return 'week';
  return kind === 'day' || bar === '15m' ? null : 'day';
}
