/** *Test*: connects with what the form says, step by step, without saving it. */
import { useEffect, useRef, useState } from 'react';
import type { TestEvent, TestStep } from '../../src-shared/contract-profiles.ts';
import { type Failure, toFailure } from '../../src-shared/errors.ts';
import type { ProfileDraft } from '../../src-shared/profile.ts';
import { host } from './host.ts';

export type Steps = ReadonlyArray<{
  readonly step: TestStep;
  readonly state: 'running' | 'passed' | 'failed';
}>;
export type TestState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly steps: Steps }
  | { readonly kind: 'passed'; readonly steps: Steps; readonly outcome: TestEvent & { kind: 'passed' } }
  | { readonly kind: 'failed'; readonly steps: Steps; readonly failure: Failure };

/** The steps after an event: each once, in the order in which they began. */
export function withStep(steps: Steps, event: TestEvent): Steps {
  if (event.kind !== 'step') return steps;
  const { step, state } = event;
  const known = steps.some((one) => one.step === step);
  return known
    ? steps.map((one) => (one.step === step ? { step, state } : one))
    : [...steps, { step, state }];
}

export function useProfileTest(id: string | null) {
  const [state, setState] = useState<TestState>({ kind: 'idle' });
  const running = useRef<AbortController>(undefined);
  const clear = () => {
    running.current?.abort();
    setState({ kind: 'idle' });
  };
  useEffect(() => () => running.current?.abort(), []);
  const run = async (draft: ProfileDraft) => {
    running.current?.abort();
    const stop = new AbortController();
    running.current = stop;
    let steps: Steps = [];
    const put = (next: TestState) => {
      if (!stop.signal.aborted) setState(next);
    };
    put({ kind: 'running', steps });
    try {
      for await (const event of await host().profiles.test({ id, draft }, { signal: stop.signal })) {
        steps = withStep(steps, event);
        if (event.kind === 'step') put({ kind: 'running', steps });
        else if (event.kind === 'passed') put({ kind: 'passed', steps, outcome: event });
        else put({ kind: 'failed', steps, failure: event.failure });
      }
    } catch (error) {
      put({ kind: 'failed', steps, failure: toFailure(error) });
    }
  };
  return { state, run, clear };
}
