import { ApiError } from '../../api/client';

/** Used up, too old, or never one. */
export function isBadLink(cause: unknown): boolean {
  return cause instanceof ApiError && cause.status === 404;
}
