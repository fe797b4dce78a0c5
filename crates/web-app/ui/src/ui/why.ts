import { ApiError } from '../api/client';

/** Why something went wrong: a sentence, and where the server is at fault by what its operator finds the cause in the log. */
export type Why = string | { sentence: string; reference: string };

export function sentenceOf(why: Why): string {
  return typeof why === 'string' ? why : why.sentence;
}

/** A trace id as W3C writes it: what something between here and the server makes of the member is not shown. */
const TRACE = /^[0-9a-f]{32}$/;

/** The sentence about this error, with its reference if it has one. */
export function referred(sentence: string, error: unknown): Why {
  const trace = error instanceof ApiError && error.status >= 500 ? error.problem.trace_id : null;
  return typeof trace === 'string' && TRACE.test(trace) ? { sentence, reference: trace } : sentence;
}
