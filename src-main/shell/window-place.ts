/** Where the window was, kept between runs, and where it can be now that a screen may be gone. */
import * as z from 'zod';

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
const length = z.int().min(-100_000).max(100_000);
const placeSchema = z.strictObject({
  x: length,
  y: length,
  width: length,
  height: length,
  maximized: z.boolean(),
});
export type Place = z.infer<typeof placeSchema>;

export const DEFAULT_SIZE = { width: 960, height: 640 };
export const LEAST_SIZE = { width: 720, height: 480 };
/** Of the title bar so much must be seen to drag the window by, px. */
const GRIP = { width: 120, height: 32 };

export interface PlaceFile {
  read(): unknown;
  write(place: Place): void;
}

/** What was kept, or nothing when it is not what it should be. */
export function readPlace(file: PlaceFile): Place | undefined {
  const place = placeSchema.safeParse(file.read());
  return place.success ? place.data : undefined;
}

/** Bounds for a new window. On a screen that is still there they are as they were; else the system places it. */
export function fitPlace(
  place: Place | undefined,
  workAreas: readonly Rectangle[],
): Partial<Rectangle> & { readonly width: number; readonly height: number } {
  if (place === undefined) return DEFAULT_SIZE;
  const width = Math.max(LEAST_SIZE.width, place.width);
  const height = Math.max(LEAST_SIZE.height, place.height);
  const area = workAreas.find((one) => reaches(place, one));
  if (area === undefined) return { width, height };
  const fits = { width: Math.min(width, area.width), height: Math.min(height, area.height) };
  return { x: place.x, y: Math.max(place.y, area.y), ...fits };
}

/** Whether enough of the title bar lies on the screen. */
function reaches(place: Rectangle, area: Rectangle): boolean {
  const across = Math.min(place.x + place.width, area.x + area.width) - Math.max(place.x, area.x);
  const top = place.y >= area.y - GRIP.height && place.y <= area.y + area.height - GRIP.height;
  return across >= GRIP.width && top;
}
