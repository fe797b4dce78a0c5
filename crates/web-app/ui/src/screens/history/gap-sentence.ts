import { fmt, m } from '../../i18n/history';
import { nameGaps, type Span } from '../../lib/gaps';
import { duration } from './duration';

const NAMED = 3;
/** What is worth naming by the clock; a minute here and there is told as one sum. */
const NAMED_FROM_S = 300;

/** When nothing was measured, in one sentence. */
export function gapSentence(spans: readonly Span[], name: (span: Span) => string): string {
  const { named, rest } = nameGaps(spans, NAMED, NAMED_FROM_S);
  const list = named.map((gap) => `${name(gap)} (${duration(gap.to - gap.from)})`);
  if (rest > 0) list.push(named.length > 0 ? m.history.gapsShorter(duration(rest)) : m.history.gapsShort(duration(rest)));
  return m.history.gaps(fmt.list(list));
}
