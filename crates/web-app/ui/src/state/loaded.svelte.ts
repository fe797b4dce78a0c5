import { NetworkError } from '../api/client';
import { keep, recall } from './kept';

/** One thing from the server: keeps the last good value while it loads again, and forgets answers overtaken by others. */
export class Loaded<T> {
  value = $state.raw<T | null>(null);
  /** What came in its place; null while nothing went wrong. */
  failure = $state.raw<unknown>(null);
  loading = $state(false);
  /** When the value was current, in unix seconds, where it is one kept from before; null for a fresh one. */
  asOf = $state<number | null>(null);
  #abort: AbortController | null = null;

  /** With `keptAs` the answer is kept, and stands in when the server cannot be reached. */
  async load(fetcher: (signal: AbortSignal) => Promise<T>, keptAs?: string): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    try {
      const value = await fetcher(abort.signal);
      if (abort.signal.aborted) return;
      this.value = value;
      this.asOf = null;
      this.failure = null;
      if (keptAs !== undefined) keep(keptAs, value);
    } catch (error) {
      if (abort.signal.aborted) return;
      const kept = keptAs !== undefined && this.value === null && error instanceof NetworkError ? recall<T>(keptAs) : null;
      if (kept) {
        this.value = kept.value;
        this.asOf = kept.at;
      }
      this.failure = error;
    }
    this.loading = false;
  }

  /** Forgets a request that is under way, and keeps what is there. */
  stop(): void {
    this.#abort?.abort();
    this.loading = false;
  }

  reset(value: T | null = null): void {
    this.#abort?.abort();
    this.value = value;
    this.asOf = null;
    this.failure = null;
    this.loading = false;
  }
}
