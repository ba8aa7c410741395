import type { ReactNode } from 'react';

export function Line(props: {
  readonly label: string;
  readonly hint?: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="line">
      <div className="line-text">
        <p>{props.label}</p>
        {props.hint && <p className="hint-line">{props.hint}</p>}
      </div>
      <div className="line-control">{props.children}</div>
    </div>
  );
}
