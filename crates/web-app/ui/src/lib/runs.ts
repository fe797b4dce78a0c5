import type { Ticks } from './ticks';

/** One stretch of time an appliance was working. `open` = it began before or went on after what was measured. */
export interface Run {
  from: number;
  to: number;
  joules: number;
  /** How long of it was measured. */
  measured: number;
  open: boolean;
}

export interface RunSummary {
  runs: Run[];
  /** Watts it typically takes while working. */
  typical: number;
  /** Mean length in seconds of the runs whose both ends were measured; null without such a run. */
  meanSeconds: number | null;
  measuredSeconds: number;
  workingSeconds: number;
}

const IDLE_W = 5;
const JOIN_S = 60;
const SHORTEST_S = 20;
/** A lost tick or two within a run does not make two runs of it. */
const BRIDGED_S = 60;

/**
 * Counts an appliance's runs from its power per tick. The two thresholds lie at a half and a quarter of its own
 * typical working power, so that neither standby nor a wobble at the threshold counts as a run.
 */
export function findRuns({ starts, bucketSeconds, energy_j, seconds, watts }: Ticks): RunSummary {
  const working = watts.filter((power): power is number => power !== null && power >= IDLE_W).sort((a, b) => a - b);
  const typical = working[Math.floor(working.length / 2)] ?? 0;
  const measuredSeconds = seconds.reduce((sum, part, i) => sum + (watts[i] == null ? 0 : part), 0);
  const on = Math.max(IDLE_W, typical / 2);
  const off = Math.max(IDLE_W * 0.6, typical / 4);

  const found: Run[] = [];
  let current: Run | null = null;
  let afterGap = true;
  let gap = 0;
  const close = (open: boolean): void => {
    if (current) found.push({ ...current, open: current.open || open });
    current = null;
  };
  for (let i = 0; i < watts.length; i++) {
    const power = watts[i];
    const at = starts[i];
    if (at === undefined) break;
    if (power === null || power === undefined) {
      gap += bucketSeconds;
      if (gap > BRIDGED_S) {
        close(true);
        afterGap = true;
      }
      continue;
    }
    gap = 0;
    if (current === null && power >= on) current = { from: at, to: at, joules: 0, measured: 0, open: afterGap };
    else if (current !== null && power < off) close(false);
    if (current !== null) {
      const run: Run = current;
      run.to = at + bucketSeconds;
      run.joules += energy_j[i] ?? 0;
      run.measured += seconds[i] ?? 0;
    }
    afterGap = false;
  }
  close(true);

  const runs = join(found).filter((run) => run.open || run.to - run.from >= SHORTEST_S);
  const closed = runs.filter((run) => !run.open);
  const length = (list: Run[]): number => list.reduce((sum, run) => sum + run.to - run.from, 0);
  return {
    runs,
    typical: meanPower(runs) ?? typical,
    meanSeconds: closed.length > 0 ? length(closed) / closed.length : null,
    measuredSeconds,
    workingSeconds: length(runs),
  };
}

function join(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    if (last && !last.open && !run.open && run.from - last.to <= JOIN_S) {
      last.to = run.to;
      last.joules += run.joules;
      last.measured += run.measured;
    } else {
      joined.push({ ...run });
    }
  }
  return joined;
}

function meanPower(runs: readonly Run[]): number | null {
  const seconds = runs.reduce((sum, run) => sum + run.measured, 0);
  return seconds > 0 ? runs.reduce((sum, run) => sum + run.joules, 0) / seconds : null;
}
