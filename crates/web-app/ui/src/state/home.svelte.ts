import { fetchHousehold, fetchUsage } from '../api/client';
import { openLive, type LinkState } from '../api/live';
import type { Household, Tick, Usage } from '../api/types';
import { dayOf, dayRange, type Day } from '../lib/days';
import { applyTick, emptyLive, seed, type LiveState } from '../lib/live';
import { clock } from './clock.svelte';
import { Loaded } from './loaded.svelte';
import { session } from './session.svelte';

const LAST_HOUR_S = 3600;
const CACHED_DAYS = 10;
/** Everything about the household on screen; made anew when another one is chosen. */
export class Home {
  readonly id: string;
  readonly zone: string;
  household = new Loaded<Household>();
  recent = new Loaded<Usage>();
  link = $state<LinkState>('connecting');
  live = $state.raw<LiveState>(emptyLive);
  #days = new Map<Day, Usage>();
  #waiting: Tick[] = [];
  #close: (() => void) | null = null;

  constructor(id: string, zone: string) {
    this.id = id;
    this.zone = zone;
  }

  start(): void {
    void this.household.load((signal) => fetchHousehold(this.id, signal));
    void this.#reseed();
    let wasOpen = false;
    this.#close = openLive(this.id, {
      onTick: (tick) => this.#take(tick),
      onState: (state) => {
        // What happened while the stream was away is fetched, not guessed.
        if (state === 'open' && wasOpen && this.link !== 'open') void this.#reseed();
        if (state === 'open') wasOpen = true;
        this.link = state;
      },
      onRefused: () => void session.probe(),
    });
  }

  stop(): void {
    this.#close?.();
    this.#close = null;
    this.household.reset(this.household.value);
    this.recent.reset(this.recent.value);
  }

  reload(): void {
    void this.household.load((signal) => fetchHousehold(this.id, signal));
    void this.#reseed();
  }

  async day(day: Day, signal: AbortSignal): Promise<Usage> {
    const { from, to } = dayRange(day, this.zone);
    const usage = await fetchUsage(this.id, from, to, '15m', signal);
    this.#days.delete(day);
    this.#days.set(day, usage);
    const oldest = this.#days.keys().next().value;
    if (this.#days.size > CACHED_DAYS && oldest !== undefined) this.#days.delete(oldest);
    return usage;
  }

  cachedDay(day: Day): Usage | null {
    return this.#days.get(day) ?? null;
  }

  today(now: number): Day {
    return dayOf(now, this.zone);
  }

  async #reseed(): Promise<void> {
    const now = Math.floor(clock.read());
    await this.recent.load((signal) => fetchUsage(this.id, now - LAST_HOUR_S, now, 'tick', signal));
    const usage = this.recent.value;
    if (usage) {
      let state = seed(usage, now);
      for (const tick of this.#waiting) state = applyTick(state, tick);
      this.live = state;
    }
    this.#waiting = [];
  }

  #take(tick: Tick): void {
    if (this.recent.loading) this.#waiting.push(tick);
    this.live = applyTick(this.live, tick);
  }
}

class CurrentHome {
  value = $state.raw<Home | null>(null);

  open(id: string, zone: string): () => void {
    const home = new Home(id, zone);
    this.value = home;
    home.start();
    return () => {
      home.stop();
      this.value = null;
    };
  }
}

export const current = new CurrentHome();
