import uPlot from 'uplot';
import type { Axis } from '../../../lib/axis';
import type { DayRange, HourMark } from '../../../lib/days';
import type { Palette } from './colors';

export interface PlotSpec {
  /** Start of every bucket, unix seconds. */
  starts: number[];
  values: (number | null)[];
  range: DayRange;
  y: Axis;
  yLabel: (value: number) => string;
  marks: HourMark[];
  xLabel: (mark: HourMark) => string;
  /** Given: the values are drawn as an area of this colour. Otherwise `draw` draws everything. */
  area?: number;
  draw: (plot: uPlot, palette: Palette) => void;
}

/** uPlot for scales, axes and lines; pointing is done outside, because it serves keys and touch as well. */
export function createPlot(target: HTMLElement, spec: PlotSpec, palette: Palette, width: number, height: number): uPlot {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const font = `500 ${Math.round(rem * 0.71)}px ${palette.font}`;
  const color = spec.area === undefined ? null : lineColor(palette, spec.area);
  const widest = Math.max(...spec.y.ticks.map((tick) => spec.yLabel(tick).length));
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const options: uPlot.Options = {
    width,
    height,
    padding: [rem * 0.6, rem * 1.3, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, auto: false, range: [spec.range.from, spec.range.to] },
      y: { auto: false, range: [0, spec.y.top] },
    },
    axes: [
      {
        stroke: palette.soft,
        font,
        size: rem * 1.9,
        gap: rem * 0.5,
        grid: { show: false },
        ticks: { show: false },
        splits: () => spec.marks.map((mark) => mark.at),
        values: () => spec.marks.map((mark) => spec.xLabel(mark)),
      },
      {
        stroke: palette.soft,
        font,
        size: rem * (0.9 + widest * 0.44),
        gap: rem * 0.4,
        grid: { stroke: palette.line, width: 1 },
        ticks: { show: false },
        splits: () => spec.y.ticks,
        values: (_plot, splits) => splits.map((value) => spec.yLabel(value)),
      },
    ],
    series: [
      {},
      color === null
        ? { paths: () => null, points: { show: false } }
        : {
            stroke: color,
            fill: withAlpha(color),
            width: 1.25,
            spanGaps: false,
            points: { show: false },
            ...(stepped ? { paths: stepped } : {}),
          },
    ],
    hooks: { draw: [(plot) => spec.draw(plot, palette)] },
  };
  return new uPlot(options, [spec.starts, spec.values], target);
}

/** The grey of the others is for areas; as a thin line it would be too faint. */
function lineColor(palette: Palette, layer: number): string {
  const color = palette.layers[layer];
  return color === undefined || layer === palette.layers.length - 1 ? palette.soft : color;
}

function withAlpha(color: string): string {
  return `${color}33`;
}

/** The bucket under a horizontal position within the plotting area, or null beside it. */
export function bucketAt(plot: uPlot, left: number, starts: readonly number[], seconds: number): number | null {
  const at = plot.posToVal(left, 'x');
  const first = starts[0];
  if (first === undefined) return null;
  const index = Math.floor((at - first) / seconds);
  return index < 0 ? 0 : Math.min(index, starts.length - 1);
}
