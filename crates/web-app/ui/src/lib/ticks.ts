import type { Usage } from '../api/types';

type Row = Pick<Usage['sockets'][number], 'energy_j' | 'coverage'>;

/** One socket's answer tick by tick, with the powers that it says. */
export interface Ticks {
  starts: readonly number[];
  /** How long a bucket is. Hubs have ticks of 1 s to 60 s, and one bucket may hold several. */
  bucketSeconds: number;
  energy_j: readonly (number | null)[];
  /** How long of each bucket was measured. */
  seconds: readonly number[];
  /** The mean power of what was measured. */
  watts: readonly (number | null)[];
}

export function bucketSeconds(usage: Pick<Usage, 'bucket_s' | 'starts'>): number {
  // What was kept from before answers said it has buckets in a row all the same.
  return usage.bucket_s ?? (usage.starts[1] ?? NaN) - (usage.starts[0] ?? NaN);
}

/** Ticks are whole seconds; the coverage is rounded down to a hundredth of a percent, which is much less of a minute. */
export function measuredSeconds(coverage: number, bucket: number): number {
  return Math.round(coverage * bucket);
}

export function ticksOf(usage: Pick<Usage, 'bucket_s' | 'starts'>, row: Row): Ticks {
  const bucket = bucketSeconds(usage);
  const seconds = row.coverage.map((coverage) => measuredSeconds(coverage, bucket));
  const watts = row.energy_j.map((joules, i) => {
    const measured = seconds[i] ?? 0;
    return joules === null || measured <= 0 ? null : joules / measured;
  });
  return { starts: usage.starts, bucketSeconds: bucket, energy_j: row.energy_j, seconds, watts };
}
