import type { Span } from '../../../lib/gaps';
import type { Plot } from './plot';

function pattern(ctx: CanvasRenderingContext2D, color: string, unit: number): CanvasPattern | null {
  const size = Math.round(7 * unit);
  const tile = document.createElement('canvas');
  tile.width = tile.height = size;
  const pen = tile.getContext('2d');
  if (!pen) return null;
  pen.strokeStyle = color;
  pen.lineWidth = 1.5 * unit;
  // Three strokes, so that the diagonal goes on across the edges of the tile.
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
    pen.stroke();
  }
  return ctx.createPattern(tile, 'repeat');
}

export function hatchSpans(plot: Plot, spans: readonly Span[], color: string): void {
  const { ctx, box, unit } = plot;
  const fill = pattern(ctx, color, unit);
  if (!fill) return;
  ctx.save();
  ctx.fillStyle = fill;
  for (const span of spans) {
    const left = Math.round(plot.x(span.from));
    const right = Math.round(plot.x(span.to));
    ctx.fillRect(left, box.top, Math.max(unit, right - left), box.height);
  }
  ctx.restore();
}
