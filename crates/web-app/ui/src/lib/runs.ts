/** One stretch of time an appliance was working. `open` = it began before or went on after what was measured. */
export interface Run {
  from: number;
  to: number;
  joules: number;
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
export function findRuns(starts: readonly number[], joules: readonly (number | null)[], tickSeconds: number): RunSummary {
  const working = joules
    .filter((j): j is number => j !== null && j / tickSeconds >= IDLE_W)
    .map((j) => j / tickSeconds)
    .sort((a, b) => a - b);
  const typical = working[Math.floor(working.length / 2)] ?? 0;
  const measuredSeconds = joules.filter((j) => j !== null).length * tickSeconds;
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
  for (let i = 0; i < joules.length; i++) {
    const value = joules[i];
    const at = starts[i];
    if (at === undefined) break;
    if (value === null || value === undefined) {
      gap += tickSeconds;
      if (gap > BRIDGED_S) {
        close(true);
        afterGap = true;
      }
      continue;
    }
    gap = 0;
    const power = value / tickSeconds;
    if (current === null && power >= on) current = { from: at, to: at, joules: 0, open: afterGap };
    else if (current !== null && power < off) close(false);
    if (current !== null) {
      const run: Run = current;
      run.to = at + tickSeconds;
      run.joules += value;
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
    } else {
      joined.push({ ...run });
    }
  }
  return joined;
}

function meanPower(runs: readonly Run[]): number | null {
  const seconds = runs.reduce((sum, run) => sum + run.to - run.from, 0);
  return seconds > 0 ? runs.reduce((sum, run) => sum + run.joules, 0) / seconds : null;
}
