import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef } from 'react';

interface Props<T> {
  readonly rows: readonly T[];
  readonly idOf: (row: T) => string;
  readonly height: number;
  readonly label: string;
  readonly children: (row: T) => ReactNode;
}

/** A list of which only what is seen exists in the page: a thousand profiles scroll like ten. */
export function VirtualRows<T>({ rows, idOf, height, label, children }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 6,
  });
  const items = virtual.getVirtualItems();
  const before = items.at(0)?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div className="rows-scroll" ref={box}>
      <ul className="rows" aria-label={label}>
        {before > 0 && <li aria-hidden="true" style={{ height: before }} />}
        {items.map((item) => (
          <li
            key={idOf(rows[item.index])}
            className="row-slot"
            style={{ height }}
            aria-setsize={rows.length}
            aria-posinset={item.index + 1}
          >
            {children(rows[item.index])}
          </li>
        ))}
        {after > 0 && <li aria-hidden="true" style={{ height: after }} />}
      </ul>
    </div>
  );
}
