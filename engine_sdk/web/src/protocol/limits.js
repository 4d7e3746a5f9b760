/** The protocol's limits, lengths of fades and times. Each of them is part of PROTOCOL.md. */

export const VERSION = 1;
export const SAMPLE_RATE = 48_000;
export const CHANNELS = 2;

// --- messages --------------------------------------------------------------------------------------------------------

export const HEADER_BYTES = 262_144;
export const PAYLOAD_BYTES = 4_194_304;
/** Deepest nesting of maps and lists, including the header itself. */
export const DEEPEST = 6;
export const LARGEST_INTEGER = Number.MAX_SAFE_INTEGER;
export const NAME_BYTES = 64;
export const TEXT_BYTES = 1_024;
/** Longest token of a service. */
export const TOKEN_BYTES = 255;
export const MOST_EVENTS = 64;
/** Inputs set, and triggers fired, in one event. */
export const MOST_SETTINGS = 256;
/** Names of inputs and triggers of all events in one message: whatever they are, they fit a header. */
export const MOST_BATCH_NAMES = 1_024;
export const MOST_BEATS = 256;

// --- the timeline, in samples ----------------------------------------------------------------------------------------

/** Crossfade from one take to another. */
export const JOIN = 960;
/** Fade-out before an underrun and at a pause, and the fade-in afterwards. */
export const FADE = 1_440;
export const PRE_ROLL = 14_400;
/** Shortest change of the game's own volume. */
export const GAIN_RAMP = 2_400;
/** A volume of this or less is silence. */
export const SILENT_DB = -96;
/** How far beyond `committed` a chunk may end. */
export const CAPACITY = 45 * SAMPLE_RATE;
/** Takes kept at once. */
export const MOST_TAKES = 16;
/** Stingers kept at once. */
export const MOST_PLAYING = 16;

// --- the session -----------------------------------------------------------------------------------------------------

/** Time between two playheads: half of what is allowed, so that an irregular caller keeps it all the same. */
export const REPORT_S = 0.05;
/** After this time without a message the connection counts as lost. */
export const SILENCE_S = 5;
/** Time from a `hello` without an answer to the next. */
export const HELLO_AGAIN_S = 1;
/** Errors about `hello` in a row after which the client gives up, where the service sends no `bye`. */
export const MOST_REFUSED_HELLOS = 3;
/** Most events without a receipt; a further trigger or reset is refused to the game. */
export const MOST_UNRECEIPTED = 1_024;
/** Most game frames with numbers of their own that wait as one event; later frames share a number. */
export const MOST_MERGED = 1_024;
/** A restarted service continues from the first cell that ends this many samples after `committed` or later. */
export const RESTORE_AHEAD = SAMPLE_RATE / 2;
/** Most resume cells kept. */
export const MOST_CELLS = 256;
/** Most events with a receipt kept in case the service is killed; beyond it the two oldest are merged. */
export const MOST_UNCONFIRMED = 1_024;
