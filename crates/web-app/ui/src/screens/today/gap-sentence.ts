import { fmt, m } from '../../i18n';
import { nameGaps, type Span } from '../../lib/gaps';
import { duration } from './duration';

const NAMED = 3;
/** What is worth naming by the clock; a minute here and there is told as one sum. */
const NAMED_FROM_S = 300;

/** When a socket was not measured, in one sentence. */
export function gapSentence(spans: readonly Span[], zone: string): string {
  const { named, rest } = nameGaps(spans, NAMED, NAMED_FROM_S);
  const list = named.map(
    (gap) => `${fmt.time(gap.from, zone)}–${fmt.time(gap.to, zone)} (${duration(gap.to - gap.from)})`,
  );
  if (rest > 0) list.push(named.length > 0 ? m.today.gapsShorter(duration(rest)) : m.today.gapsShort(duration(rest)));
  return m.today.gaps(fmt.list(list));
}
