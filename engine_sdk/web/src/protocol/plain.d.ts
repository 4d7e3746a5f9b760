/** A value of MessagePack. */
export type Plain = null | boolean | number | string | Uint8Array | Plain[] | PlainMap;

/** A map of MessagePack; its keys are texts. */
export interface PlainMap {
  [name: string]: Plain;
}
