import { untrack } from 'svelte';
import { fetchHousehold, fetchUsage } from '../api/client';
import { openLive, type LinkState } from '../api/live';
import type { Household, Tick, Usage } from '../api/types';
import { dayOf, dayRange, type Day } from '../lib/days';
import { parseKey } from '../lib/energy';
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
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- the same
  #ticks = new Map<string, { usage: Usage; whole: boolean }>();
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
    const usage = await fetchUsage(this.id, { from, to, bucket: '15m' }, signal);
    keep(this.#days, day, usage, CACHED_DAYS);
    return usage;
  }

  cachedDay(day: Day): Usage | null {
    return this.#days.get(day) ?? null;
  }

  /** All ticks of one socket's day; those of a past day are asked for once. */
  async ticks(day: Day, key: string, unfinished: boolean, signal: AbortSignal): Promise<Usage> {
    const kept = this.#ticks.get(`${day} ${key}`);
    if (kept?.whole) return kept.usage;
    const usage = await fetchUsage(this.id, { ...dayRange(day, this.zone), bucket: 'tick', only: parseKey(key) }, signal);
    keep(this.#ticks, `${day} ${key}`, { usage, whole: !unfinished }, CACHED_DAYS);
    return usage;
  }

  cachedTicks(day: Day, key: string): Usage | null {
    return this.#ticks.get(`${day} ${key}`)?.usage ?? null;
  }

  today(now: number): Day {
    return dayOf(now, this.zone);
  }

  async #reseed(): Promise<void> {
    const now = Math.floor(clock.read());
    await this.recent.load((signal) => fetchUsage(this.id, { from: now - LAST_HOUR_S, to: now, bucket: 'tick' }, signal));
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

/** Keeps the newest, up to a number of them. */
function keep<K, V>(cache: Map<K, V>, key: K, value: V, most: number): void {
  cache.delete(key);
  cache.set(key, value);
  const oldest = cache.keys().next().value;
  if (cache.size > most && oldest !== undefined) cache.delete(oldest);
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
