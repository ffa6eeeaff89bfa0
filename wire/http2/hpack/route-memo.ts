/** Finds the field of a registered :path by the octets that carry it. */

import type { HeaderField } from './header-field.ts'

/** The :path fields of a server, known by their raw and their Huffman-coded octets. Built at start, shared by all connections. */
export class RouteMemo {
  readonly #fields: readonly HeaderField[]

  /** @param paths every registered path, as `/greeter.v1.GreeterService/SayHello`. */
  constructor(paths: Iterable<string>) {
    this.#fields = []
    void paths
    void this.#fields
  }
}
