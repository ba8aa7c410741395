/**
 * What an incremental parser says about the bytes it has been shown so far. Parsers take the whole prefix each
 * time and keep no state, so any split of the input gives the same result. `rest` is what follows the message.
 */
export interface More {
  readonly kind: 'more';
}

/** The bytes can never become a valid message. `reply`, when there is one, is sent before closing. */
export interface Bad {
  readonly kind: 'bad';
  readonly reason: string;
  readonly reply?: Buffer;
}

export const MORE: More = { kind: 'more' };
