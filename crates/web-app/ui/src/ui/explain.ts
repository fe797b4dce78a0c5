import { ApiError, isSummingUp, NetworkError } from '../api/client';
import { m } from '../i18n';
import { Overtaken } from '../state/overtaken';
import { referred, type Why } from './why';

/** Why something was not saved, in one sentence. */
export function explain(error: unknown): Why {
  if (error instanceof Overtaken) return m.app.overtaken;
  if (error instanceof NetworkError) return m.app.unreachable;
  if (error instanceof ApiError) {
    if (error.status === 429) return m.app.tooOften(error.retryAfter === null ? '' : waitOf(error.retryAfter));
    if (error.status === 403) return m.app.forbidden;
    // Why, the server says in English and to programs only.
    if (error.status === 422) return m.app.notAccepted;
  }
  return referred(m.app.failedWhy, error);
}

/** Why something is not shown, in one sentence. */
export function whyOf(failure: unknown): Why {
  if (failure instanceof NetworkError) return m.app.unreachable;
  // Nobody has to mend anything then.
  return isSummingUp(failure) ? m.app.summingUp : referred(m.app.failedWhy, failure);
}

/** A little more rather than a little less: who comes too early has to wait again. */
function waitOf(seconds: number): string {
  if (seconds < 60) return m.app.seconds(Math.max(1, seconds));
  return seconds <= 3600 ? m.app.minutes(Math.ceil(seconds / 60)) : m.app.hours(Math.ceil(seconds / 3600));
}

/** The field that the server refused, such as `tariffs[1].name`; what to say of it is in the catalogues. */
export function refusedField(error: unknown): string | null {
  return error instanceof ApiError && error.status === 422 ? error.problem.field || null : null;
}
