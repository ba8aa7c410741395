import { CircleCheck, TriangleAlert, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTexts } from '../core/language.tsx';
import { dismiss, type Toast, useToasts } from '../core/toasts.ts';
import { Button, IconButton } from './button.tsx';

/** A polite region: screen readers say what comes in when they are done with what they say. */
export function Toaster() {
  const list = useToasts();
  return (
    <output className="toasts" aria-live="polite">
      {list.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </output>
  );
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const t = useTexts();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(toast.id), toast.stayMs);
    return () => clearTimeout(timer);
  }, [held, toast]);
  const Icon = toast.tone === 'done' ? CircleCheck : TriangleAlert;
  const hold = { onPointerEnter: () => setHeld(true), onPointerLeave: () => setHeld(false) };
  return (
    <div
      className={`toast toast-${toast.tone}`}
      {...hold}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
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
