/** The error for an invalid service config. */

/** Names every fault by path, value and range, one per line. A single fault makes a config unusable (gRFC A21). */
export class ServiceConfigError extends Error {
  /** `methodConfig[0].timeout is "1": it must be ...`; at least one. */
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'ServiceConfigError'
    this.faults = Object.freeze([...faults])
  }
}
