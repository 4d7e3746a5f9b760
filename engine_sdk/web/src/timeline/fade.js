/**
 * Rising gain of sample i of n of a fade: u²(3 - 2u) at the sample's middle. The falling gain is 1 - this.
 *
 * @param {number} i
 * @param {number} n
 */
export function rising(i, n) {
  const u = (i + 0.5) / n;
  return u * u * (3 - 2 * u);
}
