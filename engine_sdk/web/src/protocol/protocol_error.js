/** An invalid message, from the service or of this client. */
export class ProtocolError extends Error {
  /**
   * @param {string} code - One of PROTOCOL.md section 8.
   * @param {string} text - Where, what was expected, what came.
   */
  constructor(code, text) {
    super(text);
    this.name = "ProtocolError";
    this.code = code;
  }
}
