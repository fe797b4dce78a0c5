import { fmt, m } from '../../i18n/history';
import type { RunSummary } from '../../lib/runs';
import { duration } from './duration';

const CYCLES_FROM = 6;
const ALWAYS = 0.98;

/** What an appliance did in a day, in one sentence that counts and does not guess. */
export function runSentence(summary: RunSummary): string {
  const count = summary.runs.length;
  if (count === 0) return m.history.runsNever;
  const power = fmt.watts(summary.typical);
  if (summary.workingSeconds >= summary.measuredSeconds * ALWAYS) return m.history.runsAlways(power);
  const first =
    count >= CYCLES_FROM
      ? m.history.runsCycled(fmt.count(count), power)
      : m.history.runs(count, fmt.count(count), power);
  if (summary.meanSeconds === null) return `${first}.`;
  const each = duration(summary.meanSeconds);
  return `${first}, ${count === 1 ? m.history.runsOne(each) : m.history.runsMean(each)}.`;
}
