/** What is wrong with a service config, or with a part of it. */

/** Names every fault by its path, its value and its range, one a line. A config with one fault is of no use (gRFC A21). */
export class ServiceConfigError extends Error {
  /** `methodConfig[0].timeout is "1": it must be ...`; at least one. */
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'ServiceConfigError'
    this.faults = Object.freeze([...faults])
  }
}
