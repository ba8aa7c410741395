/** The drawing of a graph: uPlot, set up once, fed with columns. Knows no React. */
import uPlot from 'uplot';
import { formatRate } from '../../src-shared/format.ts';
import { type Columns, gapsOf, topOf } from '../core/graph-data.ts';

export interface PlotLook {
  readonly down: string;
  readonly downFill: string;
  readonly up: string;
  readonly grid: string;
  readonly text: string;
  readonly gap: string;
  readonly font: string;
}

export interface PlotOptions {
  readonly target: HTMLElement;
  readonly width: number;
  readonly height: number;
  /** Length of the window, s. */
  readonly seconds: number;
  readonly look: PlotLook;
  /** Words under the x axis for so many seconds ago. */
  readonly ago: (seconds: number) => string;
  /** Which point the pointer is at; null: none. */
  readonly onPoint: (index: number | null) => void;
}

/** Colours as the style sheet has them now. */
export function readLook(element: Element): PlotLook {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    down: color('--accent-line'),
    downFill: color('--accent-fill'),
    up: color('--second-line'),
    grid: color('--hairline'),
    text: color('--text-3'),
    gap: color('--gap'),
    font: `11px ${style.fontFamily}`,
  };
}

const Y_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/** Steps of the scale: powers of two of B, KiB, MiB and GiB. */
const INCREMENTS = [0, 1, 2, 3, 4].flatMap((power) => Y_STEPS.map((n) => n * 1024 ** power));
const HATCH_PX = 6;

export function createPlot(options: PlotOptions): uPlot {
  const { look, seconds } = options;
  const axis = { stroke: look.text, font: look.font, ticks: { show: false } };
  const grid = { stroke: look.grid, width: 1 };
  return new uPlot(
    {
      width: options.width,
      height: options.height,
      padding: [8, 2, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 6 },
      },
      scales: {
        x: { time: false, range: (_, __, max) => [max - seconds, max] },
        y: { range: (_, __, max) => [0, topOf(max ?? 0)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 22,
          gap: 4,
          splits: (_, __, ___, max) => [0, 1, 2, 3, 4].map((part) => max - seconds + (part * seconds) / 4),
          // The outermost would be cut off at the edges.
          values: (plot, splits) => {
            const end = plot.scales.x.max ?? 0;
            return splits.map((at, i) => (i === 0 ? '' : options.ago(Math.round(end - at))));
          },
          align: 2,
        },
        {
          ...axis,
          grid,
          size: 66,
          gap: 6,
          space: 34,
          incrs: INCREMENTS,
          values: (_, splits) => splits.map((value) => formatRate(value)),
        },
      ],
      series: [
        {},
        { stroke: look.down, fill: look.downFill, width: 1.5, points: { show: false }, spanGaps: false },
        // Dashed: the two are told apart without colour.
        { stroke: look.up, width: 1.5, dash: [4, 3], points: { show: false }, spanGaps: false },
      ],
      hooks: {
        drawClear: [(plot) => markGaps(plot, look.gap)],
        setCursor: [(plot) => options.onPoint(plot.cursor.idx ?? null)],
      },
    },
    [[], [], []],
    options.target,
  );
}

/** Hatches what was not measured: neither nothing nor a line through it. */
function markGaps(plot: uPlot, color: string): void {
  const [x, down] = plot.data as Columns;
  const { left, top, width, height } = plot.bbox;
  const step = x.length > 1 ? x[1] - x[0] : 0;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  const hatch = HATCH_PX * devicePixelRatio;
  for (const [from, to] of gapsOf(down)) {
    const begin = Math.max(left, plot.valToPos(x[from] - step / 2, 'x', true));
    const end = Math.min(left + width, plot.valToPos(x[to] + step / 2, 'x', true));
    if (end - begin < 1) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(begin, top, end - begin, height);
    ctx.clip();
    ctx.beginPath();
    for (let at = begin - height; at < end; at += hatch) {
      ctx.moveTo(at, top + height);
      ctx.lineTo(at + height, top);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}
