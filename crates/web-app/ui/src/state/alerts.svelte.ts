import { acknowledgeAlert, fetchAlerts } from '../api/client';
import type { AlertsAnswer } from '../api/types';
import { Loaded } from './loaded.svelte';

const REFRESH_MS = 60_000;

/** What is amiss in the household on screen, asked for every minute while somebody looks. */
export class HomeAlerts {
  answer = new Loaded<AlertsAnswer>();
  /** How many are open that nobody has seen; null as long as it is not known. */
  unseen = $derived(this.answer.value?.open ?? null);
  readonly #household: string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #askedAt = 0;

  constructor(household: string) {
    this.#household = household;
  }

  start(): void {
    this.#timer = setInterval(this.#refresh, REFRESH_MS);
    document.addEventListener('visibilitychange', this.#refresh);
  }

  stop(): void {
    clearInterval(this.#timer);
    document.removeEventListener('visibilitychange', this.#refresh);
    this.answer.stop();
  }

  load(): Promise<void> {
    this.#askedAt = performance.now();
    return this.answer.load((signal) => fetchAlerts(this.#household, signal), `alerts ${this.#household}`);
  }

  async acknowledge(alert: string): Promise<void> {
    try {
      await acknowledgeAlert(this.#household, alert);
    } finally {
      // Also where it was refused: the list on screen may be an old one.
      await this.load();
    }
  }

  readonly #refresh = (): void => {
    // Who comes back to the page soon need not ask again; a timer may come a little early.
    if (!document.hidden && performance.now() - this.#askedAt > REFRESH_MS - 1000) void this.load();
  };
}
