import type { Plot, PlotSpec } from './plot';

/** Steps from bucket to bucket with the area beneath; where nothing was measured both break off. */
export function drawArea(plot: Plot, { starts, ends, values }: PlotSpec, color: string): void {
  const { ctx, box, unit, x, y } = plot;
  const floor = box.top + box.height;
  const line = new Path2D();
  const area = new Path2D();
  let before: { right: number } | null = null;
  values.forEach((value, i) => {
    const [start, end] = [starts[i], ends[i]];
    if (value === null || start === undefined || end === undefined) {
      if (before) area.lineTo(before.right, floor);
      before = null;
      return;
    }
    const [left, right, top] = [x(start), x(end), y(value)];
    if (before) {
      line.lineTo(left, top);
    } else {
      line.moveTo(left, top);
      area.moveTo(left, floor);
    }
    area.lineTo(left, top);
    line.lineTo(right, top);
    area.lineTo(right, top);
    before = { right };
  });
  const last = before as { right: number } | null;
  if (last) area.lineTo(last.right, floor);
  ctx.save();
  ctx.fillStyle = color;
  ctx.globalAlpha = 0.2;
  ctx.fill(area);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.25 * unit;
  ctx.lineJoin = 'round';
  ctx.stroke(line);
  ctx.restore();
}
