import type { HomePoint } from './live';

export interface SparkPath {
  line: string;
  area: string;
  /** Where the newest point lies, 0..1 from the left and from the top. */
  end: { x: number; y: number } | null;
}

/** Beside the tick itself: a hub keeps ticks that bring nothing new for so long. */
const BREAK_S = 30;

/** Path data in a 1000 × 100 box; a pause longer than a few ticks breaks the line instead of bridging it. */
export function sparkPath(points: readonly HomePoint[], from: number, to: number, top: number): SparkPath {
  const x = (at: number): number => ((at - from) / (to - from)) * 1000;
  const y = (watts: number): number => 100 - (watts / top) * 100;
  let line = '';
  let area = '';
  let piece: string[] = [];
  let first = 0;
  let last: HomePoint | null = null;
  const finish = (): void => {
    if (last === null || piece.length === 0) return;
    line += `M${piece.join('L')}`;
    area += `M${round(x(first))} 100L${piece.join('L')}L${round(x(last.at))} 100Z`;
    piece = [];
  };
  for (const point of points) {
    if (point.at < from) continue;
    if (last !== null && point.at - last.at > BREAK_S + last.seconds) finish();
    if (piece.length === 0) first = point.at;
    piece.push(`${round(x(point.at))} ${round(y(point.watts))}`);
    last = point;
  }
  finish();
  const end = last === null ? null : { x: x(last.at) / 1000, y: y(last.watts) / 100 };
  return { line, area, end };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
