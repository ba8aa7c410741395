import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

interface Props {
  readonly title: string;
  /** What stands beside the title: a count, a path. */
  readonly beside?: ReactNode;
  /** Buttons at the right. */
  readonly tools?: ReactNode;
  /** The content scrolls inside of itself (tables), not as a page. */
  readonly filled?: boolean;
  readonly children: ReactNode;
}

/** A screen: its bar with title and buttons, and what is below. */
export function Screen({ title, beside, tools, filled, children }: Props) {
  return (
    <section className="screen">
      <header className="bar">
        <h1>{title}</h1>
        {beside && <div className="bar-beside">{beside}</div>}
        {tools && <div className="bar-tools">{tools}</div>}
      </header>
      <div className={filled ? 'content content-filled' : 'content'}>{children}</div>
    </section>
  );
}

/** A part of a screen under a heading of its own. */
export function Part(props: { title: string; line?: ReactNode; tools?: ReactNode; children: ReactNode }) {
  return (
    <section className="part">
      <header className="part-head">
        <h2>{props.title}</h2>
        {props.tools && <div className="part-tools">{props.tools}</div>}
      </header>
      {props.line && <p className="part-line">{props.line}</p>}
      {props.children}
    </section>
  );
}

/** A place with nothing in it says what to do. */
export function Empty(props: { icon: LucideIcon; line: string; children?: ReactNode }) {
  const { icon: Icon, line, children } = props;
  return (
    <div className="empty">
      <Icon size={28} strokeWidth={1.25} aria-hidden="true" />
      <p>{line}</p>
      {children && <div className="empty-buttons">{children}</div>}
    </div>
  );
}
