/** The conversion of payloads to samples. */
import { ProtocolError } from "../protocol/protocol_error.js";

/** Whether this machine stores numbers as the wire does. */
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Samples of a payload.
 *
 * @param {Uint8Array} payload - A whole number of values.
 * @param {"f32le" | "s16le"} format
 * @returns {Float32Array} Interleaved; never a view of the payload.
 * @throws {ProtocolError} `not_finite` for a sample that is no number.
 */
export function samplesOf(payload, format) {
  if (format === "s16le") {
    const samples = new Float32Array(payload.length / 2);
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    for (let i = 0; i < samples.length; i += 1) samples[i] = view.getInt16(2 * i, true) / 32_768;
    return samples;
  }
  // Not `slice`, which copies nothing of Node's buffers.
  const bytes = new Uint8Array(payload);
  if (!IS_LITTLE_ENDIAN) for (let i = 0; i < bytes.length; i += 4) bytes.subarray(i, i + 4).reverse();
  const samples = new Float32Array(bytes.buffer);
  for (let i = 0; i < samples.length; i += 1) {
    if (!Number.isFinite(samples[i])) throw new ProtocolError("not_finite", "payload: a value that is not finite");
  }
  return samples;
}
