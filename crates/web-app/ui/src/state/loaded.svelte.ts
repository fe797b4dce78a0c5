import { NetworkError } from '../api/client';

export type Failure = 'network' | 'server';

/** One thing from the server: keeps the last good value while it loads again, and forgets answers overtaken by others. */
export class Loaded<T> {
  value = $state.raw<T | null>(null);
  failure = $state<Failure | null>(null);
  loading = $state(false);
  #abort: AbortController | null = null;

  async load(fetcher: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    try {
      const value = await fetcher(abort.signal);
      if (abort.signal.aborted) return;
      this.value = value;
      this.failure = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.failure = error instanceof NetworkError ? 'network' : 'server';
    }
    this.loading = false;
  }

  reset(value: T | null = null): void {
    this.#abort?.abort();
    this.value = value;
    this.failure = null;
    this.loading = false;
  }
}
