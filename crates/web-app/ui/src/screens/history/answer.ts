import { fetchUsage } from '../../api/client';
import type { Compare, SocketId, Usage } from '../../api/types';
import { bucketOf, type Bar } from '../../lib/buckets';
import { coalesce, coalesceValues, endsOf } from '../../lib/coalesce';
import { alongside } from '../../lib/comparison';
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
  /** When it arrived: nothing in the picture changes until the next one does. */
  now: number;
}

export function keyOf({ period, bar, compare }: Question): string {
  return `${period.kind} ${period.from} ${period.to} ${bar} ${compare ?? ''}`;
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
  const { period, bar, compare } = question;
  const wanted = { from: period.from, to: period.to, bucket: bucketOf(bar), compare, cost: true, ...(only ? { only } : {}) };
  const raw = await fetchUsage(home, wanted, signal);
  return shown(question, raw, zone, clock());
}

export function shown(question: Question, raw: Usage, zone: string, now: number): Shown {
  const usage = coalesce(raw, question.bar, zone, now);
  return {
    ...question,
    key: keyOf(question),
    usage,
    ends: endsOf(usage),
    ghost: question.compare ? coalesceValues(alongside(raw, zone), raw.starts, question.bar, zone) : [],
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
