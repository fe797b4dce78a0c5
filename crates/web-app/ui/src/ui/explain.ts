import { ApiError, NetworkError } from '../api/client';
import { m } from '../i18n';
import { Overtaken } from '../state/home.svelte';

/** Why something was not saved, in one sentence. */
export function explain(error: unknown): string {
  if (error instanceof Overtaken) return m.app.overtaken;
  if (error instanceof NetworkError) return m.app.unreachable;
  if (error instanceof ApiError) {
    if (error.status === 403) return m.app.forbidden;
    if (error.status === 422 && error.problem.detail) return m.app.refused(error.problem.detail);
  }
  return m.app.failedWhy;
}

/** The field that the server refused, such as `tariffs[1].name`, and why. */
export function faultOf(error: unknown): { field: string; detail: string } | null {
  if (!(error instanceof ApiError) || error.status !== 422) return null;
  const { field, detail } = error.problem;
  return field && detail ? { field, detail } : null;
}
