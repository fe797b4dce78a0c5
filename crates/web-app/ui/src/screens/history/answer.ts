import { fetchUsage } from '../../api/client';
import type { Compare, SocketId, Usage } from '../../api/types';
import { bucketOf, type Bar } from '../../lib/buckets';
import { coalesce, coalesceValues, endsOf } from '../../lib/coalesce';
import { alongside, compare, type Comparison } from '../../lib/comparison';
import type { Period } from '../../lib/periods';

export interface Question {
  period: Period;
  bar: Bar;
  compare: Compare | null;
}

/** A period as it is on screen: everything that is drawn and written comes from one answer. */
export interface Shown extends Question {
  key: string;
  /** One bucket per bar. */
  usage: Usage;
  ends: number[];
  /** The other period's energy, bar by bar; empty without a comparison. */
  ghost: (number | null)[];
  /** Null: the two have no time that both have measured. */
  comparison: Comparison | null;
  /** When it arrived: nothing in the picture changes until the next one does. */
  now: number;
}

export function keyOf({ period, bar, compare }: Question): string {
  return `${period.kind} ${period.from} ${period.to} ${bar} ${compare ?? ''}`;
}

/** A month is compared hour by hour and a year day by day, so that little is lost where one of them has a gap. */
function finer(bar: Bar): '1h' | '1d' | null {
  if (bar === '1d') return '1h';
  return bar === '1mo' ? '1d' : null;
}

/** Of the whole home, or of one socket alone. */
export async function ask(
  home: string,
  zone: string,
  question: Question,
  clock: () => number,
  signal: AbortSignal,
  only?: SocketId,
): Promise<Shown> {
  const { period, bar, compare: other } = question;
  const span = { from: period.from, to: period.to, compare: other, ...(only ? { only } : {}) };
  const fine = other ? finer(bar) : null;
  const [raw, whole] = await Promise.all([
    fetchUsage(home, { ...span, bucket: bucketOf(bar), cost: true }, signal),
    fine ? fetchUsage(home, { ...span, bucket: fine, group: 'home' }, signal) : null,
  ]);
  const now = clock();
  return shown(question, raw, whole ?? raw, zone, now);
}

export function shown(question: Question, raw: Usage, whole: Usage, zone: string, now: number): Shown {
  const usage = coalesce(raw, question.bar, zone, now);
  return {
    ...question,
    key: keyOf(question),
    usage,
    ends: endsOf(usage),
    ghost: question.compare ? coalesceValues(alongside(raw, zone), raw.starts, question.bar, zone) : [],
    comparison: question.compare ? compare(whole, zone, now) : null,
    now,
  };
}

const KEPT = 12;

/** The newest answers, for going back and forth. */
export class Answers {
  readonly #kept = new Map<string, Shown>();

  get(question: Question): Shown | null {
    return this.#kept.get(keyOf(question)) ?? null;
  }

  keep(answer: Shown): void {
    this.#kept.delete(answer.key);
    this.#kept.set(answer.key, answer);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}
