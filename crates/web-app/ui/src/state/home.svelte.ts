import { untrack } from 'svelte';
import { fetchHousehold, fetchUsage } from '../api/client';
import { openLive, type LinkState } from '../api/live';
import type { Household, Tick, Usage } from '../api/types';
import { dayOf, dayRange, type Day } from '../lib/days';
import { applyTick, emptyLive, seed, type LiveState } from '../lib/live';
import { clock } from './clock.svelte';
import { network } from './network.svelte';
import { Loaded } from './loaded.svelte';
import { session } from './session.svelte';

const LAST_HOUR_S = 3600;
const CACHED_DAYS = 10;
const RETRY_MS = 15_000;
/** Everything about the household on screen; made anew when another one is chosen. */
export class Home {
  readonly id: string;
  readonly zone: string;
  household = new Loaded<Household>();
  recent = new Loaded<Usage>();
  link = $state<LinkState>('connecting');
  live = $state.raw<LiveState>(emptyLive);
  connected = $derived(network.online && this.link === 'open');
  #lostAt = $state(clock.read());
  /** What counts as now: while the stream is away nothing is known, so time stands still and nobody falls silent. */
  now = $derived(this.connected ? clock.now : this.#lostAt);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a cache that is asked, never watched
  #days = new Map<Day, Usage>();
  #ticks: { day: Day; usage: Usage } | null = null;
  #waiting: Tick[] = [];
  #close: (() => void) | null = null;
  #wasOpen = false;
  #stopWatching: (() => void) | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, zone: string) {
    this.id = id;
    this.zone = zone;
  }

  start(): void {
    void this.household.load((signal) => fetchHousehold(this.id, signal));
    void this.#reseed();
    this.#connect();
    this.#stopWatching = $effect.root(() => {
      $effect(() => {
        if (!this.connected) this.#lostAt = untrack(() => clock.now);
      });
      let offline = false;
      $effect(() => {
        // A stream that slept through a lost network may never notice; a fresh one is certain.
        if (network.online && offline) untrack(() => this.#connect());
        offline = !network.online;
      });
    });
  }

  #connect(): void {
    this.#close?.();
    this.#close = openLive(this.id, {
      onTick: (tick) => this.#take(tick),
      onState: (state) => {
        // What happened while the stream was away is fetched, not guessed.
        if (state === 'open' && this.#wasOpen && this.link !== 'open') void this.#reseed();
        if (state === 'open') this.#wasOpen = true;
        this.link = state;
      },
      onRefused: () => void session.probe(),
    });
  }

  stop(): void {
    this.#close?.();
    this.#close = null;
    this.#stopWatching?.();
    clearTimeout(this.#again);
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

  /** All ticks of a day: large, so one day is kept, and a past one is asked for once. */
  async ticks(day: Day, unfinished: boolean, signal: AbortSignal): Promise<Usage> {
    const kept = this.cachedTicks(day);
    if (kept && !unfinished) return kept;
    const { from, to } = dayRange(day, this.zone);
    const usage = await fetchUsage(this.id, from, to, 'tick', signal);
    this.#ticks = { day, usage };
    return usage;
  }

  cachedTicks(day: Day): Usage | null {
    return this.#ticks?.day === day ? this.#ticks.usage : null;
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
    clearTimeout(this.#again);
    if (this.recent.failure && this.#close) this.#again = setTimeout(() => void this.#reseed(), RETRY_MS);
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
