/** Looks up the field of a registered :path by its encoded octets. */

import { Cursor, hashOctets, standsAt } from './cursor.ts'
import { type HeaderField, headerField } from './header-field.ts'
import { encodeHuffman, huffmanLength } from './huffman.ts'

/** One encoding of one path. */
interface Route {
  readonly octets: Uint8Array
  readonly isHuffman: boolean
  readonly field: HeaderField
}

/**
 * The :path fields of a server by their octets, plain and in Huffman code, as peers send them with every request. Built at start-up and
 * shared by all connections, as it contains only registered paths and nothing that a peer has sent.
 */
export class RouteMemo {
  readonly #buckets: Route[][]

  /** @param paths every registered path, such as `/greeter.v1.GreeterService/SayHello` */
  constructor(paths: Iterable<string>) {
    const routes = [...new Set(paths)].flatMap(formsOf)
    this.#buckets = Array.from({ length: powerOfTwoAbove(2 * routes.length) }, () => [])
    for (const route of routes) this.#bucket(hashOctets(route.octets, 0, route.octets.length)).push(route)
  }

  /** Returns the field whose value is the string of `length` octets at the cursor, or undefined. Does not move the cursor. */
  find(cursor: Cursor, length: number, isHuffman: boolean): HeaderField | undefined {
    const { bytes, position } = cursor
    for (const route of this.#bucket(hashOctets(bytes, position, position + length))) {
      const isSameKind = route.octets.length === length && route.isHuffman === isHuffman
      if (isSameKind && standsAt(bytes, position, route.octets)) return route.field
    }
    return undefined
  }

  #bucket(hash: number): Route[] {
    return this.#buckets[hash & (this.#buckets.length - 1)] as Route[]
  }
}

function formsOf(path: string): Route[] {
  const field = headerField(':path', path)
  return [
    { octets: new Uint8Array(Buffer.from(path, 'latin1')), isHuffman: false, field },
    { octets: huffmanOctets(path), isHuffman: true, field },
  ]
}

function huffmanOctets(path: string): Uint8Array {
  const octets = Buffer.alloc(huffmanLength(path))
  const cursor = new Cursor()
  cursor.point(octets, 0, octets.length)
  encodeHuffman(cursor, path)
  return octets
}

function powerOfTwoAbove(count: number): number {
  let power = 1
  while (power <= count) power *= 2
  return power
}
