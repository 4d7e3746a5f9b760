import { ProtocolError } from "../protocol/protocol_error.js";

/**
 * A call of the game that cannot be taken: it names no input of the rules, gives one a value that it does not take, or
 * too much waits for the service.
 *
 * `code` is `unknown_input`, `wrong_type`, `not_finite`, `out_of_range`, `unknown_choice`, `not_settable`,
 * `not_a_trigger` or `queue_full`.
 */
export class InputError extends ProtocolError {
  /** @param {string} code @param {string} text - What was expected, what came, what to do. */
  constructor(code, text) {
    super(code, text);
    this.name = "InputError";
  }
}
