/**
 * Every cap of what host and page exchange and keep: comment, unit and value together. Both ends check them, so
 * that neither a page gone wrong nor a file from a stranger makes the other end grow without bound.
 */

/** Profiles a host keeps. */
export const MAX_PROFILES = 1_000;
/** Rules under one profile, and of all profiles together. */
export const MAX_RULES = 256;
export const MAX_RULES_TOTAL = 10_000;
/** Extra request headers of a profile; characters of a name and of a value. */
export const MAX_HEADERS = 32;
export const MAX_HEADER_NAME = 128;
export const MAX_HEADER_VALUE = 4_096;
/** Characters of a profile's or a rule's name. */
export const MAX_NAME = 80;
/** Characters of a host name (RFC 1035 §2.3.4), and of a URL path. */
export const MAX_HOST = 253;
export const MAX_PATH = 1_024;
/** Characters of a user agent. */
export const MAX_USER_AGENT = 512;
/** Characters of a key or passphrase; the engine's own limit of 1024 bytes is checked there. */
export const MAX_KEY = 1_024;
/** Characters of PEM text with certificate authorities, per profile. */
export const MAX_CA = 32_768;
/** RFC 1929 §2: one octet of length each. */
export const MAX_CREDENTIAL = 255;

/** Rows of the connections table that are sent; `total` says how many there are. */
export const MAX_CONNECTION_ROWS = 5_000;
/** Sessions of the embedded server that are shown. */
export const MAX_SERVER_CLIENTS = 1_000;
/** Log lines a host keeps, lines of one message, characters of one line. */
export const MAX_LOG_LINES = 100_000;
export const MAX_LOG_BATCH = 2_000;
export const MAX_LOG_TEXT = 4_096;
/** Characters of one piece of an exported log. */
export const MAX_EXPORT_CHUNK = 262_144;

/** Operations of one patch of the state; more are sent as a new snapshot. */
export const MAX_PATCH_OPS = 4_096;
/** Notices shown at a time. */
export const MAX_NOTICES = 50;
/** Days of totals kept per profile. */
export const MAX_DAYS = 90;
/** How often a live stream may report, per second. */
export const MIN_STATS_HZ = 1;
export const MAX_STATS_HZ = 10;

/** Characters of a share link. A QR code holds at most 2,953 bytes (ISO/IEC 18004, version 40, level L). */
export const MAX_LINK = 65_536;
export const MAX_QR_BYTES = 2_953;
/** Characters of text that is read for an import: command lines, a link, a file. */
export const MAX_IMPORT_TEXT = 16_777_216;
/** Characters of command lines, and words of one. */
export const MAX_COMMAND_TEXT = 65_536;
export const MAX_COMMAND_WORDS = 4_096;
/** Remarks of one imported profile. */
export const MAX_IMPORT_NOTES = 64;
/** Characters of a backup file. */
export const MAX_BACKUP_TEXT = 16_777_216;
/** How long a delete can be undone, ms. */
export const UNDO_MS = 60_000;
