import { CircleCheck, TriangleAlert, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useTexts } from '../core/language.tsx';
import { dismiss, type Toast, useToasts } from '../core/toasts.ts';
import { Button, IconButton } from './button.tsx';

/** How often it is looked whether somebody still reads a message, ms. */
const READING_MS = 1_000;

/** A polite region: screen readers say what comes in when they are done with what they say. */
export function Toaster() {
  const list = useToasts();
  const box = useRef<HTMLOutputElement>(null);
  useEffect(() => aboveDialogs(box.current, list.length > 0), [list]);
  return (
    <output className="toasts" aria-live="polite" popover="manual" ref={box}>
      {list.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </output>
  );
}

/** An open dialog covers whatever does not lie in the browser's top layer too: what it could not do would stay unseen. */
function aboveDialogs(box: HTMLElement | null, wanted: boolean): void {
  // Not in every browser; there they lie below.
  if (box === null || !('showPopover' in box)) return;
  box.hidePopover();
  if (wanted && document.querySelector('dialog[open]') !== null) box.showPopover();
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const t = useTexts();
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    // Under the pointer, or with the focus in it, it stays: somebody reads it.
    const end = () => {
      if (card.current?.matches(':hover, :focus-within')) timer = setTimeout(end, READING_MS);
      else dismiss(toast.id);
    };
    timer = setTimeout(end, toast.stayMs);
    return () => clearTimeout(timer);
  }, [toast]);
  const Icon = toast.tone === 'done' ? CircleCheck : TriangleAlert;
  return (
    <div className={`toast toast-${toast.tone}`} ref={card}>
      <Icon size={16} aria-hidden="true" className="toast-icon" />
      <div className="toast-text">
        <p>{toast.title}</p>
        {toast.line && <p className="toast-line">{toast.line}</p>}
      </div>
      {toast.action && (
        <Button look="quiet" onClick={toast.action.run}>
          {toast.action.label}
        </Button>
      )}
      <IconButton label={t('buttons.dismiss')} icon={X} onClick={() => dismiss(toast.id)} />
    </div>
  );
}
